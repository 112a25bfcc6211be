// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@Suite struct ReloadTests {
  private static func action(_ name: String, _ more: String = "") -> String {
    """
    [\(name)]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    script_params = purpose, "\(name)"
    \(more)

    """
  }

  /// Writes a configuration like that of `ToolsScene`, with other keys and actions.
  private func write(_ tools: ToolsScene, _ keys: String = "", _ actions: String) throws {
    try tools.scene.write(
      "onevent.conf",
      """
      [DEFAULT]
      host = 127.0.0.1
      port = \(tools.broker.port)
      queues = \(tools.queue)
      \(keys)

      \(actions)
      """)
  }

  /// The second argument of every run that has ended, in order: the action's name.
  private func names(_ tools: ToolsScene) -> [String] {
    tools.scene.endedRuns.compactMap { line in
      let run = line.split(separator: " ")[1]
      return tools.scene.arguments(of: String(run)).last.map { String(decoding: $0, as: UTF8.self) }
    }
  }

  @Test("A reload swaps the actions, lets the script that runs end as it began, and keeps the connection")
  func swaps() async throws {
    try await ToolsScene.with(Self.action("first")) { tools in
      try tools.scene.write("hold", "")
      try tools.publish("a")
      try await waitUntil("the script runs") { tools.scene.startedRuns.count == 1 }
      try write(tools, "", Self.action("second", "order_by = none") + Self.action("third", "order_by = none"))
      let answer = try await tools.text(["reload"])
      #expect(answer.contains("action added: second") && answer.contains("action removed: first"))
      try tools.publish("b")
      try await waitUntil("the new actions run") { tools.scene.startedRuns.count == 3 }
      try tools.scene.remove("hold")
      try await waitUntil("all have ended") { tools.scene.endedRuns.count == 3 }
      #expect(names(tools).sorted() == ["first", "second", "third"])
      #expect(tools.daemon.lines("source connected").count == 1)
      #expect(tools.daemon.lines("run succeeded").contains { $0["action"] == "first" })
    }
  }

  @Test("A configuration with anything wrong in it changes nothing, and everything wrong is told")
  func refuses() async throws {
    try await ToolsScene.with(Self.action("first")) { tools in
      try write(tools, "prefetch = none", Self.action("second", "timeout = soon"))
      let result = try await tools.command(["reload"])
      // The command cannot read it either: it asks the daemon all the same, where it finds it.
      let named = try await tools.scene.run(
        command: ["reload", "--socket", tools.scene.directory.appendingPathComponent("api").path])
      #expect(result.status == 78)
      #expect(named.status == 78)
      #expect(named.errors.contains("onevent.conf:5:") && named.errors.contains("timeout"), "\(named.errors)")
      tools.daemon.signal(SIGHUP)
      try await tools.daemon.waitFor("configuration not reloaded: the one before goes on", count: 2)
      let status = try await tools.scene.run(
        command: ["status", "--socket", tools.scene.directory.appendingPathComponent("api").path])
      #expect(status.output.contains("not reloaded"))
      try tools.publish("a")
      try await waitUntil("the first action still runs") { tools.scene.endedRuns.count == 1 }
      #expect(names(tools) == ["first"])
    }
  }

  @Test("The log's level follows a reload")
  func level() async throws {
    try await Scene.with { scene in
      let file = "[DEFAULT]\nhost = 127.0.0.1\nport = 1\nqueues = any\n\n\(Self.action("first"))"
      try scene.write("onevent.conf", file + "[log]\nlevel = error\n")
      let daemon = try scene.run(environment: ["ONEVENT_LOG__LEVEL": ""])
      try await waitUntil("the daemon answers") {
        try await scene.command("status", "-c", "onevent.conf").output.contains("onevent")
      }
      #expect(daemon.lines("onevent started").isEmpty)
      try scene.write("onevent.conf", file + "[log]\nlevel = info\n")
      #expect(try await scene.command("reload", "-c", "onevent.conf").status == 0)
      try await daemon.waitFor("configuration reloaded")
    }
  }

  @Test("What takes a restart is refused, by name")
  func restart() async throws {
    try await ToolsScene.with(Self.action("first")) { tools in
      try write(tools, "", Self.action("second") + "[scripts]\noutput_limit = 1MiB\n")
      let result = try await tools.command(["reload"])
      #expect(result.status == 78)
      #expect(result.errors.contains("[scripts] output_limit has changed, which takes a restart"))
    }
  }

  @Test("Sources that are connected anew again and again lose nothing, double nothing, and keep the order")
  func reconnects() async throws {
    try await ToolsScene.with(Self.action("first")) { tools in
      let rounds = 6
      let perRound = 25
      for round in 0..<rounds {
        for number in 0..<perRound { try tools.publish("\(round * perRound + number)") }
        try write(tools, "prefetch = \(10 + round)", Self.action("first"))
        #expect(try await tools.text(["reload"]).contains("source connected anew: default"))
      }
      let count = rounds * perRound
      try await waitUntil("all have run", timeout: .seconds(60)) { tools.scene.endedRuns.count >= count }
      let purposes = tools.scene.startedRuns.compactMap { $0.split(separator: " ").last.map(String.init) }
      #expect(purposes == (0..<count).map(String.init))
      #expect(tools.daemon.lines("source connected").count == rounds + 1)
    }
  }

  @Test("Under settle = run a source that is connected anew leaves its deliveries with the scripts that run")
  func runSettlement() async throws {
    try await ToolsScene.with(Self.action("first", "order_by = none")) { tools in
      try write(tools, "settle = run", Self.action("first", "order_by = none"))
      try await tools.text(["reload"])
      try await tools.daemon.waitFor("queue is consumed", count: 2)
      try tools.scene.write("hold", "")
      try tools.publish("a")
      try await waitUntil("the script runs") { tools.scene.startedRuns.count == 1 }
      try write(tools, "settle = run\nprefetch = 3", Self.action("first", "order_by = none"))
      try await tools.text(["reload"])
      try tools.publish("b")
      try await waitUntil("the next one runs") { tools.scene.startedRuns.count == 2 }
      #expect(try tools.session.queueDepth(tools.queue)?.ready == 0)
      try tools.scene.remove("hold")
      try await waitUntil("both have ended") { tools.scene.endedRuns.count == 2 }
      try await tools.daemon.waitFor("source stopped", count: 2)
      #expect(tools.scene.startedRuns.count == 2)
      #expect(try tools.session.queueDepth(tools.queue)?.ready == 0)
    }
  }

  @Test("A password file that was changed is read again, and the source connected with it")
  func password() async throws {
    try await ToolsScene.with(Self.action("first")) { tools in
      let file = try tools.scene.write("password", "guest\n")
      try write(tools, "user = guest\npassword_file = \(file)", Self.action("first"))
      try await tools.text(["reload"])
      try await tools.daemon.waitFor("source connected", count: 2)
      #expect(try await !tools.text(["reload"]).contains("connected anew"))
      try tools.scene.write("password", "wrong\n")
      #expect(try await tools.text(["reload"]).contains("connected anew"))
      try await tools.daemon.waitFor("source lost")
      #expect(!tools.daemon.logText.contains("wrong\\n") && !tools.daemon.logText.contains("\"wrong\""))
      try tools.scene.write("password", "guest\n")
      try await tools.daemon.waitFor("source connected", count: 3)
    }
  }

  @Test("With reload = watch changed files are read by themselves")
  func watches() async throws {
    let watch = "[scripts]\nreload = watch\n"
    try await ToolsScene.with(watch + Self.action("first")) { tools in
      try write(tools, "", watch + "[broken")
      try await tools.daemon.waitFor("configuration not reloaded: the one before goes on")
      try write(tools, "", watch + Self.action("second"))
      try await tools.daemon.waitFor("configuration reloaded")
      try tools.publish("a")
      try await waitUntil("the new action runs") { tools.scene.endedRuns.count == 1 }
      #expect(names(tools) == ["second"])
      #expect(tools.daemon.lines("configuration reloaded").count == 1)
    }
  }
}
