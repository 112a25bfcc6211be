// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Scripts
import Testing

/// Every way in which the kernel refuses a script, and what the operator is told.
@Suite(.timeLimit(.minutes(3))) struct StartFailureTests {
  /// A refusal: how to come by it, its `errno`, and what the sentence must say beside the path.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var errno: Int32
    var saying: [String]
    var prepare: @Sendable (Workshop) throws -> Invocation

    init(
      _ description: String, _ errno: Int32, _ saying: String...,
      prepare: @escaping @Sendable (Workshop) throws -> Invocation
    ) {
      testDescription = description
      self.errno = errno
      self.saying = saying
      self.prepare = prepare
    }

    /// A script file with this content and mode.
    static func file(
      _ description: String, _ errno: Int32, _ content: String, mode: mode_t = 0o755, _ saying: String...
    ) -> Case {
      var made = Case(description, errno) { workshop in
        Invocation(try workshop.file("it", Array(content.utf8), mode: mode))
      }
      made.saying = saying
      return made
    }
  }

  static let cases: [Case] = [
    Case("no such file", ENOENT, "it does not exist") { Invocation("\($0.directory)/none") },
    Case("no such directory", ENOENT, "nor does the directory", "/none") { Invocation("\($0.directory)/none/it") },
    Case("dangling link", ENOENT, "is a symbolic link to /nowhere/at/all, which does not exist") { workshop in
      let path = "\(workshop.directory)/it"
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/nowhere/at/all")
      return Invocation(path)
    },
    Case("circular link", ELOOP, "go round in a circle") { workshop in
      let path = "\(workshop.directory)/it"
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
      return Invocation(path)
    },
    Case("file in the place of a directory", ENOTDIR, "/file is not a directory") { workshop in
      Invocation(try workshop.file("file", []) + "/it")
    },
    .file("missing interpreter", ENOENT, "#!/usr/bin/pythom3 -u\n", "/usr/bin/pythom3, that does not exist"),
    .file("CR LF", ENOENT, "#!/bin/sh\r\nexit 0\r\n", "Windows line end", #""/bin/sh\r""#, #"sed -i 's/\r$//' "#),
    .file("CR LF behind a blank", ENOENT, "#! /bin/sh\r\n", "Windows line end"),
    .file("interpreter not executable", EACCES, "#!/etc/passwd\n", "/etc/passwd, that is not executable"),
    .file("interpreter is a directory", EACCES, "#!/usr\n", "/usr, that is a directory"),
    .file("not executable", EACCES, "#!/bin/sh\n", mode: 0o644, "not executable", "mode is 644", "chmod +x "),
    Case("a directory", EACCES, "is a directory, not a program") { Invocation($0.directory) },
    Case("a device", EACCES, "is not a regular file") { _ in Invocation("/dev/null") },
    .file("no first line", ENOEXEC, "echo hello\n", "has no #! in its first line"),
    .file("empty", ENOEXEC, "", "is empty"),
    .file("nothing after #!", ENOEXEC, "#!\necho\n", "names no interpreter"),
    .file("byte order mark", ENOEXEC, "\u{FEFF}#!/bin/sh\n", "byte order mark"),
    .file(
      "endless first line", ENOEXEC, "#!/" + String(repeating: "x", count: 400) + "\n",
      "has a first line of more than 255 bytes"),
    Case("another machine's program", ENOEXEC, "another kind of machine", "s390") { workshop in
      var bytes = [UInt8](try #require(FileManager.default.contents(atPath: "/bin/true")))
      bytes[18] = 22
      return Invocation(try workshop.file("it", bytes))
    },
    Case("a program without its loader", ENOENT, "needs the program loader", "which does not exist") { workshop in
      var bytes = [UInt8](try #require(FileManager.default.contents(atPath: "/bin/true")))
      let name = Array("/ld-linux".utf8)
      let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
      bytes[place + 1] = UInt8(ascii: "z")
      return Invocation(try workshop.file("it", bytes))
    },
    Case("interpreters of interpreters", ELOOP, "the kernel follows five") { workshop in
      var path = try workshop.file("it0", Array("#!/bin/sh\n".utf8))
      for depth in 1...6 { path = try workshop.file("it\(depth)", Array("#!\(path)\n".utf8)) }
      return Invocation(path)
    },
    Case("one long argument", E2BIG, "200000 bytes as argument 1", "131071", "standard input") { _ in
      Invocation("/bin/true", [String(repeating: "x", count: 200_000)])
    },
    Case("one long variable", E2BIG, "environment variable LONG", "131071") { _ in
      Invocation("/bin/true", environment: ["LONG=secret" + String(repeating: "x", count: 200_000)])
    },
    Case("too much altogether", E2BIG, "bytes of arguments and environment") { _ in
      Invocation("/bin/true", Array(repeating: String(repeating: "x", count: 100_000), count: 80))
    },
    Case("a NUL byte in an argument", EINVAL, "argument 1 holds a NUL byte") { _ in
      Invocation("/bin/echo", ["a\0b"])
    },
    Case("a NUL byte in a variable", EINVAL, "environment variable A holds a NUL byte") { _ in
      Invocation("/bin/echo", environment: ["A=a\0b"])
    },
    Case("no such working directory", ENOENT, "working directory /nowhere/at/all: No such file") { _ in
      Invocation("/bin/true", directory: "/nowhere/at/all")
    },
    Case("working directory is a file", ENOTDIR, "working directory /etc/passwd: Not a directory") { _ in
      Invocation("/bin/true", directory: "/etc/passwd")
    },
  ]

  @Test("A refusal names the script and its real cause, apart from any exit code", arguments: cases)
  func refusal(_ example: Case) async throws {
    let workshop = try Workshop()
    let invocation = try example.prepare(workshop)
    let (record, completion) = await workshop.run(invocation)
    guard case .couldNotStart(let errno, let reason) = completion.outcome else {
      Issue.record("outcome is \(completion.outcome)")
      return
    }
    #expect(errno == example.errno)
    #expect(reason.hasPrefix("cannot run \(invocation.path): "))
    for words in example.saying { #expect(reason.contains(words), "\(reason)") }
    #expect(!reason.contains("secret"))
    #expect(record.pid == nil && record.completions.count == 1 && completion.duration == .zero)
  }

  @Test("A script that is being written is told as such")
  func beingWritten() async throws {
    let workshop = try Workshop()
    let program = try workshop.file("it", [UInt8](try #require(FileManager.default.contents(atPath: "/bin/true"))))
    let writer = open(program, O_WRONLY | O_CLOEXEC)
    let (_, completion) = await workshop.run(Invocation(program))
    guard case .couldNotStart(ETXTBSY, let reason) = completion.outcome else {
      Issue.record("outcome is \(completion.outcome)")
      return
    }
    #expect(reason.contains("open for writing"))
    close(writer)
    try workshop.waitUntilNobodyWrites(program)
    #expect(await workshop.run(Invocation(program)).completion.outcome == .exited(0))
  }
}
