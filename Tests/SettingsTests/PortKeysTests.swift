// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events
import Foundation
import Testing

@testable import Settings

/// `listen`, `token_file` and `hosts` of `[api]`.
@Suite struct PortKeysTests {
  static let tokens = """
    # who may
    read prometheus 0123456789abcdef

    operate alice   sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
    publish ci abcdefghijklmnopqrstuvwxyz
    """
  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
  }

  private func load(_ api: String, environment: [String: String] = [:]) throws -> LoadResult {
    try folder.load(JournalSectionTests.bare + "[api]\n" + api, environment: environment)
  }

  private func onlyProblem(_ result: LoadResult) throws -> ConfigProblem {
    #expect(result.problems.count == 1, "\(result.problems)")
    return try #require(result.problems.first)
  }

  @Test("addresses, tokens and names are read; the file holds what was written, or its digest")
  func good() throws {
    try folder.write("tokens", Self.tokens)
    let api = try load(
      "listen = 127.0.0.1:8080, [::1]:8080, localhost:9\ntoken_file = tokens\nhosts = Hub.Example.org, b\n"
    ).loaded()
    #expect(api.findings.isEmpty)
    #expect(api.api.listen.map(\.host) == ["127.0.0.1", "::1", "localhost"])
    #expect(api.api.listen.map(\.port) == [8080, 8080, 9])
    #expect(api.api.hosts == ["hub.example.org", "b"])
    #expect(api.api.tokens.map(\.name) == ["prometheus", "alice", "ci"])
    #expect(api.api.tokens.map(\.role) == [.read, .operate, .publish])
    #expect(
      api.api.tokens.map(\.digest) == [
        Digest(of: "0123456789abcdef"), Digest(of: "abc"), Digest(of: "abcdefghijklmnopqrstuvwxyz"),
      ])
  }

  @Test("none and nothing at all open no port; the environment may open one")
  func none() throws {
    #expect(try load("listen = none\n").loaded().api.listen.isEmpty)
    #expect(try load("").loaded().api == APISettings.with(socketOf: try load("").loaded()))
    try folder.write("t/tokens", Self.tokens)
    let environment = [
      "ONEVENT_API__LISTEN": "127.0.0.1:8080", "ONEVENT_API__TOKEN_FILE": "${CREDENTIALS_DIRECTORY}/tokens",
      "CREDENTIALS_DIRECTORY": "\(folder.path)/t",
    ]
    #expect(try load("", environment: environment).loaded().api.tokens.count == 3)
  }

  @Test("a port without tokens is refused, with the line to write")
  func noTokens() throws {
    let problem = try onlyProblem(try load("listen = 127.0.0.1:8080\n"))
    #expect(problem.message.contains("there is no 'token_file'"))
    #expect(problem.position.line == 7)
    try folder.write("tokens", "# nobody yet\n")
    let findings = try load("listen = 127.0.0.1:8080\ntoken_file = tokens\n").loaded().findings
    #expect(findings.map(\.message).contains { $0.contains("nobody can use the ports") })
  }

  @Test(
    "an address that is none is refused by what it says",
    arguments: ["8080", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "hub.example.org:80", "::1:8080", "*:80", ""])
  func addresses(text: String) throws {
    try folder.write("tokens", Self.tokens)
    let problem = try onlyProblem(try load("listen = 127.0.0.1:1, '\(text)'\ntoken_file = tokens\n"))
    #expect(problem.message.contains("'listen'"))
  }

  @Test("beyond this machine it is said that nothing is encrypted")
  func unencrypted() throws {
    try folder.write("tokens", Self.tokens)
    for (address, warns) in [("0.0.0.0", true), ("[::]", true), ("192.0.2.1", true), ("127.1.2.3", false)] {
      let findings = try load("listen = \(address):8080\ntoken_file = tokens\n").loaded().findings
      #expect(findings.contains { $0.message.contains("unencrypted") } == warns, "\(address)")
    }
  }

  @Test(
    "a line that is wrong is told at its place, and never what stands in it",
    arguments: [
      ("read x", "has 2 words"), ("read x 0123456789abcdef more", "has 4 words"),
      ("write x 0123456789abcdef", "no role; expected read, publish, operate"),
      ("read x 0123456789abcde", "too short"), ("read x 0123456789äbcdef", "not of ASCII"),
      ("read x sha256:0123456789abcdef", "no digest"),
      ("read a 0123456789abcdef\nread a fedcba9876543210", "'a' is there twice"),
      ("read a 0123456789abcdef\noperate b 0123456789abcdef", "token of 'b' is there twice"),
    ])
  func lines(text: String, words: String) throws {
    let file = try folder.write("tokens", "#\n\(text)\n")
    let problem = try onlyProblem(try load("listen = 127.0.0.1:8080\ntoken_file = tokens\n"))
    #expect(problem.message.contains(words))
    #expect(problem.position.file == file)
    #expect(problem.position.line == 1 + text.split(separator: "\n").count)
    #expect(!problem.message.contains("0123456789"))
  }

  @Test("tokens that everybody may read, or others may write, are refused, and so is no file")
  func trust() throws {
    for (mode, words) in [(0o604, "chmod o-r"), (0o660, "chmod g-w"), (0o640, nil as String?)] {
      try folder.write("tokens", Self.tokens, mode: mode)
      let result = try load("listen = 127.0.0.1:8080\ntoken_file = tokens\n")
      if let words {
        #expect(try onlyProblem(result).message.contains(words))
      } else {
        #expect(try result.loaded().api.tokens.count == 3)
      }
    }
    let missing = try onlyProblem(try load("listen = 127.0.0.1:8080\ntoken_file = absent\n"))
    #expect(missing.message.contains("\(folder.path)/absent"))
    let variable = try onlyProblem(
      try load("listen = 127.0.0.1:8080\ntoken_file = ${CREDENTIALS_DIRECTORY}/tokens\n"))
    #expect(variable.message.contains("LoadCredential="))
  }

  @Test("a host with a port or a scheme is refused")
  func hosts() throws {
    for text in ["hub:80", "http://hub", "*", "a/b"] {
      #expect(try onlyProblem(try load("hosts = \(text)\n")).message.contains("expected a name alone"))
    }
  }
}

extension APISettings {
  /// The defaults, with a socket that depends on who runs the tests.
  fileprivate static func with(socketOf configuration: Configuration) -> APISettings {
    var settings = APISettings()
    settings.socket = configuration.api.socket
    return settings
  }
}
