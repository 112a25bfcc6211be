// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import MetricsFixture
import Testing

/// What the daemon counts is what happened.
@Suite struct MetricsTests {
  private let broker: Broker

  init() throws { broker = try Broker.shared() }

  /// An action for every way in which a run can end; the name of one needs every escape that an INI section can.
  private func config(_ queue: String) -> String {
    """
    [source:bus]
    host = 127.0.0.1
    port = \(broker.port)
    queues = \(queue)
    ignore_events = noise.#

    [scripts]
    order_by = none
    retries = 0

    [action:works]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    script_params = node_name
    filter_params = {"purpose": "works"}

    [action:say "no" \\n]
    events = esi_leap.lease.fulfill.end
    script = ./no.sh
    filter_params = {"purpose": "fails"}

    [action:again]
    events = esi_leap.lease.fulfill.end
    script = ./again.sh
    retries = 3
    retry_delay = 10ms
    filter_params = {"purpose": "again"}

    [action:slow]
    events = esi_leap.lease.fulfill.end
    script = ./slow.sh
    timeout = 100ms
    kill_after = 0s
    filter_params = {"purpose": "slow"}

    [action:refuses]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    script_params = not_there
    filter_params = {"purpose": "refused"}

    [action:late]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    max_event_age = 1s
    filter_params = {"purpose": "late"}

    [action:looks]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    enabled = observe
    filter_params = {"purpose": "looked at"}
    """
  }

  private var twoHoursAgo: String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss.SSSSSS"
    return formatter.string(from: Date(timeIntervalSinceNow: -7_200))
  }

  private func prepare(_ scene: Scene, _ queue: String) throws {
    try scene.write("onevent.conf", config(queue))
    try scene.script("no.sh", "#!/bin/sh\nexit 3\n")
    try scene.script("again.sh", "#!/bin/sh\n[ -e again ] && exit 0\ntouch again\nexit 75\n")
    try scene.script("slow.sh", "#!/bin/sh\nexec sleep 600\n")
  }

  @Test("every delivery, event and run is counted once, under what became of it")
  func counts() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try prepare(scene, queue)
      let daemon = try scene.run()
      try await daemon.waitFor("queue is consumed")
      // Before anything came, every series is there, with nothing in it.
      let first = try await scene.metrics()
      #expect(first.values("onevent_runs_total", by: "action").count == 7)
      #expect(first.sum("onevent_runs_total") == 0 && first.sum("onevent_events_total") == 0)
      #expect(first.value("onevent_source_connected", ["source": "bus"]) == 1)

      var bodies: [[UInt8]] = []
      for (purpose, count) in [
        ("works", 3), ("fails", 2), ("again", 1), ("slow", 1), ("refused", 1), ("late", 1), ("looked at", 1), ("no", 4),
      ] {
        for _ in 0..<count { bodies.append(try leaseBody(purpose: purpose, time: twoHoursAgo)) }
      }
      let twice = try leaseBody(purpose: "works", id: "twice", time: twoHoursAgo)
      bodies += [twice, twice, Array("no event".utf8)]
      for _ in 0..<2 { bodies.append(try leaseBody("noise.loud")) }
      try session.publish(bodies, routingKey: queue)

      let scraped = try await scene.metrics { scraped in
        scraped.sum("onevent_runs_total") >= 11 && scraped.sum("onevent_events_total") >= 19
      }
      #expect(scraped.value("onevent_deliveries_total", ["source": "bus"]) == 19)
      #expect(
        scraped.values("onevent_events_total", by: "result", where: ["source": "bus"])
          == ["matched": 11, "unmatched": 4, "ignored": 2, "duplicate": 1, "undecodable": 1])
      let quoted = #"say "no" \n"#
      let ended = scraped.samples.filter { $0.name == "onevent_runs_total" && $0.value > 0 }
        .map { "\($0.labels["action"] ?? "") \($0.labels["result"] ?? "") \(Int($0.value))" }.sorted()
      #expect(
        ended == [
          "again succeeded 1", "late expired 1", "looks observed 1", "refuses refused 1", "\(quoted) failed 2",
          "slow timeout 1", "works succeeded 4",
        ])
      #expect(scraped.values("onevent_retries_total", by: "action").filter { $0.value > 0 } == ["again": 1])
      // Every attempt whose script started: again's two, and none of what was refused.
      #expect(
        scraped.values("onevent_run_duration_seconds_count", by: "action").filter { $0.value > 0 }
          == ["again": 2, quoted: 2, "slow": 1, "works": 4])
      #expect((scraped.value("onevent_run_duration_seconds_sum", ["action": "slow"]) ?? 0) >= 0.1)
      #expect(scraped.sum("onevent_run_wait_seconds_count") == 8)
      #expect(scraped.value("onevent_event_age_seconds_count", ["source": "bus"]) == 11)
      // By their own time they are two hours old: between the bounds of one and of six hours.
      #expect(scraped.value("onevent_event_age_seconds_bucket", ["source": "bus", "le": "3600"]) == 0)
      #expect(scraped.value("onevent_event_age_seconds_bucket", ["source": "bus", "le": "21600"]) == 11)
      #expect((scraped.value("onevent_journal_commit_seconds_count") ?? 0) > 0)
      for name in ["running", "pending", "waiting"] { #expect(scraped.sum("onevent_runs_\(name)") == 0) }
      #expect(scraped.value("onevent_runs_failed") == 3 && scraped.value("onevent_runs_held") == 0)
      #expect(scraped.sum("onevent_oldest_pending_seconds") == 0)
      #expect(scraped.value("onevent_reconnects_total", ["source": "bus"]) == 0)
      // The status shows the same numbers, and so does the log at the end.
      let config = scene.directory.appendingPathComponent("onevent.conf").path
      let status = try await scene.command("status", "--json", "-c", config).output
      #expect(status.contains(#""deliveries":19"#) && status.contains(#""succeeded":5"#))
      #expect(try await daemon.stop() == 0)
      let closing = try #require(daemon.lines("onevent stopped").first)
      #expect(closing["matched"] == "11" && closing["timeout"] == "1" && closing["retried"] == "1")
      try session.deleteQueue(queue)
    }
  }

  @Test("what waits and what runs is shown as it is now, with the age of the oldest, also while it is suspended")
  func states() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try prepare(scene, queue)
      try scene.write("hold", "")
      let daemon = try scene.run()
      try await daemon.waitFor("queue is consumed")
      let config = scene.directory.appendingPathComponent("onevent.conf").path
      #expect(try await scene.command("suspend", "again", "-c", config).status == 0)
      try session.publish(
        [try leaseBody(purpose: "works"), try leaseBody(purpose: "again"), try leaseBody(purpose: "again")],
        routingKey: queue)
      let busy = try await scene.metrics { scraped in
        scraped.value("onevent_runs_running", ["action": "works"]) == 1
          && scraped.value("onevent_runs_pending", ["action": "again"]) == 2
          && (scraped.value("onevent_oldest_pending_seconds", ["action": "again"]) ?? 0) > 0
      }
      #expect(busy.value("onevent_action_suspended", ["action": "again"]) == 1)
      #expect(busy.value("onevent_action_suspended", ["action": "works"]) == 0)
      #expect(busy.value("onevent_suspended") == 0)
      #expect(busy.value("onevent_oldest_pending_seconds", ["action": "works"]) == 0)
      // A moment, and not since the epoch or since the event's own time.
      #expect((busy.value("onevent_oldest_pending_seconds", ["action": "again"]) ?? 0) < 3_600)
      try scene.remove("hold")
      #expect(try await scene.command("resume", "again", "-c", config).status == 0)
      let idle = try await scene.metrics { scraped in
        scraped.values("onevent_runs_total", by: "result")["succeeded"] == 3
      }
      #expect(idle.sum("onevent_runs_running") == 0 && idle.sum("onevent_oldest_pending_seconds") == 0)
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("a source that loses its broker is not connected, though the daemon stays ready, and comes back counted")
  func broker() async throws {
    try await Broker.withPrivate { own in
      try await Scene.with { scene in
        let queue = own.uniqueName()
        try own.session().declareQueue(queue, durable: true)
        try scene.write(
          "onevent.conf",
          """
          [source:bus]
          host = 127.0.0.1
          port = \(own.port)
          queues = \(queue)

          [action:works]
          events = a.b
          source = bus
          script = ./record.sh

          [source:unused]
          host = 127.0.0.1
          port = 1
          queues = none
          """)
        let daemon = try scene.run()
        try await daemon.waitFor("queue is consumed")
        try await own.kill()
        _ = try await scene.metrics { $0.value("onevent_source_connected", ["source": "bus"]) == 0 }
        #expect(try await scene.curl("http://x/readyz").contains(#""status":"ready""#))
        #expect(try await scene.curl("http://x/healthz").contains(#""status":"alive""#))
        try await own.restart()
        let back = try await scene.metrics { $0.value("onevent_source_connected", ["source": "bus"]) == 1 }
        // A source that no action uses is not missed.
        #expect(back.values("onevent_source_connected", by: "source") == ["bus": 1])
        #expect((back.value("onevent_reconnects_total", ["source": "bus"]) ?? 0) >= 1)
        #expect(try await daemon.stop() == 0)
      }
    }
  }

  @Test("the answer has its content type, HEAD has it too, and the process is described")
  func answer() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      try broker.session().declareQueue(queue, durable: true)
      try prepare(scene, queue)
      let daemon = try scene.run()
      try await daemon.waitFor("queue is consumed")
      let type = "content-type: text/plain; version=0.0.4; charset=utf-8"
      let whole = try await scene.curl("--include", "http://x/metrics")
      #expect(whole.hasPrefix("HTTP/1.1 200 ") && whole.lowercased().contains(type))
      let head = try await scene.curl("--head", "http://x/metrics")
      #expect(head.hasPrefix("HTTP/1.1 200 ") && head.lowercased().contains(type) && !head.contains("onevent_up"))
      let scraped = try await scene.metrics()
      let (now, started) = (Date().timeIntervalSince1970, scraped.value("process_start_time_seconds") ?? 0)
      #expect(started > now - 3_600 && started <= now + 1)
      #expect((scraped.value("process_cpu_seconds_total") ?? 0) > 0)
      #expect((scraped.value("process_resident_memory_bytes") ?? 0) > 1_048_576)
      let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.pid)/fd").count
      #expect(abs((scraped.value("process_open_fds") ?? 0) - Double(descriptors)) <= 4)
      #expect((scraped.value("process_max_fds") ?? 0) >= (scraped.value("process_open_fds") ?? .infinity))
      #expect(scraped.family("onevent_build_info")?.samples.first?.labels["version"]?.isEmpty == false)
      let read = scraped.value("onevent_config_last_reload_success_timestamp_seconds") ?? 0
      #expect(read > now - 3_600 && read <= now + 1)
      #expect(scraped.value("onevent_config_last_reload_successful") == 1)
      #expect(try await daemon.stop() == 0)
      try broker.session().deleteQueue(queue)
    }
  }

  @Test("onevent metrics replaces a file whole for node_exporter, and says onevent_up 0 once the daemon is gone")
  func textFile() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      try broker.session().declareQueue(queue, durable: true)
      try prepare(scene, queue)
      let config = scene.directory.appendingPathComponent("onevent.conf").path
      let file = try scene.write("onevent.prom", "old\n")
      let daemon = try scene.run()
      try await daemon.waitFor("queue is consumed")
      #expect(try await scene.command("metrics", "--output", file, "-c", config).status == 0)
      let written = try ScrapedMetrics(scene.text(of: "onevent.prom"))
      #expect(written.value("onevent_up") == 1 && written.value("onevent_source_connected", ["source": "bus"]) == 1)
      #expect(!written.families.contains { $0.name.hasPrefix("process_") })
      let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
      #expect(mode == 0o644)
      #expect(try await daemon.stop() == 0)
      let absent = try await scene.command("metrics", "--output", file, "-c", config)
      #expect(absent.status == 69 && absent.errors.contains("no daemon can be reached"))
      let gone = try ScrapedMetrics(scene.text(of: "onevent.prom"))
      #expect(gone.samples.map(\.name) == ["onevent_up"] && gone.value("onevent_up") == 0)
      #expect(gone.families.map(\.help) == written.families.filter { $0.name == "onevent_up" }.map(\.help))
      let refused = try await scene.command("metrics", "--output", "/proc/none/x.prom", "-c", config)
      #expect(refused.status == 74 && refused.errors.contains("cannot write /proc/none/x.prom"))
      let left = try FileManager.default.contentsOfDirectory(atPath: scene.directory.path)
      #expect(left.filter { $0.hasPrefix("onevent.prom") } == ["onevent.prom"])
      try broker.session().deleteQueue(queue)
    }
  }

  @Test("while the journal is in trouble the daemon is alive and not ready, and its metrics say so")
  func journalTrouble() async throws {
    guard getuid() == 0 else { return }
    try await Scene.with { scene in
      let disk = scene.directory.appendingPathComponent("disk").path
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      guard mount("onevent-test", disk, "tmpfs", 0, "size=1m") == 0 else {
        // Without the right to mount there is no small disk to be had.
        return
      }
      defer { umount2(disk, Int32(MNT_DETACH)) }
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try prepare(scene, queue)
      let environment = ["ONEVENT_JOURNAL__PATH": "\(disk)/journal.sqlite", "ONEVENT_JOURNAL__MIN_FREE": "0"]
      let daemon = try scene.run(environment: environment)
      try await daemon.waitFor("queue is consumed")
      #expect(try await scene.curl("http://x/readyz").contains("ready"))
      let filler = open("\(disk)/filler", O_WRONLY | O_CREAT, 0o600)
      let block = [UInt8](repeating: 1, count: 4096)
      while write(filler, block, block.count) > 0 {}
      close(filler)
      let bodies = try (0..<60).map { _ in try leaseBody(purpose: "works") }
      try session.publish(bodies, routingKey: queue)
      try await daemon.waitFor("source is not read")
      let troubled = try await scene.metrics { scraped in
        scraped.value("onevent_journal_trouble") == 1 && scraped.value("onevent_source_paused", ["source": "bus"]) == 1
      }
      // It is connected all the same.
      #expect(troubled.value("onevent_source_connected", ["source": "bus"]) == 1)
      let unready = try await scene.curl("--include", "http://x/readyz")
      #expect(unready.hasPrefix("HTTP/1.1 503 ") && unready.contains("application/problem+json"))
      #expect(unready.contains("the journal does not record") && unready.contains("no room"))
      #expect(try await scene.curl("--include", "http://x/healthz").hasPrefix("HTTP/1.1 200 "))
      unlink("\(disk)/filler")
      try await daemon.waitFor("journal is well again")
      let well = try await scene.metrics { $0.values("onevent_runs_total", by: "result")["succeeded"] == 60 }
      #expect(well.value("onevent_journal_trouble") == 0)
      // What was given back came again; as an event each counts once.
      #expect(well.values("onevent_events_total", by: "result")["matched"] == 60)
      #expect((well.value("onevent_deliveries_total", ["source": "bus"]) ?? 0) > 60)
      #expect(try await scene.curl("--include", "http://x/readyz").hasPrefix("HTTP/1.1 200 "))
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("a daemon that drains is alive and not ready")
  func draining() async throws {
    try await Scene.with { scene in
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try prepare(scene, queue)
      try scene.write("hold", "")
      let daemon = try scene.run()
      try session.publish([try leaseBody(purpose: "works")], routingKey: queue)
      try await waitUntil("the script runs") { scene.startedRuns.count == 1 }
      daemon.signal(SIGTERM)
      try await daemon.waitFor("onevent is stopping")
      let unready = try await scene.curl("--include", "http://x/readyz")
      #expect(unready.hasPrefix("HTTP/1.1 503 ") && unready.contains("the daemon is stopping"))
      #expect(try await scene.curl("--include", "http://x/healthz").hasPrefix("HTTP/1.1 200 "))
      try scene.remove("hold")
      #expect(try await daemon.end() == 0)
      try session.deleteQueue(queue)
    }
  }
}
