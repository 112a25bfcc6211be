// SPDX-License-Identifier: Apache-2.0

import CRunAs
import Foundation
import Testing

/// run-as by itself, without the daemon.
@Suite struct RunAsTests {
  /// A request that is none, and what is said of it.
  struct BadRequest: CustomTestStringConvertible, Sendable {
    var words: String
    var make: @Sendable (inout RunAsCall) -> Void

    init(_ words: String, _ make: @escaping @Sendable (inout RunAsCall) -> Void) {
      self.words = words
      self.make = make
    }

    var testDescription: String { words }
  }

  static let badRequests = [
    BadRequest("none of onevent's") { $0.numbers.magic += 1 },
    BadRequest("another version") { $0.numbers.version += 1 },
    BadRequest("shorter than its numbers") { $0.raw = [] },
    BadRequest("shorter than its numbers") { $0.raw = Array($0.bytes.prefix(MemoryLayout<runas_request>.size - 1)) },
    BadRequest("shorter than its numbers") { $0.falsify = { $0.size = 4 } },
    BadRequest("longer than any can be") { $0.falsify = { $0.size = .max } },
    BadRequest("shorter than it says") { $0.falsify = { $0.size += 1 } },
    BadRequest("longer than it says") { $0.falsify = { $0.size -= 1 } },
    BadRequest("flags that this version does not know") { $0.numbers.flags |= 1 << 31 },
    BadRequest("-1 is no user") { $0.numbers.uid = .max },
    BadRequest("-1 is no group") { $0.numbers.gid = .max },
    BadRequest("-1 is no group") { $0.groups = [4, .max] },
    BadRequest("root without saying that it may") { $0.numbers.uid = 0 },
    BadRequest("more groups than a process can have") { $0.falsify = { $0.group_count = 65_537 } },
    BadRequest("groups and keeps others") {
      $0.groups = [4]
      $0.numbers.flags |= UInt32(runas_keep_groups)
    },
    BadRequest("its groups are cut short") { $0.falsify = { $0.group_count = 60_000 } },
    BadRequest("umask is none") { $0.numbers.mask = 0o1000 },
    BadRequest("niceness is none") {
      $0.numbers.nice = 20
      $0.numbers.flags |= UInt32(runas_has_nice)
    },
    BadRequest("leaves none") { $0.numbers.flags |= UInt32(runas_has_memory) },
    BadRequest("no arguments") { $0.arguments = [] },
    BadRequest("more strings than bytes") { $0.falsify = { $0.argument_count = 1 << 24 } },
    BadRequest("more strings than bytes") { $0.falsify = { $0.variable_count = .max } },
    BadRequest("strings are cut short") { $0.falsify = { $0.variable_count = 1 } },
    BadRequest("follows its last string") { $0.tail = [0] },
    BadRequest("strings are cut short") {
      $0.raw = Array($0.bytes.dropLast()) + [65]
    },
    BadRequest("not zero") { $0.numbers.reserved = 1 },
    BadRequest("the program's path is not absolute") { $0.path = "true" },
    BadRequest("the program's path is not absolute") { $0.path = "" },
    BadRequest("the working directory's path is not absolute") { $0.directory = "." },
    BadRequest("the cgroup's path is not absolute") { $0.group = "x" },
  ]

  @Test("A bad request is refused: with a code, words, and a report, and nothing is executed", arguments: badRequests)
  func badRequest(_ bad: BadRequest) throws {
    var call = RunAsCall()
    call.shell("echo ran")
    bad.make(&call)
    let result = try call.run()
    #expect(result.status == 64)
    #expect(result.errors.contains(bad.words), "\(result.errors)")
    #expect(result.steps == [RunAsCall.Step(number: runas_step_request, error: EINVAL)])
    #expect(result.output == "")
  }

  @Test("Without a pipe for reports, or a request, nothing is executed")
  func missingDescriptors() throws {
    var call = RunAsCall()
    call.shell("echo ran")
    call.hasReport = false
    let unreportable = try call.run()
    #expect(unreportable.status == 64 && unreportable.errors.contains("descriptor 4") && unreportable.output == "")
    call.hasReport = true
    call.hasRequest = false
    let unread = try call.run()
    #expect(unread.status == 64 && unread.errors.contains("cannot be read") && unread.output == "")
  }

  @Test("Whatever is cut off or turned over in a request, it is refused or executed, and never a crash")
  func damaged() throws {
    let whole = RunAsCall().bytes
    var call = RunAsCall()
    for count in stride(from: 0, to: whole.count, by: 3) {
      call.raw = Array(whole.prefix(count))
      #expect(try call.run().status == 64)
    }
    for place in 0..<whole.count {
      var bytes = whole
      bytes[place] ^= 0x80
      call.raw = bytes
      #expect([0, 64, 71].contains(try call.run().status), "byte \(place)")
    }
  }

  @Test("The program gets exactly the user, group and groups that were asked for, and no capability")
  func identity() throws {
    try requireRoot()
    var call = RunAsCall()
    call.numbers.gid = 7
    call.groups = [24, 4]
    call.shell("grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs)' /proc/self/status; ls /proc/self/fd; umask")
    call.numbers.mask = 0o027
    let result = try call.run()
    #expect(result.steps == [RunAsCall.Step(number: runas_step_ready, error: 0)])
    let none = "0000000000000000"
    #expect(
      result.output == """
        Uid:\t65534\t65534\t65534\t65534
        Gid:\t7\t7\t7\t7
        Groups:\t4 24 \nCapInh:\t\(none)
        CapPrm:\t\(none)
        CapEff:\t\(none)
        CapBnd:\t\(none)
        CapAmb:\t\(none)
        NoNewPrivs:\t1
        0
        1
        2
        3
        0027

        """, "\(result.output)")
  }

  @Test("Root's capabilities stay with root, and so does the bounding set of a script that may use sudo")
  func keptRights() throws {
    try requireRoot()
    var call = RunAsCall()
    call.shell("grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status")
    call.numbers.flags = 0
    let bounding = try call.run().output
    #expect(!bounding.contains("CapBnd:\t0000000000000000") && bounding.contains("NoNewPrivs:\t0"), "\(bounding)")
    #expect(bounding.contains("CapEff:\t0000000000000000"))
    call.numbers.uid = 0
    call.numbers.gid = 0
    call.numbers.flags = UInt32(runas_allow_root | runas_no_new_privileges)
    let root = try call.run().output
    #expect(!root.contains("CapEff:\t0000000000000000") && root.contains("NoNewPrivs:\t1"), "\(root)")
  }

  @Test("The limits, the niceness and the working directory are those that were asked for")
  func limits() throws {
    try requireRoot()
    var call = RunAsCall()
    call.directory = "/usr"
    call.numbers.files = 100
    call.numbers.processes = 4_000
    call.numbers.cpu = 60
    call.numbers.memory = 1 << 30
    call.numbers.nice = 5
    call.numbers.flags |= UInt32(
      runas_has_files | runas_has_processes | runas_has_cpu | runas_has_memory | runas_has_nice)
    call.shell("ulimit -n; ulimit -t; ulimit -v; nice; pwd; grep -E '(processes|cpu time)' /proc/self/limits")
    call.environment = ["PATH=/usr/bin:/bin"]
    let words = try call.run().output.split(whereSeparator: \.isWhitespace).map(String.init)
    #expect(
      words == ["100", "60", "1048576", "5", "/usr"] + ["Max", "cpu", "time", "60", "61", "seconds"]
        + ["Max", "processes", "4000", "4000", "processes"])
  }

  @Test("Each step that fails is reported with its number and errno, and nothing is executed")
  func failedSteps() throws {
    try requireRoot()
    func expect(
      _ step: Int, _ error: Int32, _ make: (inout RunAsCall) throws -> Void,
      _ location: Testing.SourceLocation = #_sourceLocation
    ) throws {
      var call = RunAsCall()
      call.shell("echo ran")
      try make(&call)
      let result = try call.run()
      #expect(result.steps.last == RunAsCall.Step(number: step, error: error), sourceLocation: location)
      #expect(result.status == 71 && result.output == "", "\(result.errors)", sourceLocation: location)
      #expect(result.errors.hasPrefix("run-as: "), sourceLocation: location)
    }
    try expect(runas_step_cgroup, ENOENT) { $0.group = "/nowhere" }
    try expect(runas_step_directory, ENOENT) { $0.directory = "/nowhere" }
    // What root may enter and its user may not: the directory is entered as that user.
    let closed = FileManager.default.temporaryDirectory.path + "/onevent-closed-\(UUID().uuidString)"
    #expect(mkdir(closed, 0o700) == 0)
    defer { rmdir(closed) }
    try expect(runas_step_directory, EACCES) { $0.directory = closed }
    try expect(runas_step_program, ENOENT) { $0.path = "/nowhere" }
    try expect(runas_step_program, EACCES) { $0.path = "/etc/passwd" }
    try expect(runas_step_files, EPERM) {
      // More than the kernel allows anybody (fs.nr_open).
      $0.numbers.files = 1 << 40
      $0.numbers.flags |= UInt32(runas_has_files)
    }
  }

  @Test("An ordinary user's run-as cannot become anybody else, nor raise what is limited")
  func ordinaryUser() throws {
    try requireRoot()
    for (step, make): (String, (inout RunAsCall) -> Void) in [
      ("setgroups", { $0.groups = [4] }),
      (
        "setresgid",
        {
          $0.numbers.gid = 4
          $0.numbers.flags |= UInt32(runas_keep_groups)
        }
      ),
      (
        "setresuid",
        {
          $0.numbers.uid = 1
          $0.numbers.flags |= UInt32(runas_keep_groups)
        }
      ),
    ] {
      // run-as starts a second one in its own place, as 65534: that one has no right at all.
      var inner = RunAsCall()
      inner.shell("echo ran")
      make(&inner)
      let result = try inner.runAsNobody()
      #expect(result.output.contains("status 71"), "\(result.output) \(result.errors)")
      #expect(!result.output.contains("ran\n") && !result.errors.isEmpty)
      #expect(result.errors.contains("\(step): "))
    }
  }

  @Test("A setuid bit on it makes it refuse: it must have no rights of its own")
  func setuidBit() throws {
    try requireRoot()
    let copy = FileManager.default.temporaryDirectory.path + "/onevent-run-as-\(UUID().uuidString)"
    try FileManager.default.copyItem(atPath: RunAsCall.built, toPath: copy)
    defer { try? FileManager.default.removeItem(atPath: copy) }
    #expect(chmod(copy, 0o4755) == 0)
    var status = statvfs()
    #expect(statvfs(copy, &status) == 0)
    try #require(status.f_flag & 2 == 0, "\(copy) lies on a file system without setuid: set TMPDIR to another")
    var inner = RunAsCall()
    inner.program = copy
    inner.numbers.uid = 0
    inner.numbers.gid = 0
    inner.numbers.flags = UInt32(runas_allow_root)
    inner.shell("echo ran")
    let result = try inner.runAsNobody(flags: 0)
    #expect(result.output.contains("status 71"), "\(result.output)")
    #expect(result.errors.contains("own file"), "\(result.errors)")
    #expect(!result.output.contains("ran\n"))
  }
}

extension RunAsCall {
  /// Has an ordinary user start it, from a shell that connects its two descriptors.
  fileprivate func runAsNobody(flags: Int = runas_no_new_privileges) throws -> Result {
    let request = FileManager.default.temporaryDirectory.path + "/onevent-request-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(fileURLWithPath: request))
    defer { try? FileManager.default.removeItem(atPath: request) }
    #expect(chmod(request, 0o644) == 0)
    var outer = RunAsCall()
    outer.numbers.flags = UInt32(flags)
    outer.environment = ["PATH=/usr/bin:/bin"]
    outer.shell("exec 5>&1; { \(program) 3<\(request) 4>&1 1>&5; echo status $? >&5; } | cat >/dev/null")
    return try outer.run()
  }
}

/// Fails where the tests do not run as root: a test of giving up rights that has none proves nothing.
func requireRoot() throws {
  try #require(geteuid() == 0, "this needs root, to have something to give up: run the tests as root")
}
