// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

/// What a script is, whatever its daemon is.
@Suite(.timeLimit(.minutes(3))) struct IdentityModeTests {
  private let broker: Broker

  init() throws { broker = try Broker.shared() }

  /// A way to start the daemon; in all of them the script is to run as nobody.
  enum Mode: String, CaseIterable {
    case root, ambient, plain

    var wrapper: [String] {
      switch self {
      // With groups that the script must not have.
      case .root: ["/usr/bin/setpriv", "--groups", "4,24", "--"]
      case .ambient:
        ["/usr/bin/setpriv", "--reuid", "daemon", "--regid", "daemon", "--groups", "24"] + Self.capabilities + ["--"]
      case .plain: ["/usr/bin/setpriv", "--reuid", "nobody", "--regid", "nogroup", "--init-groups", "--"]
      }
    }

    static let capabilities = [
      "--inh-caps", "+setuid,+setgid,+kill", "--ambient-caps", "+setuid,+setgid,+kill",
    ]

    /// Whom the daemon's directory belongs to.
    var owner: String {
      switch self {
      case .root: "root"
      case .ambient: "daemon"
      case .plain: "nobody"
      }
    }
  }

  /// Prints what it is, without what differs from run to run.
  private static let probe = #"""
    #!/bin/sh
    echo "id $(id -u) $(id -g) $(id -G)"
    echo "umask $(umask), nice $(nice), in $(basename "$(pwd)" | sed 's/-.*//')"
    read -r status < /proc/self/stat
    set -- "$1" $status
    [ "$2" = "$6" ] && [ "$2" = "$7" ] && echo 'session and process group of its own'
    cmp -s /proc/$$/cgroup /proc/$PPID/cgroup && echo 'control group of its daemon'
    sed -nE '/^(Umask|Uid|Gid|Groups|NoNewPrivs|S[ih][gd]Pnd|Sig(Blk|Ign|Cgt)|Cap(Inh|Prm|Eff|Amb))/p' /proc/self/status
    find /proc/$$/fd -type l -printf 'descriptor %f: %l\n'
    tr '\0' '\n' < /proc/$$/environ | sed -E 's/^(ONEVENT_(RUN_ID|EVENT_[INT][A-Z]*|SUBJECT|ROUTING_KEY))=..*/\1=*/' | sort
    [ "$1" = limited ] && grep -E '^Max (cpu|processes|open|address)' /proc/self/limits | sed 's/  */ /g'
    attack() { # WORDS COMMAND...
      words=$1
      shift
      if "$@" 2>/dev/null; then echo "$words: SUCCEEDED"; else echo "$words: refused"; fi
    }
    attack 'setuid(0)' /usr/bin/python3 -c 'import os; os.setuid(0)'
    attack 'setgroups' /usr/bin/python3 -c 'import os; os.setgroups([0])'
    attack 'a setuid program' sh -c '[ "$(./setuid-id -u)" = 0 ]'
    """#

  private func config(_ queue: String, _ mode: Mode) -> String {
    let user = mode == .plain ? "" : "run_as = nobody"
    return """
      [DEFAULT]
      host = 127.0.0.1
      port = \(broker.port)
      queues = \(queue)
      \(user)

      [limited]
      events = esi_leap.lease.fulfill.end
      script = ./probe.sh limited
      limits = nofile=256, nproc=5000, cpu=60s, memory=4GiB
      nice = 3
      umask = 027

      [default]
      events = esi_leap.lease.fulfill.end
      script = ./probe.sh default
      """
  }

  private func requireRoot() throws {
    try #require(geteuid() == 0, "this needs root, to start daemons as several users: run the tests as root")
  }

  @Test(
    "A script is exactly the same under a daemon of root, one with capabilities, and a plain one",
    arguments: Mode.allCases)
  func probe(mode: Mode) async throws {
    try requireRoot()
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.script("probe.sh", Self.probe)
      try scene.write("onevent.conf", config(queue, mode))
      try plantSetuidProgram(scene)
      let owned = try runProgram("/bin/chown", [mode.owner, scene.directory.path])
      try #require(owned.status == 0, "\(owned.errorText)")
      let daemon = try scene.run(environment: ["ONEVENT_SCRIPTS__ALLOW_ROOT": "no"], wrapper: mode.wrapper)
      try await daemon.waitFor("queue is consumed")
      try session.publish([try leaseBody(purpose: "probe")], routingKey: queue)
      try await daemon.waitFor("run succeeded", count: 2)
      #expect(try await daemon.stop() == 0)
      let shown = ["limited", "default"].map { action in
        let lines = daemon.lines("script output").filter { $0["action"] == action }.compactMap { $0["output"] }
        return "== \(action)\n" + lines.map(Self.normalised).joined(separator: "\n") + "\n"
      }.joined(separator: "\n")
      let golden = fixtures.appendingPathComponent("golden/probe.txt")
      let expected = (try? String(contentsOf: golden, encoding: .utf8)) ?? ""
      if shown != expected {
        let kept = FileManager.default.temporaryDirectory.path + "/onevent-probe-\(mode.rawValue).txt"
        try shown.write(toFile: kept, atomically: true, encoding: .utf8)
        print("what the script was under \(mode.rawValue) is in \(kept)")
      }
      #expect(shown == expected)
      try session.deleteQueue(queue)
    }
  }

  /// A descriptor without the number of its pipe and the directory of its file.
  private static func normalised(_ line: String) -> String {
    guard line.hasPrefix("descriptor "), let colon = line.firstIndex(of: ":") else { return line }
    let target = line[line.index(colon, offsetBy: 2)...].prefix { $0 != "[" }
    return line[...colon] + " " + (target.split(separator: "/").last ?? "")
  }

  private func plantSetuidProgram(_ scene: Scene) throws {
    let copy = scene.directory.appendingPathComponent("setuid-id").path
    try FileManager.default.copyItem(atPath: "/usr/bin/id", toPath: copy)
    #expect(chown(copy, 0, 0) == 0 && chmod(copy, 0o4755) == 0)
  }

  @Test("The attacks succeed where nobody drops anything: the probe would see it")
  func detector() async throws {
    try requireRoot()
    try await Scene.with { scene in
      try plantSetuidProgram(scene)
      let setuid = ["/usr/bin/python3", "-c", "import os; os.setuid(0); os.setgroups([0])"]
      let asDaemon = ["--reuid", "daemon", "--regid", "daemon", "--clear-groups"]
      #expect(try runProgram(setuid[0], Array(setuid.dropFirst())).status == 0)
      #expect(try runProgram("/usr/bin/setpriv", asDaemon + Mode.capabilities + ["--"] + setuid).status == 0)
      #expect(try runProgram("/usr/bin/setpriv", asDaemon + ["--"] + setuid).status != 0)
      let program = scene.directory.appendingPathComponent("setuid-id").path
      #expect(try runProgram("/usr/bin/setpriv", asDaemon + ["--", program, "-u"]).outputText == "0\n")
      let renounced = try runProgram("/usr/bin/setpriv", asDaemon + ["--no-new-privs", "--", program, "-u"])
      #expect(renounced.outputText == "1\n")
    }
  }

  @Test("What escaped from a run that was ended is shown with it, in the log and by onevent show")
  func survivors() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.script("escape.sh", "#!/bin/sh\nsetsid sleep 1000 &\necho $! > escaped\nwait\n")
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        host = 127.0.0.1
        port = \(broker.port)
        queues = \(queue)

        [escape]
        events = esi_leap.lease.fulfill.end
        script = ./escape.sh
        timeout = 1s
        kill_after = 100ms
        retries = 0
        """)
      let daemon = try scene.run()
      try await daemon.waitFor("queue is consumed")
      let means = "runs are ended by session and process group: what makes a session of its own is listed with its run"
      #expect(daemon.lines(means).count == 1)
      try session.publish([try leaseBody(purpose: "escape")], routingKey: queue)
      try await daemon.waitFor("run failed")
      let escaped = scene.text(of: "escaped").trimmingCharacters(in: .whitespacesAndNewlines)
      defer { if let pid = pid_t(escaped) { Glibc.kill(pid, SIGKILL) } }
      let words = "left behind in sessions of their own: \(escaped) (sleep)"
      #expect(daemon.lines("run failed").first?["reason"] == words)
      let shown = try await scene.command("show", "1", "-c", "onevent.conf")
      #expect(shown.output.contains(words), "\(shown.output) \(shown.errors)")
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("Where a daemon inherits what scripts leave behind, as process 1 of a container does, nothing stays a zombie")
  func orphans() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.script(
        "leave.sh", "#!/bin/sh\n(while [ -e hold ]; do sleep 0.02; done) >/dev/null 2>&1 &\necho $! > left\n")
      try scene.write("hold", "")
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        host = 127.0.0.1
        port = \(broker.port)
        queues = \(queue)

        [leave]
        events = esi_leap.lease.fulfill.end
        script = ./leave.sh
        """)
      // PR_SET_CHILD_SUBREAPER, which an exec keeps.
      let becomeSubreaper =
        "import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1); os.execv(sys.argv[1], sys.argv[1:])"
      let daemon = try scene.run(wrapper: ["/usr/bin/python3", "-c", becomeSubreaper])
      try await daemon.waitFor("queue is consumed")
      try session.publish([try leaseBody(purpose: "orphan")], routingKey: queue)
      try await daemon.waitFor("run succeeded")
      let left = try #require(pid_t(scene.text(of: "left").trimmingCharacters(in: .whitespacesAndNewlines)))
      func status() -> String { (try? String(contentsOfFile: "/proc/\(left)/status", encoding: .utf8)) ?? "" }
      #expect(status().contains("PPid:\t\(daemon.pid)\n"))
      try scene.remove("hold")
      try await waitUntil("what was left is gone, and no zombie") { status().isEmpty }
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("A plain daemon says at check, and at the start, that it cannot run scripts as somebody else, with the cure")
  func unprivileged() async throws {
    try requireRoot()
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.script("probe.sh", "#!/bin/sh\n")
      try scene.write("onevent.conf", config(queue, .root))
      let owned = try runProgram("/bin/chown", ["daemon", scene.directory.path])
      try #require(owned.status == 0, "\(owned.errorText)")
      let asDaemon = ["/usr/bin/setpriv", "--reuid", "daemon", "--regid", "daemon", "--init-groups", "--"]
      let check = try runProgram(
        asDaemon[0], asDaemon.dropFirst() + [oneventBinary.path, "check", "-c", "onevent.conf"],
        environment: childEnvironment([:]), directory: scene.directory.path)
      #expect(check.status == 0)
      #expect((check.outputText + check.errorText).contains("CAP_SETUID and CAP_SETGID"), "\(check.outputText)")
      let daemon = try scene.run(wrapper: asDaemon)
      try await daemon.waitFor("queue is consumed")
      try session.publish([try leaseBody(purpose: "refused")], routingKey: queue)
      try await daemon.waitFor("run failed", count: 2)
      for line in daemon.lines("run failed") {
        #expect(line["reason"]?.contains("cannot become the user nobody") == true, "\(line)")
        #expect(line["reason"]?.contains("run-as.conf") == true)
      }
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }
}
