// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Foundation
import Testing

@testable import Settings

/// A directory of its own for configuration files and scripts; removed with the last reference.
final class ConfigurationFolder: Sendable {
  let path: String

  init() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "onevent-settings-\(UUID().uuidString)")
    // Whatever the umask is: what a group can write is not trusted.
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    path = directory.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file, with its directories, and returns its path.
  @discardableResult
  func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o755])
    try Data(text.utf8).write(to: URL(filePath: file))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    return file
  }

  @discardableResult
  func script(_ name: String, _ text: String = "#!/bin/sh\nexit 0\n", mode: Int = 0o755) throws -> String {
    try write(name, text, mode: mode)
  }

  /// Writes one file and loads it.
  func load(_ text: String, as name: String = "onevent.conf", environment: [String: String] = [:]) throws -> LoadResult
  {
    ConfigurationLoader.load(paths: [try write(name, text)], environment: environment)
  }
}

extension LoadResult {
  /// The configuration, or a failed test that says what is wrong.
  func loaded(_ location: Testing.SourceLocation = #_sourceLocation) throws -> Configuration {
    switch self {
    case .loaded(let configuration): return configuration
    case .refused(let problems, _):
      Issue.record("\(problems.map(\.description).joined(separator: "\n"))", sourceLocation: location)
      throw Refused()
    }
  }

  struct Refused: Error {}

  var problems: [ConfigProblem] {
    switch self {
    case .loaded: []
    case .refused(let problems, _): problems
    }
  }

  var findings: [ConfigFinding] {
    switch self {
    case .loaded(let configuration): configuration.findings
    case .refused(_, let findings): findings
    }
  }
}

/// Files under Tests/Fixtures, and the samples of etc.
enum Fixture {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(root)/Tests/Fixtures/\(path)", encoding: .utf8)
  }

  static func files(_ path: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/Tests/Fixtures/\(path)")) ?? []
    return names.filter { !$0.hasPrefix(".") }.sorted()
  }
}
