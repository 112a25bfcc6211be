// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Testing

@testable import Scripts

/// As whom scripts run, and what is said when they cannot.
@Suite(.timeLimit(.minutes(3))) struct IdentityTests {
  private static let nobody = RunIdentity(name: "nobody", user: 65_534, group: 65_534, groups: [65_534])

  @Test("A script runs as its user, in its own session, with its number, and can become nobody else")
  func identity() async throws {
    try requireRoot()
    let workshop = try Workshop()
    let script = try workshop.script(
      "id -u; id -G; echo $$; cut -d' ' -f5,6 /proc/$$/stat; nice; umask; ulimit -n; "
        + "/usr/bin/python3 -c 'import os; os.setuid(0)' 2>/dev/null || echo refused")
    var invocation = Invocation(script, directory: "/")
    invocation.identity = RunIdentity(name: "x", user: 65_534, group: 4, groups: [4, 24])
    invocation.nice = 7
    invocation.umask = 0o077
    invocation.limits.openFiles = 64
    let (record, completion) = await workshop.run(invocation)
    let pid = try #require(record.pid)
    #expect(completion.outcome == .exited(0))
    #expect(
      completion.standardOutput.text == "65534\n4 24\n\(pid)\n\(pid) \(pid)\n7\n0077\n64\nrefused\n",
      "\(completion.standardOutput.text)")
  }

  @Test("Root's daemon starts nothing as root where nobody said that it may")
  func root() async throws {
    try requireRoot()
    let workshop = try Workshop()
    var invocation = Invocation("/bin/true")
    invocation.allowsRoot = false
    let outcome = await workshop.run(invocation).completion.outcome
    guard case .couldNotStart(EPERM, let reason) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.contains("run_as = USER") && reason.contains("allow_root = yes"), "\(reason)")
  }

  /// A start that fails in a step of run-as.
  struct Failing: CustomTestStringConvertible, Sendable {
    var error: Int32
    var words: [String]
    var make: @Sendable (inout Invocation) -> Void
    var testDescription: String { words.joined(separator: " … ") }
  }

  static let failing = [
    Failing(error: EPERM, words: ["nofile=1099511627776", "LimitNOFILE="]) { $0.limits.openFiles = 1 << 40 },
    Failing(error: ENOENT, words: ["working directory /nowhere as the user nobody"]) {
      $0.workingDirectory = "/nowhere"
    },
    Failing(error: ENOENT, words: ["does not exist"]) { $0.path = "/nowhere/it" },
    Failing(error: EACCES, words: ["is not executable", "chmod +x"]) { $0.path = "/etc/passwd" },
  ]

  @Test("A step that fails is a failed start with its errno, and named with value and cure", arguments: failing)
  func failingStep(_ failing: Failing) async throws {
    try requireRoot()
    let workshop = try Workshop()
    var invocation = Invocation("/bin/true")
    invocation.identity = Self.nobody
    failing.make(&invocation)
    let (record, completion) = await workshop.run(invocation)
    guard case .couldNotStart(failing.error, let reason) = completion.outcome else {
      Issue.record("\(completion.outcome)")
      return
    }
    for words in failing.words { #expect(reason.contains(words), "\(reason)") }
    #expect(reason.hasPrefix("cannot run \(invocation.path): "))
    // Nothing was ever said to have run.
    #expect(record.pid == nil && completion.standardError.text == "")
  }

  @Test("What the script's user may not reach is named, although the daemon may")
  func unreachable() async throws {
    try requireRoot()
    let workshop = try Workshop()
    #expect(chmod(workshop.directory, 0o700) == 0)
    var invocation = Invocation(try workshop.script("exit 0"))
    invocation.identity = Self.nobody
    let outcome = await workshop.run(invocation).completion.outcome
    guard case .couldNotStart(EACCES, let reason) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.contains("the user nobody may not enter the directory \(workshop.directory)"), "\(reason)")
  }

  @Test("What run-as said is read as it was written, and the end without a word is no success")
  func reports() {
    func record(_ step: Int, _ error: Int32) -> [UInt8] {
      [0x61, 0x72, 0x65, 0x6F, UInt8(step), 0, 0, 0, UInt8(error), 0, 0, 0, 0, 0, 0, 0]
    }
    #expect(RunAsReport([]) == .died)
    #expect(RunAsReport(record(0, 0)) == .executed)
    #expect(RunAsReport(record(0, 0) + record(18, 13)) == .failed(step: 18, ErrorNumber(value: 13)))
    #expect(RunAsReport(record(11, 1)) == .failed(step: 11, ErrorNumber(value: 1)))
    #expect(RunAsReport(Array(record(0, 0).dropLast())) == .died)
    #expect(RunAsReport([UInt8](repeating: 65, count: 16)) == .died)
  }

  @Test("run-as is found beside a build, and in libexec of an installation")
  func program() {
    #expect(RunAsProgram.path(ofDaemon: "/src/.build/debug/onevent") == "/src/.build/debug/run-as")
    #expect(RunAsProgram.path(ofDaemon: "/usr/bin/onevent") == "/usr/libexec/onevent/run-as")
    #expect(RunAsProgram.path(ofDaemon: "/bin/onevent") == "/libexec/onevent/run-as")
  }

  @Test("Version 2 of control groups is found alone, beside version 1, and where only a part of it is mounted")
  func mounts() {
    let alone = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
    let hybrid =
      "30 23 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
      + "31 23 0:28 / /sys/fs/cgroup/uni\\040fied rw - cgroup2 cgroup2 rw\n"
    let part = "29 23 0:26 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
    #expect(ControlGroups.mount(in: alone)?.point == "/sys/fs/cgroup")
    #expect(ControlGroups.mount(in: hybrid)?.point == "/sys/fs/cgroup/uni fied")
    #expect(ControlGroups.mount(in: part)?.root == "/docker/x")
    #expect(ControlGroups.mount(in: "garbage - cgroup2\n") == nil)
    #expect(
      ControlGroups.path(in: "9:name=systemd:/\n0::/system.slice/onevent.service\n") == "/system.slice/onevent.service")
    #expect(ControlGroups.path(in: "1:cpu:/\n") == nil)
  }
}
