// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

@Suite struct ToolsTests {
  private let record = """
    [record]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    script_params = purpose
    """

  @Test("a failed run is found, shown with its output, and run again once its script is mended")
  func mending() async throws {
    try await ToolsScene.with(record) { tools in
      try tools.scene.script("record.sh", "#!/bin/sh\necho \"about $1\"\necho 'no such host' >&2\nexit 3\n")
      try tools.publish("pur \u{1B}[31mpose")
      try await tools.wait(for: "failed", ofRun: 1)

      let failed = try await tools.rows("runs", "--failed", "--action", "record")
      #expect(failed.count == 1)
      #expect(failed[0]["outcome"] as? String == "exited 3")
      let id = try #require(failed[0]["run_id"] as? String)
      let report = try await tools.text(["show", String(id.prefix(8))])
      #expect(report.hasPrefix("run 1  \(id)\n"))
      #expect(report.contains("argv[1]   \"pur \\u001b[31mpose\""))
      #expect(report.contains("    | about pur \\u{1b}[31mpose\n"))
      #expect(report.contains("    | no such host\n"))
      let log = try #require(tools.daemon.lines.first { $0["run"] == id })
      #expect(log["event"] == "1", "\(log)")

      try tools.scene.script("record.sh", "#!/bin/sh\nexit 0\n")
      #expect(try await tools.text(["retry", "--failed"]) == "run 1  \(id)  failed -> pending\n")
      try await tools.wait(for: "succeeded", ofRun: 1)
      let attempts = try await tools.rows("show", "1")[0]["attempts_made"] as? [[String: Any]]
      #expect(attempts?.map { $0["outcome"] as? String } == ["exited 3", "exited 0"])
      let again = try await tools.command(["retry", "1"])
      #expect(again.status == 1)
      #expect(again.errors.contains("succeeded"))
    }
  }

  @Test("events are listed with their runs and explained by their number; those without an action too")
  func explaining() async throws {
    try await ToolsScene.with(record) { tools in
      try tools.publish("test")
      try tools.session.publish([try leaseBody("esi_leap.lease.create.end")], routingKey: tools.queue)
      try await tools.wait(for: "succeeded", ofRun: 1)
      try await waitUntil("the other event was seen") {
        try await !tools.rows("events", "--unmatched").isEmpty
      }
      let events = try await tools.rows("events", "--object", "node:node-1", "--since", "1h")
      #expect(events.map { $0["event"] as? Int } == [1])
      #expect((events[0]["runs"] as? [[String: Any]])?.map { $0["state"] as? String } == ["succeeded"])
      #expect(try await tools.text(["show", "e1"]).contains("\"purpose\": \"test\""))

      #expect(try await tools.text(["explain", "1"]).contains("argv[1] \"test\""))
      #expect(try await tools.text(["explain", "u1"], status: 1).contains("its events do not name this type"))
      #expect(try await tools.text(["paths", "e1"]).contains("node_name"))
      let types = try await tools.rows("types")
      #expect(types.map { $0["type"] as? String } == ["esi_leap.lease.create.end", "esi_leap.lease.fulfill.end"])
      #expect(types.map { $0["actions"] as? [String] } == [[], ["record"]])
      #expect(try await tools.text(["types", "--fields", "*.*.fulfill.*"]).contains("  purpose: string\n"))
      #expect(try await tools.command(["show", "e99"]).status == 1)
      #expect(try await tools.command(["events", "--since", "soon"]).status == 64)
    }
  }

  @Test("a suspended action holds its runs until it is resumed; status says so and is well")
  func suspending() async throws {
    try await ToolsScene.with(record) { tools in
      try await tools.text(["suspend", "record"])
      try tools.publish("test")
      try await tools.wait(for: "pending", ofRun: 1)
      let status = try await tools.text(["status"])
      #expect(status.contains("record\tsuspended\t0\t"), "\(status)")
      try await tools.text(["discard", "1"])
      try await tools.wait(for: "discarded", ofRun: 1)
      try tools.publish("again")
      try await tools.wait(for: "pending", ofRun: 2)
      try await tools.text(["resume", "record"])
      try await tools.wait(for: "succeeded", ofRun: 2)
      #expect(tools.scene.startedRuns.count == 1)
      #expect(try await tools.command(["suspend", "nobody"]).status == 1)
    }
  }

  @Test("a replay of one event runs at once, of a range only when it is meant")
  func replaying() async throws {
    try await ToolsScene.with(record) { tools in
      try tools.publish("one", "two")
      try await tools.wait(for: "succeeded", ofRun: 2)
      try await tools.text(["replay", "e1", "--dry-run"])
      let dry = try await tools.rows("replay", "--since", "1h", "--action", "record")
      #expect((dry[0]["items"] as? [Any])?.count == 2)
      #expect(try await tools.rows("runs").count == 2)
      try await tools.text(["replay", "1"])
      try await tools.wait(for: "succeeded", ofRun: 3)
      try await tools.text(["replay", "--since", "1h", "--run"])
      try await tools.wait(for: "succeeded", ofRun: 5)
      let runs = try await tools.rows("runs", "--event", "e1")
      #expect(runs.map { $0["replay"] as? Bool } == [true, true, false])
      #expect(try await tools.command(["replay", "--since", "1h", "--type", "no.such"]).status == 1)
    }
  }

  @Test("the output of a running script is followed until it ends, and its outcome is the exit code")
  func following() async throws {
    try await ToolsScene.with(record) { tools in
      let script = "#!/bin/sh\necho first\nwhile [ -e hold ]; do sleep 0.05; done\necho second\nexit \"$1\"\n"
      try tools.scene.script("record.sh", script)
      for (run, code) in [(1, "0"), (2, "4")] {
        try tools.scene.write("hold", "")
        try tools.publish(code)
        try await tools.wait(for: "running", ofRun: run)
        let output = "follow-\(run)"
        let follower = try tools.scene.start(["show", "\(run)", "--follow", "-c", "onevent.conf"], output: output)
        try await waitUntil("the first line comes while the script runs") {
          tools.scene.text(of: output) == "first\n" || !follower.isRunning
        }
        try tools.scene.remove("hold")
        #expect(try await outsideOfThePool { follower.wait() } == (code == "0" ? 0 : 1))
        #expect(tools.scene.text(of: output) == "first\nsecond\n")
      }
    }
  }

  @Test("tail prints what happens, waits for a daemon that restarts, and ends well at Ctrl-C")
  func tailing() async throws {
    try await ToolsScene.with(record) { tools in
      try tools.publish("before")
      try await tools.wait(for: "succeeded", ofRun: 1)
      let tail = try tools.scene.start(["tail", "-c", "onevent.conf"], output: "tail")
      // Tail begins where things stand when it asks first: an event is sent until it shows one.
      try await waitUntil("tail shows an event", pause: .milliseconds(200)) {
        try tools.publish("during")
        return tools.scene.text(of: "tail").contains("event e")
      }
      #expect(!tools.scene.text(of: "tail").contains("event e1 "))
      try await waitUntil("tail shows how a run ended") { tools.scene.text(of: "tail").contains("succeeded") }
      #expect(try await tools.daemon.stop() == 0)
      try await waitUntil("tail says that the daemon is gone") {
        tools.scene.text(of: "tail.errors").contains("is gone")
      }
      let second = try tools.scene.run()
      try await second.waitFor("queue is consumed")
      try await waitUntil("tail says that it is back") {
        tools.scene.text(of: "tail.errors").contains("the daemon is back")
      }
      try tools.session.publish(
        [try leaseBody(node: "node-after")], routingKey: tools.queue)
      try await waitUntil("tail goes on") { tools.scene.text(of: "tail").contains("subject node-after") }
      tail.signal(SIGINT)
      #expect(try await outsideOfThePool { tail.wait() } == 0)
    }
  }

  @Test("with the daemon down what it recorded is shown from a snapshot, and decisions end with 69")
  func snapshot() async throws {
    try await ToolsScene.with(record) { tools in
      try tools.publish("test")
      try await tools.wait(for: "succeeded", ofRun: 1)
      let before = try await tools.rows("show", "1")
      #expect(try await tools.daemon.stop() == 0)
      let runs = try await tools.command(["runs", "--json"])
      #expect(runs.status == 0)
      #expect(runs.output.contains("\"run\":1,"))
      #expect(runs.errors.contains("no daemon can be reached"))
      #expect(runs.errors.contains("journal.sqlite"))
      let after = try await tools.rows("show", "1")
      #expect(NSArray(array: before).isEqual(to: after))
      #expect(try await tools.text(["explain", "e1"]).contains("action record"))
      for command in [["retry", "1"], ["status"], ["events", "--unmatched"], ["suspend"], ["tail"], ["types"]] {
        let result = try await tools.command(command)
        #expect(result.status == 69, "\(command)")
        #expect(result.errors.contains("onevent run"))
      }
    }
  }
}
