// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import MetricsFixture
import Testing

@testable import ConfigText

/// Alerts and dashboard name nothing that the daemon does not emit.
@Suite struct PackagedMetricsTests {
  /// The metrics of INTERFACE.md, and those that operators are told of beside them, with the labels that each has.
  private static let promised: [String: Set<String>] = [
    "onevent_deliveries_total": ["source"], "onevent_events_total": ["source", "result"],
    "onevent_runs_total": ["action", "result"], "onevent_run_duration_seconds": ["action"],
    "onevent_event_age_seconds": ["source"], "onevent_runs_running": ["action"], "onevent_runs_pending": ["action"],
    "onevent_runs_waiting": ["action"], "onevent_oldest_pending_seconds": ["action"],
    "onevent_run_wait_seconds": ["action"], "onevent_retries_total": ["action"],
    "onevent_source_connected": ["source"], "onevent_source_paused": ["source"],
    "onevent_reconnects_total": ["source"], "onevent_regex_limit_hits_total": ["source"],
    "onevent_journal_commit_seconds": [], "onevent_journal_bytes": [], "onevent_journal_max_bytes": [],
    "onevent_journal_trouble": [], "onevent_retention_suspended": [], "onevent_suspended": [],
    "onevent_stream_clients": ["stream"], "onevent_stream_clients_behind_total": ["stream"],
    "onevent_action_suspended": ["action"], "onevent_runs_held": [], "onevent_runs_failed": [],
    "onevent_config_last_reload_success_timestamp_seconds": [], "onevent_config_last_reload_successful": [],
    "onevent_api_refused_total": ["kind"],
    "onevent_build_info": ["version"], "onevent_up": [], "process_start_time_seconds": [],
    "process_cpu_seconds_total": [], "process_resident_memory_bytes": [], "process_virtual_memory_bytes": [],
    "process_open_fds": [], "process_max_fds": [],
  ]
  private static let results: [String: Set<String>] = [
    "onevent_events_total": ["matched", "unmatched", "ignored", "duplicate", "undecodable"],
    "onevent_runs_total": ["succeeded", "failed", "timeout", "refused", "interrupted", "expired", "observed"],
  ]

  /// What a daemon that has just started shows.
  private func scraped() async throws -> ScrapedMetrics {
    let broker = try Broker.shared()
    let queue = broker.uniqueName()
    try broker.session().declareQueue(queue, durable: true)
    let scraped = try await Scene.with { scene in
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        host = 127.0.0.1
        port = \(broker.port)
        queues = \(queue)

        [works]
        events = a.b
        script = ./record.sh
        """)
      let daemon = try scene.run()
      try await daemon.waitFor("queue is consumed")
      let scraped = try await scene.metrics()
      #expect(try await daemon.stop() == 0)
      return scraped
    }
    try broker.session().deleteQueue(queue)
    return scraped
  }

  @Test("what the daemon promises it emits from the start, with these labels and results, and nothing else")
  func promised() async throws {
    let scraped = try await scraped()
    var emitted: [String: Set<String>] = [:]
    for family in scraped.families {
      emitted[family.name] = Set(family.samples.flatMap(\.labels.keys)).subtracting(["le"])
    }
    #expect(emitted == Self.promised)
    for (name, results) in Self.results {
      #expect(Set(scraped.values(name, by: "result").keys) == results)
    }
  }

  @Test("every alert's expression and texts name metrics and labels that there are")
  func alerts() async throws {
    let scraped = try await scraped()
    let rules = try AlertRule.all()
    #expect(rules.count >= 10 && Set(rules.map(\.name)).count == rules.count)
    for rule in rules {
      #expect(try rule.faults(against: scraped) == [], "\(rule.name)")
      #expect(!rule.summary.isEmpty && rule.description.contains("'"), "\(rule.name) names no command")
    }
    // The check sees what it is for.
    var wrong = try #require(rules.first { $0.name == "OneventRunsFailing" })
    #expect(try wrong.faults(against: scraped).isEmpty)
    wrong.summary = "{{ $labels.source }}"
    #expect(try wrong.faults(against: scraped) == ["its texts name the label source, which it has not"])
    wrong.expression = wrong.expression.replacingOccurrences(of: "onevent_runs_total", with: "onevent_run_total")
    #expect(try wrong.faults(against: scraped).contains("there is no metric onevent_run_total"))
  }

  @Test("every panel and variable of the dashboard names metrics and labels that there are")
  func dashboard() async throws {
    let scraped = try await scraped()
    let dashboard = try Dashboard()
    #expect(dashboard.panels >= 10 && dashboard.ids.count == dashboard.panels)
    for expression in dashboard.expressions {
      #expect(try MetricExpression(expression).faults(against: scraped) == [], "\(expression)")
    }
    for legend in dashboard.legends {
      let labels = try MetricExpression(legend.expression).labels(of: scraped)
      #expect(Set(labelsNamed(in: legend.text, prefix: "")).isSubset(of: labels), "\(legend.text)")
    }
    #expect(!dashboard.variables.isEmpty)
    for variable in dashboard.variables {
      #expect(try MetricExpression(variable.metric).faults(against: scraped) == [], "\(variable)")
      #expect(try MetricExpression(variable.metric).labels(of: scraped).contains(variable.label), "\(variable)")
    }
    // Everything that is there to be looked at is shown, or an alert is on it.
    let named = try dashboard.expressions + AlertRule.all().map(\.expression)
    let shown = try Set(named.flatMap { try MetricExpression($0).selectors.map(\.metric) })
    let unshown = Self.promised.keys.filter { name in
      !["_bucket", "_sum", "_count", ""].contains { shown.contains(name + $0) }
    }
    #expect(
      Set(unshown) == [
        "onevent_build_info", "onevent_regex_limit_hits_total", "process_start_time_seconds",
        "process_virtual_memory_bytes", "process_max_fds",
      ])
  }
}

/// The labels that a text asks for: `{{ $labels.action }}`, or `{{action}}` without a prefix.
private func labelsNamed(in text: String, prefix: String) -> [String] {
  text.components(separatedBy: "{{").dropFirst().compactMap { part in
    guard let end = part.range(of: "}}") else { return nil }
    let inside = part[..<end.lowerBound].trimmingCharacters(in: .whitespaces)
    guard prefix.isEmpty || inside.hasPrefix(prefix) else { return nil }
    return String(inside.dropFirst(prefix.count))
  }
}

private struct AlertRule {
  var name: String
  var expression: String
  var summary: String
  var description: String

  static func all() throws -> [AlertRule] {
    let path = repository.appendingPathComponent("packaging/prometheus/onevent.rules.yml")
    let bytes = [UInt8](try Data(contentsOf: path))
    let source = try SourceText(bytes: bytes, file: path.path)
    guard let events = YAMLEvents(bytes) else { throw DaemonFailure(description: "no memory to read the rules") }
    var tree = YAMLTree(source: source, events: events)
    let (read, problems) = (try tree.document(), tree.problems)
    let document = try #require(read)
    #expect(problems.isEmpty)
    return try document.list("groups").flatMap { try $0.list("rules") }.map { rule in
      let annotations = try #require(rule["annotations"])
      return AlertRule(
        name: try rule.text("alert"), expression: try rule.text("expr"), summary: try annotations.text("summary"),
        description: try annotations.text("description"))
    }
  }

  func faults(against scraped: ScrapedMetrics) throws -> [String] {
    let read = try MetricExpression(expression)
    var labels = read.labels(of: scraped)
    // An aggregation has only the labels that it names.
    if !read.groupings.isEmpty, expression.hasPrefix("sum by") { labels = Set(read.groupings) }
    let named = labelsNamed(in: summary + description, prefix: "$labels.")
    return read.faults(against: scraped)
      + named.filter { !labels.contains($0) }.map { "its texts name the label \($0), which it has not" }
  }
}

private struct Dashboard {
  var expressions: [String] = []
  var legends: [(text: String, expression: String)] = []
  var variables: [(metric: String, label: String)] = []
  var panels = 0
  var ids: Set<Int> = []

  init() throws {
    let data = try Data(contentsOf: repository.appendingPathComponent("packaging/grafana/onevent.json"))
    let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    for panel in try #require(root["panels"] as? [[String: Any]]) {
      panels += 1
      ids.insert(try #require(panel["id"] as? Int))
      for target in try #require(panel["targets"] as? [[String: Any]]) {
        let expression = try #require(target["expr"] as? String)
        expressions.append(expression)
        legends.append((try #require(target["legendFormat"] as? String), expression))
      }
    }
    let annotations = (root["annotations"] as? [String: Any])?["list"] as? [[String: Any]] ?? []
    expressions += annotations.compactMap { $0["expr"] as? String }
    for variable in (root["templating"] as? [String: Any])?["list"] as? [[String: Any]] ?? [] {
      guard let definition = variable["definition"] as? String else { continue }
      let inside = try #require(definition.split(separator: "(", maxSplits: 1).last).dropLast()
      let comma = try #require(inside.lastIndex(of: ","))
      variables.append(
        (String(inside[..<comma]), inside[inside.index(after: comma)...].trimmingCharacters(in: .whitespaces)))
    }
  }
}

extension ConfigValue {
  fileprivate subscript(_ key: String) -> ConfigValue? {
    guard case .map(let entries, _) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  fileprivate func text(_ key: String) throws -> String {
    guard case .scalar(let text, _)? = self[key] else { throw DaemonFailure(description: "no text \(key) in a rule") }
    return text.text
  }

  fileprivate func list(_ key: String) throws -> [ConfigValue] {
    guard case .list(let items, _)? = self[key] else { throw DaemonFailure(description: "no list \(key)") }
    return items
  }
}
