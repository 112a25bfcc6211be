// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Glibc
import ProgramFixture
import Testing

/// Secrets of every kind go through a daemon; afterwards everything that it leaves is searched for them.
@Suite(.timeLimit(.minutes(5))) struct SecretsTests {
  /// What must be found nowhere, and what shows that the search finds.
  private struct Canaries {
    let key = "canary-key-\(UUID().uuidString)"
    let address = "canary-address-\(UUID().uuidString)"
    let file = "canary-file-\(UUID().uuidString)"
    let wrong = "canary-wrong-\(UUID().uuidString)"
    let token = "canary-token-\(UUID().uuidString)"
    let visible = "visible-\(UUID().uuidString)"

    var secrets: [String] { [key, address, file, wrong, token] }
  }

  @Test("no password and no token is in the log, the journal, an answer, a report, or a script's world")
  func nowhere() async throws {
    let canaries = Canaries()
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let users = (0..<3).map { _ in broker.uniqueName("user") }
      let queues = (0..<3).map { _ in broker.uniqueName() }
      let pairs = zip(users, [canaries.key, canaries.address, canaries.file])
        .map { "{<<\"\($0)\">>, <<\"\($1)\">>}" }.joined(separator: ", ")
      try await broker.ctl(
        "eval",
        """
        [begin ok = rabbit_auth_backend_internal:add_user(U, P, <<"test">>), \
        ok = rabbit_auth_backend_internal:set_permissions(U, <<"/">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>) end \
        || {U, P} <- [\(pairs)]].
        """)
      let session = try broker.session()
      for queue in queues { try session.declareQueue(queue, durable: true) }
      try scene.script(
        "world.sh",
        """
        #!/bin/sh
        cat > "runs/$ONEVENT_RUN_ID.$1.stdin"
        cat /proc/$$/environ > "runs/$ONEVENT_RUN_ID.environ"
        cat /proc/$$/cmdline > "runs/$ONEVENT_RUN_ID.cmdline"
        echo "about $2"
        exit 1
        """)
      try scene.write("credentials", canaries.file + "\n")
      try scene.write(
        "onevent.conf",
        """
        [source:key]
        host = 127.0.0.1
        port = \(broker.port)
        user = \(users[0])
        password = \(canaries.key)
        queues = \(queues[0])

        [source:address]
        url = amqp://\(users[1]):\(canaries.address)@127.0.0.1:\(broker.port)
        queues = \(queues[1])

        [source:file]
        host = 127.0.0.1
        port = \(broker.port)
        user = \(users[2])
        password_file = ${CREDENTIALS_DIRECTORY}/credentials
        queues = \(queues[2])

        [source:wrong]
        url = amqp://\(users[0]):\(canaries.wrong)@127.0.0.1:\(broker.port)
        queues = \(queues[0])

        [event]
        events = esi_leap.#
        script = ./world.sh event
        script_params = purpose

        [body]
        events = esi_leap.#
        script = ./world.sh body
        script_params = purpose
        stdin = body
        """)
      let credentials = ["CREDENTIALS_DIRECTORY": scene.directory.path]
      let daemon = try scene.run(environment: credentials.merging(["ONEVENT_LOG__LEVEL": "trace"]) { $1 })
      try await daemon.waitFor("queue is consumed", count: 3)
      try await waitUntil("the wrong password is refused") { daemon.logText.contains("ACCESS_REFUSED") }
      for queue in queues {
        try session.publish([try body(canaries)], routingKey: queue)
      }
      try await daemon.waitFor("run failed", count: 6)

      // What the commands print, which is what the API answers.
      var haystacks: [(name: String, text: String, shows: String)] = []
      func add(_ name: String, _ data: Data?, shows: String) {
        haystacks.append((name, data.map { String(decoding: $0, as: UTF8.self) } ?? "", shows))
      }
      for words in [
        ["status"], ["status", "--json"], ["runs"], ["runs", "--json"], ["events"], ["events", "--json"],
        ["show", "1"],
        ["show", "1", "--json"], ["show", "e1"], ["explain", "1"], ["explain", "1", "--json"], ["types"], ["check"],
        ["check", "--json"], ["check", "--broker"], ["check", "--broker", "--json"],
      ] {
        let result = try await scene.run(command: words + ["-c", "onevent.conf"], environment: credentials)
        let shows =
          switch words[0] {
          case "status": "pid"
          case "runs": "body"
          case "types", "events": "esi_leap"
          case "check": words.contains("--json") ? "good" : "onevent.conf"
          default: canaries.visible
          }
        add("onevent \(words.joined(separator: " "))", Data((result.output + result.errors).utf8), shows: shows)
      }
      for resource in ["status", "actions", "events", "events/1", "runs", "runs/1"] {
        let path = "/api/v1/\(resource)"
        let answer = try await ask(scene, path)
        add("GET \(path)", answer, shows: path.hasSuffix("/1") ? canaries.visible : "HTTP/1.1 200")
      }
      add("the daemon's command line", contents("/proc/\(daemon.pid)/cmdline"), shows: "onevent.conf")
      add("the log", Data(daemon.logText.utf8), shows: canaries.visible)
      let files = FileManager.default
      var worlds = 0
      for name in try files.contentsOfDirectory(atPath: scene.directory.appendingPathComponent("runs").path) {
        worlds += 1
        let shows = name.hasSuffix("environ") ? "ONEVENT_RUN_ID" : canaries.visible
        add("runs/\(name)", contents(scene.directory.appendingPathComponent("runs/\(name)").path), shows: shows)
      }
      #expect(worlds == 18)
      for name in ["journal.sqlite", "journal.sqlite-wal"] where scene.exists(name) {
        add(name, contents(scene.directory.appendingPathComponent(name).path), shows: "")
      }
      #expect(haystacks.filter { $0.name.hasPrefix("journal") }.contains { $0.text.contains("world.sh") })
      for haystack in haystacks {
        // Each is what it should be, and what stands in it is found.
        if !haystack.shows.isEmpty {
          #expect(haystack.text.contains(haystack.shows), "\(haystack.name):\n\(haystack.text.prefix(600))")
        }
        for secret in canaries.secrets {
          #expect(!haystack.text.contains(secret), "\(secret) is in \(haystack.name)")
        }
      }
      #expect(try await daemon.stop() == 0)
      #expect(!canaries.secrets.contains { daemon.logText.contains($0) })
    }
  }

  @Test("the daemon leaves no core dump, and its environment is not for its own user to read")
  func undumpable() async throws {
    try await Scene.with { scene in
      try scene.write(
        "onevent.conf",
        "[DEFAULT]\nport = 1\nhost = 127.0.0.1\nqueues = q\n[a]\nevents = x\nscript = /bin/true\n")
      let daemon = try scene.run()
      try await daemon.waitFor("onevent started")
      // Such files belong to root whoever the process acts as (proc(5), "/proc/[pid]"); so another user is needed.
      guard geteuid() == 0 else {
        #expect(owner("/proc/\(daemon.pid)/environ") == 0)
        #expect(owner("/proc/self/environ") == geteuid(), "the detector")
        return
      }
      #expect(try await daemon.stop() == 0)
      // The detector: of an ordinary process of that user, the files are that user's.
      let state = scene.directory.appendingPathComponent("state").path
      #expect(mkdir(state, 0o700) == 0 && chown(state, 65_534, 65_534) == 0)
      let user = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"]
      let sleeper = try Program("/usr/bin/setpriv", user + ["/bin/sleep", "1000"])
      defer { sleeper.signal(SIGKILL) }
      try await waitUntil("the sleeper acts as another user") { owner("/proc/\(sleeper.pid)/environ") == 65_534 }
      let config = scene.directory.appendingPathComponent("onevent.conf").path
      let other = try Program(
        "/usr/bin/setpriv", user + [oneventBinary.path, "run", "-c", config],
        environment: childEnvironment([
          "ONEVENT_JOURNAL__PATH": "\(state)/journal.sqlite", "ONEVENT_API__SOCKET": "\(state)/api",
        ]), errors: scene.directory.appendingPathComponent("other.log").path)
      defer { other.signal(SIGKILL) }
      try await waitUntil("it has started") {
        !other.isRunning || scene.text(of: "other.log").contains("onevent started")
      }
      #expect(other.isRunning, "\(scene.text(of: "other.log"))")
      #expect(owner("/proc/\(other.pid)/environ") == 0)
    }
  }

  /// A notification whose context holds a token, as every notification of OpenStack's services does.
  private func body(_ canaries: Canaries) throws -> [UInt8] {
    let envelope = try JSONSerialization.jsonObject(with: Data(try leaseBody(purpose: canaries.visible)))
    var outer = try #require(envelope as? [String: Any])
    let inner = try #require(outer["oslo.message"] as? String)
    var message = try #require(try JSONSerialization.jsonObject(with: Data(inner.utf8)) as? [String: Any])
    message["_context_auth_token"] = canaries.token
    message["_context_user"] = "somebody"
    outer["oslo.message"] = String(decoding: try JSONSerialization.data(withJSONObject: message), as: UTF8.self)
    return [UInt8](try JSONSerialization.data(withJSONObject: outer))
  }

  /// An answer of the API, as it comes over the socket.
  private func ask(_ scene: Scene, _ path: String) async throws -> Data {
    let program = """
      import socket, sys
      connection = socket.socket(socket.AF_UNIX)
      connection.connect("api")
      connection.sendall(f"GET {sys.argv[1]} HTTP/1.1\\r\\nHost: onevent\\r\\nConnection: close\\r\\n\\r\\n".encode())
      while chunk := connection.recv(65536):
          sys.stdout.buffer.write(chunk)
      """
    let directory = scene.directory.path
    return try await outsideOfThePool {
      try runProgram("/usr/bin/python3", ["-c", program, path], directory: directory).output
    }
  }

  private func contents(_ path: String) -> Data? {
    // Files of /proc have no length, which Data(contentsOf:) believes.
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    return try? file.readToEnd()
  }

  private func owner(_ path: String) -> uid_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_uid : nil
  }
}
