// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Glibc
import ProgramFixture
import Testing

/// The streams of the built daemon, over its death.
@Suite struct StreamTests {
  private let record = """
    [record]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    script_params = purpose
    """

  private func rows(_ text: String, _ key: String) -> [Int] {
    text.split(separator: "\n").compactMap { line in
      (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?[key] as? Int
    }
  }

  /// The numbers of the events that `tail` has printed, without its runs.
  private func events(_ tools: ToolsScene) -> [Int] {
    let lines = tools.scene.text(of: "tail-events").split(separator: "\n").filter { !$0.hasPrefix("{\"run\":") }
    return rows(lines.joined(separator: "\n"), "event")
  }

  @Test("tail goes on over a kill of the daemon: every event once, and every run to its end")
  func killed() async throws {
    try await ToolsScene.with(record) { tools in
      let both = try tools.scene.start(
        ["tail", "--json", "-c", "onevent.conf"], output: "tail-events")
      let runs = try tools.scene.start(
        ["tail", "--json", "--state", "succeeded", "-c", "onevent.conf"], output: "tail-runs")
      for name in ["tail-events", "tail-runs"] {
        // Both begin with what comes next: an event is sent until each shows one.
        try await waitUntil("tail shows \(name)", pause: .milliseconds(200)) {
          try tools.publish("during")
          return name == "tail-events" ? !events(tools).isEmpty : !tools.scene.text(of: name).isEmpty
        }
      }
      let first = try #require(events(tools).first)
      for number in 0..<20 {
        try tools.publish("\(number)")
        if number == 10 { tools.daemon.kill() }
      }
      let second = try tools.scene.run()
      try await second.waitFor("queue is consumed")
      try tools.publish("last")
      try await waitUntil("every run has succeeded and was shown") {
        let states = try await tools.rows("runs", "--limit", "1000").map { $0["state"] as? String }
        let shown = Set(rows(tools.scene.text(of: "tail-runs"), "run"))
        return Set(states) == ["succeeded"] && shown.contains(states.count)
      }
      let stored = try await tools.rows("events", "--limit", "1000").compactMap { $0["event"] as? Int }
      let expected = Array(first...(stored.max() ?? 0))
      try await waitUntil("tail shows the last event") {
        events(tools).count >= expected.count
      }
      // The daemon's own among them: every event that is stored.
      #expect(Array(events(tools).prefix(expected.count)) == expected)
      let changes = rows(tools.scene.text(of: "tail-runs"), "change")
      #expect(changes == changes.sorted() && Set(changes).count == changes.count)
      #expect(tools.scene.text(of: "tail-events.errors").contains("the daemon is back"))
      for tail in [both, runs] {
        tail.signal(SIGINT)
        #expect(try await outsideOfThePool { tail.wait() } == 0)
      }
    }
  }

  @Test("a stream is read with curl, from the last events on and behind an id; it ends when the daemon stops")
  func curl() async throws {
    try await ToolsScene.with(record) { tools in
      try tools.publish("one", "two", "three")
      try await tools.wait(for: "succeeded", ofRun: 3)
      let socket = tools.scene.directory.appendingPathComponent("api").path
      func stream(_ query: String, _ output: String, _ more: [String] = []) throws -> Program {
        try Program(
          "/usr/bin/curl",
          ["--silent", "--no-buffer", "--unix-socket", socket, "http://onevent/api/v1/\(query)"] + more,
          environment: [:], directory: tools.scene.directory.path,
          output: tools.scene.directory.appendingPathComponent(output).path)
      }
      let last = try stream("events/stream?last=2", "last")
      let resumed = try stream("events/stream", "resumed", ["--header", "Last-Event-ID: 2"])
      let runs = try stream("runs/stream?last=1000&action=record&state=succeeded", "curl-runs")
      for (name, text) in [("last", "id: 1\n\nid: 2\nevent: event\n"), ("resumed", "id: 2\n\nid: 3\nevent: event\n")] {
        try await waitUntil("\(name) shows event 3") { tools.scene.text(of: name).contains("data: {\"event\":3,") }
        #expect(tools.scene.text(of: name).hasPrefix("retry: 1000\n" + text))
      }
      try await waitUntil("the runs are shown") { tools.scene.text(of: "curl-runs").contains("data: {\"run\":3,") }
      try tools.publish("four")
      try await waitUntil("event 4 is shown") { tools.scene.text(of: "resumed").contains("data: {\"event\":4,") }
      let began = ContinuousClock.now
      #expect(try await tools.daemon.stop() == 0)
      #expect(ContinuousClock.now - began < .seconds(10))
      for program in [last, resumed, runs] {
        #expect(try await outsideOfThePool { program.wait() } == 0)
      }
    }
  }
}
