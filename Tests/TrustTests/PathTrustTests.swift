// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import ProgramFixture
import Testing

@testable import Trust

/// A directory of a test's own, removed with the last reference.
final class Grounds: Sendable {
  let path: String

  init() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "onevent-trust-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    // What the system's own links lead through (on some, /tmp is one) is not what the tests are about.
    path = directory.resolvingSymlinksInPath().path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func at(_ name: String) -> String { "\(path)/\(name)" }

  func file(_ name: String, mode: mode_t = 0o755) throws -> String {
    try Data("#!/bin/sh\n".utf8).write(to: URL(filePath: at(name)))
    try #require(chmod(at(name), mode) == 0)
    return at(name)
  }

  @discardableResult
  func directory(_ name: String, mode: mode_t = 0o755) throws -> String {
    try #require(mkdir(at(name), 0o700) == 0 && chmod(at(name), mode) == 0)
    return at(name)
  }

  @discardableResult
  func link(_ name: String, to target: String) throws -> String {
    try #require(symlink(target, at(name)) == 0)
    return at(name)
  }

  func pipe(_ name: String) throws -> String {
    try #require(mkfifo(at(name), 0o700) == 0)
    return at(name)
  }

  func setMode(_ name: String, _ mode: mode_t) throws { try #require(chmod(at(name), mode) == 0) }

  func give(_ name: String, to user: uid_t) throws {
    try #require(lchown(at(name), user, gid_t(bitPattern: -1)) == 0)
  }
}

@Suite struct PathTrustTests {
  /// Whom nobody trusts.
  static let stranger: uid_t = 65_534

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var role = PathTrust.Role.program
    /// Only root can give files away.
    var needsRoot = false
    /// Nil = trusted.
    var cause: Distrust.Cause?
    /// Behind the grounds' path: the place that is told.
    var offender = ""
    var saying: [String] = []
    /// Lays it out and returns the path to be checked.
    var prepare: @Sendable (Grounds) throws -> String

    init(
      _ description: String, as role: PathTrust.Role = .program, needsRoot: Bool = false,
      _ cause: Distrust.Cause? = nil, at offender: String = "", _ saying: String...,
      prepare: @escaping @Sendable (Grounds) throws -> String
    ) {
      testDescription = description
      self.role = role
      self.needsRoot = needsRoot
      self.cause = cause
      self.offender = offender
      self.saying = saying
      self.prepare = prepare
    }
  }

  static let cases: [Case] = [
    Case("a script of ours in a directory of ours") { try $0.file("it") },
    Case("a file that its group can write", .writable, at: "/it", "its group", "mode 775", "chmod g-w ") {
      try $0.file("it", mode: 0o775)
    },
    Case("a file that everybody can write", .writable, at: "/it", "everybody", "mode 757", "chmod o-w ") {
      try $0.file("it", mode: 0o757)
    },
    Case("a file that both can write", .writable, at: "/it", "its group and everybody else", "chmod go-w ") {
      try $0.file("it", mode: 0o777)
    },
    Case("a directory that its group can write", .writable, at: "/d", "chmod g-w ") {
      try $0.directory("d")
      _ = try $0.file("d/it")
      try $0.setMode("d", 0o775)
      return $0.at("d/it")
    },
    Case("a directory above the directory that everybody can write", .writable, at: "/d", "mode 777", "chmod go-w ") {
      try $0.directory("d", mode: 0o777)
      try $0.directory("d/e")
      return try $0.file("d/e/it")
    },
    Case("a link to a good file") {
      _ = try $0.file("good")
      return try $0.link("it", to: "good")
    },
    Case("a link to a bad file", .writable, at: "/bad") {
      _ = try $0.file("bad", mode: 0o777)
      return try $0.link("it", to: "bad")
    },
    Case("a link to a good file through a bad directory", .writable, at: "/d") {
      try $0.directory("d", mode: 0o777)
      _ = try $0.file("d/good")
      return try $0.link("it", to: $0.at("d/good"))
    },
    Case("a link in a bad directory to a good file", .writable, at: "/d") {
      try $0.directory("d", mode: 0o777)
      _ = try $0.file("good")
      return try $0.link("d/it", to: "../good")
    },
    Case("a directory that is a link in a bad directory", .writable, at: "/d") {
      try $0.directory("d", mode: 0o777)
      try $0.directory("e")
      _ = try $0.file("e/it")
      try $0.link("d/e", to: "../e")
      return $0.at("d/e/it")
    },
    Case("a link to a link to a link") {
      _ = try $0.file("it")
      try $0.link("a", to: "./it")
      try $0.link("b", to: $0.at("a"))
      return try $0.link("c", to: "../\(($0.path as NSString).lastPathComponent)/b")
    },
    Case("a circle of links", .unreachable, "too many symbolic links") {
      try $0.link("a", to: "b")
      return try $0.link("b", to: "a")
    },
    Case("a path from the root's parent, with dots and doubled slashes") {
      _ = try $0.file("it")
      return "/../..//\($0.path)/./it"
    },
    Case("a relative path", .relative, "no absolute path") { _ in "it" },
    Case("a path with a NUL byte", .relative) { "\($0.path)/it\0it" },
    Case("a directory", .kind, at: "/d", "is a directory", "regular file") { try $0.directory("d") },
    Case("a file as if it were a directory", .unreachable, at: "/it", "Not a directory") { try $0.file("it") + "/" },
    Case("a named pipe", .kind, at: "/it", "named pipe") {
      try $0.pipe("it")
    },
    Case("a device", .kind, "is a device") { _ in "/dev/null" },
    Case("a file with the set-user-id bit", .setID, at: "/it", "set-user-id", "mode 4755", "chmod u-s ") {
      try $0.file("it", mode: 0o4755)
    },
    Case("a file with the set-group-id bit", .setID, at: "/it", "set-group-id", "chmod g-s ") {
      try $0.file("it", mode: 0o2755)
    },
    Case("a file that nobody may execute", .notExecutable, at: "/it", "mode is 644", "chmod +x ") {
      try $0.file("it", mode: 0o644)
    },
    Case("what is not there", .unreachable, at: "/it", "No such file") { $0.at("it") },
    Case("a sticky directory that all can write, with a file of ours") {
      try $0.directory("d", mode: 0o1777)
      return try $0.file("d/it")
    },
    Case("a sticky directory with a stranger's file", needsRoot: true, .owner, at: "/d/it", "uid 65534", "chown root ")
    {
      try $0.directory("d", mode: 0o1777)
      let path = try $0.file("d/it")
      try $0.give("d/it", to: stranger)
      return path
    },
    Case("a sticky directory with a stranger's link", needsRoot: true, .owner, at: "/d/it", "chown -h root ") {
      try $0.directory("d", mode: 0o1777)
      _ = try $0.file("good")
      try $0.link("d/it", to: "../good")
      try $0.give("d/it", to: stranger)
      return $0.at("d/it")
    },
    Case("a stranger's sticky directory", needsRoot: true, .owner, at: "/d", "who could put anything in its place") {
      try $0.directory("d", mode: 0o1777)
      let path = try $0.file("d/it")
      try $0.give("d", to: stranger)
      return path
    },
    Case("a stranger's file", needsRoot: true, .owner, at: "/it", "expected root", "chown root ") {
      let path = try $0.file("it")
      try $0.give("it", to: stranger)
      return path
    },
    Case("a stranger's directory", needsRoot: true, .owner, at: "/d") {
      try $0.directory("d")
      let path = try $0.file("d/it")
      try $0.give("d", to: stranger)
      return path
    },
    Case("a stranger's directory that the path leaves again", needsRoot: true, .owner, at: "/d") {
      try $0.directory("d")
      _ = try $0.file("it")
      try $0.give("d", to: stranger)
      return $0.at("d/../it")
    },

    Case("code that is not there, where only we can put it", as: .code) { $0.at("it") },
    Case("code that is not there, where all can put it", as: .code, .plantable, at: "/d/it", "mode 1777") {
      try $0.directory("d", mode: 0o1777)
      return $0.at("d/it")
    },
    Case("code that need not be executable", as: .code) { try $0.file("it", mode: 0o644) },
    Case("a directory of code", as: .code) { try $0.directory("d") },
    Case("a directory of code that all can write", as: .code, .writable, at: "/d") {
      try $0.directory("d", mode: 0o1777)
    },
    Case("a file that is read", as: .file) { try $0.file("it", mode: 0o600) },
    Case("a directory of files that its group can write", as: .directory, .writable, at: "/d") {
      try $0.directory("d", mode: 0o1775)
    },
    Case("a file in the place of a directory of files", as: .directory, .kind, at: "/it") { try $0.file("it") },
  ]

  @Test("each path is judged by the first thing on its way that is not as it must be", arguments: cases)
  func judgement(_ example: Case) throws {
    guard !example.needsRoot || geteuid() == 0 else { return }
    let grounds = try Grounds()
    let path = try example.prepare(grounds)
    let outcome = Result { () throws(Distrust) -> String in try PathTrust().check(path, as: example.role) }
    switch outcome {
    case .success(let resolved):
      #expect(example.cause == nil, "it was trusted, as \(resolved)")
      let isLinkFree = !resolved.split(separator: "/").contains { $0 == ".." || $0 == "." }
      #expect(resolved.hasPrefix("\(grounds.path)/") && isLinkFree)
    case .failure(let error):
      #expect(error.cause == example.cause, "\(error)")
      if !example.offender.isEmpty { #expect(error.path == grounds.path + example.offender) }
      for words in example.saying { #expect(error.description.contains(words), "\(error)") }
      #expect(error.errno != 0)
    }
  }

  @Test("a link is resolved to where it leads")
  func resolution() throws {
    let grounds = try Grounds()
    try grounds.directory("real")
    let file = try grounds.file("real/it")
    try grounds.link("way", to: "real")
    #expect(try PathTrust().check(grounds.at("way/../way/it"), as: .program) == file)
  }

  @Test("whom the action runs as is trusted where it says so", .enabled(if: geteuid() == 0))
  func runAs() throws {
    let grounds = try Grounds()
    try grounds.directory("d")
    let file = try grounds.file("d/it")
    try grounds.give("d", to: Self.stranger)
    try grounds.give("d/it", to: Self.stranger)
    #expect(throws: Distrust.self) { try PathTrust().check(file, as: .program) }
    #expect(throws: Never.self) { try PathTrust(alsoTrusting: [Self.stranger]).check(file, as: .program) }
  }

  @Test(
    "rights that an access control list gives show in the mode", .enabled(if: access("/usr/bin/setfacl", X_OK) == 0))
  func accessControlLists() throws {
    let grounds = try Grounds()
    let file = try grounds.file("it")
    let result = try runProgram("/usr/bin/setfacl", ["-m", "u:65534:rwx", file])
    // Where the file system has no lists there is nothing to see.
    guard result.status == 0 else { return }
    let error = #expect(throws: Distrust.self) { try PathTrust().check(file, as: .program) }
    #expect(error?.cause == .writable)
  }

  @Test("a walk leaves no descriptor behind, whatever it finds")
  func descriptors() throws {
    let grounds = try Grounds()
    let good = try grounds.file("good")
    let bad = try grounds.file("bad", mode: 0o777)
    let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    for _ in 0..<200 {
      try PathTrust().check(good, as: .program)
      #expect(throws: Distrust.self) { try PathTrust().check(bad, as: .program) }
    }
    // Other tests of this process open files of their own meanwhile.
    #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count < before + 100)
  }
}
