// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Testing

@testable import Settings

@Suite struct ConfigurationOriginTests {
  private static func configuration(_ actions: [String]) -> String {
    (["[DEFAULT]", "queues = q", "script = /bin/true"] + actions.map { "[\($0)]\nevents = a.b\n" })
      .joined(separator: "\n")
  }

  private static func directory() throws -> URL {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-origin-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return directory
  }

  @Test("Files that change while they are read are read again, and never taken for a configuration meanwhile")
  func restless() throws {
    let directory = try Self.directory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appendingPathComponent("onevent.conf")
    func write(_ actions: [String]) throws { try Data(Self.configuration(actions).utf8).write(to: file) }
    try write(["one", "two"])
    let origin = ConfigurationOrigin(paths: [file.path], environment: asRoot)
    func names(_ result: LoadResult?) -> [String]? {
      guard case .loaded(let configuration)? = result else { return nil }
      return configuration.actions.map(\.name)
    }
    // As an editor does that writes in place: what it has written so far is a configuration too.
    let growing = [["one"], ["one", "two"], ["one", "two", "three"]]
    var pauses = 0
    let settled = origin.loadWhenSettled(tries: 10) {
      if pauses < growing.count { try? write(growing[pauses]) }
      pauses += 1
    }
    #expect(names(settled) == growing.last)
    #expect(pauses == growing.count + 1)
    var others = 0
    let restless = origin.loadWhenSettled(tries: 3) {
      others += 1
      try? write(growing[others % 2])
    }
    #expect(names(restless) == nil)
    #expect(others == 3)
  }

  @Test("The stamp of a directory tells of files that come and go, but not of those that are no configuration")
  func stamps() throws {
    let directory = try Self.directory()
    defer { try? FileManager.default.removeItem(at: directory) }
    func write(_ name: String) throws { try Data("x".utf8).write(to: directory.appendingPathComponent(name)) }
    let origin = ConfigurationOrigin(paths: [directory.path], environment: asRoot)
    try write("a.conf")
    let first = origin.stamp
    for name in [".a.conf.swp", "a.conf~", "4913", "#a.conf#"] { try write(name) }
    #expect(origin.stamp == first)
    try write("b.yaml")
    #expect(origin.stamp != first)
  }

  @Test("An action's fingerprint follows what it says and inherits, not where it stands nor what others say")
  func fingerprints() throws {
    func fingerprints(_ text: String) throws -> [String: String] {
      let directory = URL(fileURLWithPath: "/tmp/onevent-fingerprints")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      let file = directory.appendingPathComponent("\(UUID().uuidString).conf")
      defer { try? FileManager.default.removeItem(at: file) }
      try Data(text.utf8).write(to: file)
      guard case .loaded(let configuration) = ConfigurationOrigin(paths: [file.path], environment: asRoot).load() else {
        Issue.record("the configuration is good")
        return [:]
      }
      return Dictionary(uniqueKeysWithValues: configuration.actions.map { ($0.name, $0.fingerprint) })
    }
    let text = Self.configuration(["one", "two"])
    let before = try fingerprints(text)
    #expect(before["one"] != nil && before["two"] != nil)
    #expect(try fingerprints("# a comment\n\n" + text) == before)
    let changed = try fingerprints(text.replacingOccurrences(of: "[two]", with: "[two]\ntimeout = 5s"))
    #expect(changed["one"] == before["one"])
    #expect(changed["two"] != before["two"])
    let inherited = try fingerprints(text.replacingOccurrences(of: "/bin/true", with: "/bin/false"))
    #expect(inherited["one"] != before["one"] && inherited["two"] != before["two"])
  }
}
