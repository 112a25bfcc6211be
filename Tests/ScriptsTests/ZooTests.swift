// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Testing

@testable import Scripts

/// What becomes of everything that a script can leave behind.
///
/// In processes of their own: they count zombies, and move into control groups.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ZooTests {
  /// Its number is nobody's: it has no processes but those of a test.
  static let user: UInt32 = 61_234

  /// Each animal writes its number into `inside` or, with a session of its own, into `outside`.
  static let zoo = """
    trap '' TERM
    cd "$1"
    (sleep 1001 & echo $! >> inside)
    sh -c 'echo $$ >> inside; trap "" TERM; while :; do sleep 1; done' &
    sh -c 'echo $$ >> inside; kill -STOP $$; sleep 1002' &
    setsid sh -c 'echo $$ >> outside; exec sleep 1003' &
    setsid sh -c '(echo $$ >/dev/null; exec sleep 1004) & echo $! >> outside' &
    setsid sh -c 'echo $$ >> outside; trap "" TERM; exec >/dev/null 2>&1; while :; do sleep 1; done' &
    while [ "$(cat outside inside | wc -l)" -lt 6 ]; do sleep 0.01; done
    echo complete
    wait
    while :; do sleep 1; done
    """

  static func invocation(_ workshop: Workshop, _ script: String) throws -> Invocation {
    #expect(chmod(workshop.directory, 0o777) == 0)
    var invocation = Invocation(
      try workshop.script(script), [workshop.directory],
      environment: ["PATH=/usr/bin:/bin", "ONEVENT_RUN_ID=zoo-\(UUID().uuidString)"], timeout: .seconds(2),
      killAfter: .milliseconds(200))
    invocation.identity = RunIdentity(name: "\(user)", user: user, group: user, groups: [user])
    invocation.allowsRoot = false
    return invocation
  }

  static func numbers(_ workshop: Workshop, _ name: String) -> [pid_t] {
    let text = (try? String(contentsOfFile: "\(workshop.directory)/\(name)", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { pid_t($0) }
  }

  /// The user's processes that run.
  static func living() -> [pid_t] {
    (ProcessFile.names(in: "/proc") ?? []).compactMap { pid_t($0) }.filter { pid in
      var status = stat()
      return stat("/proc/\(pid)", &status) == 0 && status.st_uid == user && lives(pid)
    }
  }

  static func endAll() {
    for pid in living() { kill(pid, SIGKILL) }
  }

  @Test("With a control group nothing of the zoo is left after the timeout, and the group is gone")
  func zooInGroup() async {
    await #expect(processExitsWith: .success) {
      let delegated = try DelegatedGroup()
      let workshop = try Workshop(controlGroups: try ControlGroups())
      let attempt = workshop.start(try ZooTests.invocation(workshop, ZooTests.zoo))
      _ = await workshop.recorder.wait(for: attempt) { $0.lines.contains { $0.text == "complete" } }
      // The detector detects: all of them run, in the run's group.
      let all = ZooTests.numbers(workshop, "inside") + ZooTests.numbers(workshop, "outside")
      #expect(all.count == 6 && all.allSatisfy(lives))
      #expect(delegated.runs == ["run-1"])
      let members = Set(delegated.processes(in: "run-1").split(separator: "\n").compactMap { pid_t($0) })
      #expect(members.isSuperset(of: all))
      #expect(delegated.processes(in: "onevent.daemon").split(separator: "\n") == ["\(getpid())"])
      let completion = await workshop.end(of: attempt).completion
      #expect(completion.outcome == .timedOut)
      #expect(ZooTests.living().isEmpty)
      #expect(completion.survivors.isEmpty)
      #expect(delegated.runs.isEmpty)
      #expect(Footprint.now().zombies == 0)
      workshop.runner.close()
      try delegated.remove()
    }
  }

  @Test("Without one, what escaped into sessions of its own is listed with the run, and nothing else is left")
  func zooInSession() async {
    await #expect(processExitsWith: .success) {
      try requireRoot()
      let workshop = try Workshop()
      let attempt = workshop.start(try ZooTests.invocation(workshop, ZooTests.zoo))
      let completion = await workshop.end(of: attempt).completion
      defer { ZooTests.endAll() }
      #expect(completion.outcome == .timedOut)
      let outside = Set(ZooTests.numbers(workshop, "outside"))
      #expect(outside.count == 3)
      let listed = Set(completion.survivors.map(\.pid))
      // One of them starts a new `sleep` every second, which is listed too.
      #expect(listed.isSuperset(of: outside), "\(completion.survivors)")
      #expect(completion.survivors.allSatisfy { ["sleep", "sh"].contains($0.name) })
      for pid in ZooTests.numbers(workshop, "inside") { #expect(ends(pid)) }
      #expect(Footprint.now().zombies == 0)
    }
  }

  @Test("A fork bomb under a limit on processes ends with its run", arguments: [true, false])
  func forkBomb(inGroup: Bool) async {
    if inGroup {
      await #expect(processExitsWith: .success) {
        let delegated = try DelegatedGroup()
        let workshop = try Workshop(keepsLines: false, controlGroups: try ControlGroups())
        try await ZooTests.bomb(workshop)
        workshop.runner.close()
        try delegated.remove()
      }
    } else {
      await #expect(processExitsWith: .success) {
        try requireRoot()
        try await ZooTests.bomb(try Workshop(keepsLines: false))
      }
    }
  }

  /// Every process starts others for ever, and none minds TERM.
  private static let bombProgram = """
    import os, signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
      try: os.fork()
      except OSError: time.sleep(0.01)
    """

  static func bomb(_ workshop: Workshop) async throws {
    defer { endAll() }
    var invocation = try invocation(workshop, "exec /usr/bin/python3 -c '\(bombProgram)'")
    invocation.limits.processes = 60
    let attempt = workshop.start(invocation)
    var most = 0
    while workshop.recorder.record(of: attempt).completions.isEmpty {
      most = max(most, living().count)
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(workshop.recorder.record(of: attempt).completions.first?.outcome == .timedOut)
    // It did grow, and the limit held.
    #expect(most > 30 && most <= 60, "\(most)")
    for pid in living() { #expect(ends(pid)) }
    #expect(living().isEmpty)
    #expect(Footprint.now().zombies == 0)
  }

  @Test("`leftovers = kill` ends what a script leaves when it ends by itself; its exit code stays")
  func leftovers() async {
    await #expect(processExitsWith: .success) {
      let delegated = try DelegatedGroup()
      for groups in [try ControlGroups(), nil] {
        let workshop = try Workshop(controlGroups: groups)
        var invocation = try ZooTests.invocation(
          workshop, "cd $1; sleep 1000 & echo $! > inside; setsid sleep 1001 & echo $! > outside; exit 3")
        let kept = await workshop.run(invocation).completion
        #expect(kept.outcome == .exited(3) && kept.survivors.isEmpty)
        let left = ZooTests.numbers(workshop, "inside") + ZooTests.numbers(workshop, "outside")
        #expect(left.count == 2 && left.allSatisfy(lives))
        ZooTests.endAll()

        invocation.leftovers = .kill
        let killed = await workshop.run(invocation).completion
        #expect(killed.outcome == .exited(3))
        for pid in ZooTests.numbers(workshop, "inside") { #expect(ends(pid)) }
        let outside = ZooTests.numbers(workshop, "outside")
        if groups == nil {
          #expect(killed.survivors.map(\.pid) == outside)
        } else {
          #expect(killed.survivors.isEmpty && !outside.contains(where: lives))
        }
        ZooTests.endAll()
        workshop.runner.close()
      }
      try delegated.remove()
    }
  }

  @Test("A control group that is only writable, and not given away, is left alone")
  func undelegated() {
    let before = ProcessFile.read("/proc/self/cgroup")
    do throws(ControlGroupsMissing) {
      _ = try ControlGroups()
      Issue.record("taken over")
    } catch {
      #expect(error.reason.contains("not delegated"), "\(error)")
    }
    #expect(ProcessFile.read("/proc/self/cgroup") == before)
  }
}
