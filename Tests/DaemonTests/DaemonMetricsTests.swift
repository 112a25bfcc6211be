// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal
import MetricsFixture
import Scripts
import Settings
import Testing
import WebAPI

@testable import Daemon

@Suite struct DaemonMetricsTests {
  private func scraped(_ metrics: DaemonMetrics, _ looked: [String: [MetricSample]] = [:]) throws -> ScrapedMetrics {
    try ScrapedMetrics(String(decoding: metrics.exposition(looked), as: UTF8.self))
  }

  @Test("each family has a name of its own, a sentence of help, and no bounds that do not rise")
  func catalog() {
    let all = MetricCatalog.all
    #expect(Set(all.map(\.name)).count == all.count)
    for family in all {
      #expect(family.help?.hasSuffix(".") == true, "\(family.name)")
      #expect(Exposition.name(family.name) == family.name)
      #expect(
        zip(family.bounds, family.bounds.dropFirst()).allSatisfy { $0 < $1 } && family.bounds.allSatisfy(\.isFinite))
      #expect(family.bounds.isEmpty == (family.kind != .histogram))
    }
  }

  @Test("sources and actions of the configuration are shown with zeros before anything happens, unused sources are not")
  func zeros() throws {
    let metrics = DaemonMetrics()
    var configuration = Configuration()
    configuration.actions = [DispatchScene.action("a"), DispatchScene.action("b \"\\\n")]
    metrics.configurationRead(configuration)
    let first = try scraped(metrics)
    #expect(
      Set(first.samples.filter { $0.name == "onevent_runs_total" }.map { $0.labels["action"] }) == ["a", "b \"\\\n"])
    #expect(first.samples.filter { $0.name.hasPrefix("onevent_runs_total") }.allSatisfy { $0.value == 0 })
    #expect(first.value("onevent_config_last_reload_successful") == 1)
    metrics.configurationRefused()
    #expect(try scraped(metrics).value("onevent_config_last_reload_successful") == 0)
    // What was removed stays, with what it had come to.
    metrics.action("a").count(.failed)
    configuration.actions = []
    metrics.configurationRead(configuration)
    let last = try scraped(metrics)
    #expect(last.value("onevent_runs_total", ["action": "a", "result": "failed"]) == 1)
    #expect(last.value("onevent_config_last_reload_successful") == 1)
  }

  @Test("an event from the future or without a time does not make an age")
  func ages() throws {
    let metrics = DaemonMetrics()
    let source = metrics.source("s")
    source.countMatched(time: 5_000_000_000, received: 2_000_000_000)
    source.countMatched(time: nil, received: 2_000_000_000)
    source.countMatched(time: .min, received: .max)
    source.countMatched(time: 1_000_000_000, received: 3_000_000_000)
    let scraped = try scraped(metrics)
    #expect(scraped.value("onevent_event_age_seconds_count", ["source": "s"]) == 3)
    #expect(scraped.value("onevent_event_age_seconds_sum", ["source": "s"]) == 2)
    #expect(metrics.total("matched") == 4)
  }

  @Test("the first connection is no reconnect, every further one is")
  func reconnects() throws {
    let metrics = DaemonMetrics()
    let source = metrics.source("s")
    for event in [ConsumerEvent.connected(host: "h", product: "p"), .lost(reason: "x"), .retrying(after: .zero)] {
      source.observe(event)
    }
    #expect(try scraped(metrics).value("onevent_reconnects_total", ["source": "s"]) == 0)
    source.observe(.connected(host: "h", product: "p"))
    #expect(try scraped(metrics).value("onevent_reconnects_total", ["source": "s"]) == 1)
  }

  @Test("a run that a crash cut off counts as interrupted in the next life, and once more when it ends")
  func interrupted() throws {
    try DispatchScene.with([DispatchScene.action("a")]) { scene in
      try scene.arrive("1")
      #expect(scene.recorder.started.count == 1)
      scene.crash()
      try scene.dispatcher.work([.tick])
      #expect(scene.metrics.total("interrupted") == 1)
      try scene.end(0)
      #expect(scene.metrics.total("interrupted") == 1 && scene.metrics.total("succeeded") == 1)
      // Its first attempt was in the life before: the wait is not measured again.
      #expect(try scraped(scene.metrics).value("onevent_run_wait_seconds_count", ["action": "a"]) == 0)
    }
  }

  @Test("what fails and is tried again counts as a retry, and as one run with how it ended at last")
  func retries() throws {
    let action = DispatchScene.action("a") { $0.retry.delay = .zero }
    try DispatchScene.with([action]) { scene in
      try scene.arrive("1")
      try scene.end(0, .exited(RetryPolicy.temporaryFailure))
      #expect(scene.metrics.total("retried") == 1 && scene.metrics.total("failed") == 0)
      try scene.dispatcher.work([.tick])
      try #require(scene.recorder.started.count == 2)
      try scene.end(1, .couldNotStart(errno: 2, reason: "gone"))
      let scraped = try scraped(scene.metrics)
      // What could not start took no time.
      #expect(scraped.value("onevent_run_duration_seconds_count", ["action": "a"]) == 1)
      #expect(scraped.value("onevent_run_wait_seconds_count", ["action": "a"]) == 1)
      #expect((scraped.value("onevent_journal_commit_seconds_count") ?? 0) >= 3)
    }
  }

  @Test("the oldest pending run is the first in order that is not running, also behind one that runs")
  func oldestPending() async throws {
    let scene = try DispatchScene([DispatchScene.action("a"), DispatchScene.action("b")])
    defer { scene.remove() }
    for id in ["1", "2", "3"] { try scene.arrive(id, actions: ["a"]) }
    try scene.arrive("4", node: "m", actions: ["b"])
    // One of each runs; the second and the third of "a" wait in their lane.
    #expect(scene.recorder.started.count == 2)
    let reader = try JournalReader(path: scene.configuration.journal.path)
    let second = try #require(try await reader.runs(RunQuery()).first { $0.event == 2 })
    #expect(try await reader.oldestPendingRuns() == ["a": second.created])
  }

  @Test("the page shows the status as it is: paused is connected, unused sources are left out, so is what is unknown")
  func page() throws {
    var status = DaemonStatus()
    status.sources = ["connected", "paused", "lost", "connecting", DaemonBoard.notConsumed].map {
      DaemonStatus.Source(name: $0, state: $0, host: nil, queues: [:], reason: nil, since: 0)
    }
    status.actions = [.init(name: "a", status: "suspended", pending: 3, running: 2, waiting: 1)]
    status.journalTrouble = "full"
    status.held = 7
    var page = MetricPage(status: status, journalLimit: 9, oldestPending: nil, now: 5_000_000_000)
    let metrics = DaemonMetrics()
    let troubled = try scraped(metrics, page.samples)
    let connected = troubled.samples.filter { $0.name == "onevent_source_connected" }
    #expect(connected.filter { $0.value == 1 }.compactMap { $0.labels["source"] }.sorted() == ["connected", "paused"])
    #expect(connected.filter { $0.value == 0 }.compactMap { $0.labels["source"] }.sorted() == ["connecting", "lost"])
    #expect(troubled.value("onevent_source_paused", ["source": "paused"]) == 1)
    #expect(troubled.value("onevent_runs_pending", ["action": "a"]) == 3)
    #expect(troubled.value("onevent_action_suspended", ["action": "a"]) == 1)
    #expect(troubled.value("onevent_journal_trouble") == 1 && troubled.value("onevent_runs_held") == 7)
    #expect(troubled.family("onevent_oldest_pending_seconds") == nil)
    page.oldestPending = ["a": 2_500_000_000, "gone": 1]
    let well = try scraped(metrics, page.samples)
    #expect(well.family("onevent_oldest_pending_seconds")?.samples.map(\.value) == [2.5])
    // A clock that was set back makes nothing negative.
    page.oldestPending = ["a": 9_000_000_000]
    #expect(try scraped(metrics, page.samples).value("onevent_oldest_pending_seconds", ["action": "a"]) == 0)
  }

  @Test("a process looks at itself")
  func process() throws {
    let samples = ProcessMetrics.samples()
    #expect(samples.count == 6)
    #expect((samples["process_resident_memory_bytes"]?.first?.value ?? 0) > 1_048_576)
  }
}
