// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Foundation
import Glibc
import Testing

@Suite struct ConfigFileTests {
  @Test("what cannot be read is told with the system's words")
  func unreadable() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.path + "/pipe.conf"
    try #require(mkfifo(pipe, 0o600) == 0)
    try FileManager.default.createDirectory(atPath: folder.path + "/d.yaml", withIntermediateDirectories: false)
    let fragments = [
      "/none.conf": "could not be opened: No such file or directory", "/d.yaml": "This is a directory",
      "/pipe.conf": "no regular file", "/x.json": "INI ends in .conf or .ini, YAML in .yaml or .yml",
      "/none.conf/x.conf": "could not be opened: No such file or directory", "/x\0.conf": "NUL",
    ]
    for (name, fragment) in fragments {
      let problems = ConfigFile.read(folder.path + name).problems
      #expect(problems.count == 1)
      #expect(problems.first?.message.contains(fragment) == true, "\(problems)")
      #expect(problems.first?.position == SourcePosition(file: folder.path + name, line: 1, column: 1))
    }
  }

  @Test("the ending says which syntax it is")
  func endings() throws {
    let folder = try TemporaryFolder()
    for ending in ConfigFile.endings {
      let isYAML = ending.hasPrefix(".y")
      let path = try folder.write(isYAML ? "scripts: {k: v}\n" : "[scripts]\nk = v\n", "x" + ending)
      let document = ConfigFile.read(path)
      #expect(document.problems.isEmpty)
      #expect(document.sections.map(\.name) == ["scripts"])
      #expect(document.sections.first?.entries.map(\.key) == ["k"])
    }
  }

  @Test(
    "bytes that are no text are refused where they stand, in both syntaxes",
    arguments: [
      ([0x61, 0x0A, 0x62, 0x00], "2:2", "NUL byte"), ([0xC3, 0xA9, 0xE9, 0x0A], "1:2", "0xE9 is not UTF-8"),
      ([0x0D, 0x0A, 0x0D, 0xED, 0xA0, 0x80], "3:1", "0xED is not UTF-8"), ([0xC3], "1:1", "0xC3 is not UTF-8"),
      ([0xFF, 0xFE, 0x61, 0x00], "1:1", "UTF-16"), ([0xEF, 0xBB, 0xBF, 0x80], "1:1", "0x80 is not UTF-8"),
      ([0xC0, 0xAF], "1:1", "0xC0 is not UTF-8"),
    ] as [([UInt8], String, String)])
  func noText(bytes: [UInt8], place: String, fragment: String) {
    for problems in [INIReader.read(bytes, file: "f").problems, YAMLReader.read(bytes, file: "f").problems] {
      #expect(problems.map { "\($0.position.line):\($0.position.column)" } == [place])
      #expect(problems.first?.message.contains(fragment) == true, "\(problems)")
    }
  }

  @Test("a file of one MiB is read, one byte more is refused")
  func size() throws {
    let folder = try TemporaryFolder()
    let head = "[a]\nk = "
    let long = head + String(repeating: "x", count: (1 << 20) - head.utf8.count)
    let document = ConfigFile.read(try folder.write(long, "long.conf"))
    #expect(document.problems.isEmpty)
    #expect(try document.text("a", "k").text.utf8.count == (1 << 20) - head.utf8.count)
    let problems = ConfigFile.read(try folder.write(long + "x", "longer.conf")).problems
    #expect(problems.first?.message.contains("more than 1048576 bytes") == true)
  }

  @Test("a byte order mark and the line ends of Windows and old Macs change nothing")
  func lineEnds() {
    let plain = INIReader.read("[a]\nk = v\n  w\n\nl = x", file: "f")
    for end in ["\r\n", "\r"] {
      let text = "\u{FEFF}[a]\nk = v\n  w\n\nl = x".replacingOccurrences(of: "\n", with: end)
      #expect(INIReader.read(text, file: "f").outline == plain.outline)
    }
    #expect(plain.problems.isEmpty)
  }

  @Test("a long line is shown shortened, and a file of another kind ends after a thousand problems")
  func otherKinds() {
    let line = String(repeating: "x", count: 500_000)
    let problem = INIReader.read("[a]\n" + line, file: "f").problems.first
    #expect(problem?.message.contains("'" + String(repeating: "x", count: 40) + "…'") == true)
    #expect((problem?.message.count ?? 0) < 300)
    let log = INIReader.read("[a]\n" + String(repeating: "a line of a log\n", count: 5000), file: "f")
    #expect(log.problems.count == 1001)
    #expect(log.problems.last?.message.contains("more problems") == true)
  }
}

/// A folder that is gone when the test is.
private final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("configfile-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, _ name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    return path + "/" + name
  }
}
