// SPDX-License-Identifier: Apache-2.0

import Foundation
import Settings
import Testing

@testable import Daemon

@Suite struct ConfigWatchTests {
  /// A directory of files that a test changes.
  private final class Files {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-watch-\(UUID().uuidString)")
    init() throws { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: directory) }
    func path(_ name: String) -> String { directory.appendingPathComponent(name).path }
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    }
    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }
    var stamp: ConfigStamp { ConfigStamp(of: [path("a"), path("b")]) }
  }

  @Test("A stamp differs when a file is written, replaced by an equal one, added or removed, and else does not")
  func stamps() throws {
    let files = try Files()
    try files.write("a", "one")
    var last = files.stamp
    #expect(files.stamp == last)
    for change in [
      { try files.write("a", "two") }, { try files.write("b", "new") },
      {
        try files.write("c", "two")
        _ = rename(files.path("c"), files.path("a"))
      },
      { try files.remove("b") },
    ] {
      try change()
      #expect(files.stamp != last)
      last = files.stamp
    }
  }

  @Test("Changed files are read once they have stayed the same for two seconds, and not again until they change")
  func quiet() throws {
    let files = try Files()
    try files.write("a", "one")
    var watch = ConfigWatch(read: files.stamp)
    let start = ContinuousClock.now
    func look(_ seconds: Double) -> Bool { watch.look(files.stamp, at: start + .seconds(seconds)) }
    #expect(!look(0))
    try files.write("a", "longer")
    #expect(!look(1))
    #expect(!look(2.9))
    // Written once more: the two seconds begin anew.
    try files.write("b", "longer")
    #expect(!look(3))
    #expect(!look(4.9))
    #expect(look(5))
    watch.hasRead(files.stamp)
    #expect(!look(100))
    try files.remove("b")
    #expect(!look(101))
    // Put back as it was read is no change, but a new file is one.
    try files.write("b", "longer")
    #expect(!look(102))
    #expect(look(104))
  }
}
