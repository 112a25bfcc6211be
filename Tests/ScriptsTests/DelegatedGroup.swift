// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import ProgramFixture
import Testing

@testable import Scripts

/// A control group as systemd gives one away, with this process in it; for tests in processes of their own.
struct DelegatedGroup {
  let mount: String
  let path: String
  /// Where this process was before.
  let origin: String

  /// Fails where there is none to be had: a test of control groups that has none proves nothing.
  init() throws {
    let words = "this needs root and control groups of version 2 with cgroup.kill (Linux 5.14): "
    try #require(geteuid() == 0, "\(words)the tests do not run as root")
    let mountinfo = String(decoding: ProcessFile.read("/proc/self/mountinfo") ?? [], as: UTF8.self)
    mount = try #require(ControlGroups.mount(in: mountinfo)?.point, "\(words)they are not mounted")
    let membership = String(decoding: ProcessFile.read("/proc/self/cgroup") ?? [], as: UTF8.self)
    let own = try #require(ControlGroups.path(in: membership))
    origin = own == "/" ? mount : mount + own
    path = "\(mount)/onevent-test-\(getpid())"
    try #require(mkdir(path, 0o755) == 0, "\(words)\(path): \(String(cString: strerror(errno)))")
    // What systemd does where a unit says Delegate=yes.
    let mark = try runProgram(
      "/usr/bin/python3", ["-c", "import os, sys; os.setxattr(sys.argv[1], 'user.delegate', b'1')", path])
    try #require(mark.status == 0, "\(words)\(mark.errorText)")
    try ProcessFile.write("0", to: "\(path)/cgroup.procs")
  }

  /// The groups of runs that are there.
  var runs: [String] { (ProcessFile.names(in: path) ?? []).filter { $0.hasPrefix("run-") } }

  /// All processes below it.
  func processes(in part: String) -> String {
    String(decoding: ProcessFile.read("\(path)/\(part)/cgroup.procs") ?? [], as: UTF8.self)
  }

  /// Moves this process back and removes all of it.
  func remove() throws {
    for part in runs { try? ProcessFile.write("1", to: "\(path)/\(part)/cgroup.kill") }
    try ProcessFile.write("0", to: "\(origin)/cgroup.procs")
    let group = RunGroup(directory: path)
    for _ in 0..<2_000 where !group.remove() { usleep(1_000) }
    #expect(access(path, F_OK) != 0, "\(path) could not be removed")
  }
}
