// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Events
import Settings

/// What `check` says of a configuration: as text for people, as JSON for programs.
struct CheckReport {
  /// What the broker of one source said of its queues.
  struct SourceLook {
    var name: String
    var findings: Result<QueueInspector.Findings, NoHostReached>
  }

  private let configuration: Configuration?
  private let problems: [ConfigProblem]
  private let findings: [ConfigFinding]
  private let looks: [SourceLook]

  init(_ result: LoadResult, sources looks: [SourceLook]) {
    self.looks = looks
    switch result {
    case .loaded(let loaded):
      configuration = loaded
      problems = []
      findings = loaded.findings
    case .refused(let problems, let findings):
      configuration = nil
      self.problems = problems
      self.findings = findings
    }
  }

  var isBrokerUnreachable: Bool {
    looks.contains { look in
      if case .failure = look.findings { return true }
      return false
    }
  }

  // MARK: Text

  var text: String {
    var lines = problems.map { "\($0.position): error: \($0.message)" }
    for kind in [ConfigFinding.Kind.warning, .hint, .note] {
      lines += findings.filter { $0.kind == kind }.map(\.description)
    }
    let differences = findings.filter { $0.kind == .difference }
    if !differences.isEmpty {
      lines += ["", "What means something else than to the Python listener:"]
      lines += Self.grouped(differences)
      lines += ["For every file:"] + PythonListener.generalDifferences.map { "  \($0)" }
    }
    guard let configuration else {
      return (lines + ["", count(problems.count, "problem") + ": this configuration is refused."])
        .joined(separator: "\n")
    }
    lines += [""] + sources(configuration) + [""] + actions(configuration) + [""] + groups(configuration)
    if !looks.isEmpty { lines += [""] + looks.flatMap(\.lines) }
    lines += ["", "Good: \(configuration.files.joined(separator: ", "))."]
    return lines.drop { $0.isEmpty }.joined(separator: "\n")
  }

  /// One line for each message, with every place where it holds.
  private static func grouped(_ findings: [ConfigFinding]) -> [String] {
    var messages: [String] = []
    var places: [String: [String]] = [:]
    for finding in findings {
      if places[finding.message] == nil { messages.append(finding.message) }
      places[finding.message, default: []].append(finding.position.description)
    }
    return messages.map { "  \(places[$0, default: []].joined(separator: ", ")): \($0)" }
  }

  private func sources(_ configuration: Configuration) -> [String] {
    let local = configuration.local
    let taken = local.mustBeNamed ? "for actions that name it" : "for all actions"
    let last = local.isEnabled ? ["source \(local.name): what is published to the daemon itself, \(taken)"] : []
    let brokers = configuration.sources.map { source in
      let address = source.consumer.address
      let hosts = address.hosts.map { "\($0.name):\($0.port)" }.joined(separator: ", ")
      let queues = source.consumer.queues.map(\.name).joined(separator: ", ")
      let note = source.isConsumed ? "" : " - NOT consumed: no enabled action can match its events"
      return
        "source \(source.name): \(address.user)@\(hosts) virtual host \(address.virtualHost), queues \(queues)\(note)"
    }
    return brokers + last
  }

  private func actions(_ configuration: Configuration) -> [String] {
    configuration.actions.map { action in
      let words = action.command.words.map { String(decoding: $0, as: UTF8.self) }
      let parameters = action.parameters.map(\.description)
      let tags = action.tags.isEmpty ? "" : " with the tags \(action.tags.joined(separator: ", "))"
      let mode = action.mode == .enabled ? "" : " (\(action.mode.rawValue))"
      return
        "action \(action.name)\(mode): \(action.events.words)\(tags) runs \((words + parameters).joined(separator: " "))"
    }
  }

  private func groups(_ configuration: Configuration) -> [String] {
    let groups = configuration.groups.groups
    let configured = groups.filter { !$0.isShipped }.map { group in
      let events = group.patterns.map(\.description) + group.regexes.map(\.description)
      return "group \(group.name) (\(group.level.rawValue)): \(events.joined(separator: ", "))"
    }
    let shipped = groups.filter(\.isShipped).map { "\($0.name) (\($0.level.rawValue))" }
    return configured + (shipped.isEmpty ? [] : ["groups that come with onevent: \(shipped.joined(separator: ", "))"])
  }

  private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  // MARK: JSON

  var json: String {
    let rows =
      problems.map { Self.json("error", $0.position, $0.message) }
      + findings.map { Self.json($0.kind.rawValue, $0.position, $0.message) }
    return """
      {"good":\(configuration != nil),"findings":[\(rows.joined(separator: ","))],\
      "brokers":[\(looks.map(\.json).joined(separator: ","))]}
      """
  }

  private static func json(_ kind: String, _ position: SourcePosition, _ message: String) -> String {
    """
    {"kind":\(quoted(kind)),"file":\(quoted(position.file)),"line":\(position.line),"column":\(position.column),\
    "message":\(quoted(message))}
    """
  }
}

extension CheckReport.SourceLook {
  fileprivate var lines: [String] {
    switch findings {
    case .failure(let error): return ["broker of source \(name): cannot be asked: \(error)"]
    case .success(let findings):
      return ["broker of source \(name): \(findings.product) at \(findings.host)"]
        + findings.queues.map { "  queue \($0.name): \($0.state.words)" }
    }
  }

  fileprivate var json: String {
    switch findings {
    case .failure(let error): return "{\"source\":\(quoted(name)),\"error\":\(quoted("\(error)"))}"
    case .success(let findings):
      let queues = findings.queues.map { "{\"queue\":\(quoted($0.name)),\($0.state.json)}" }
      return """
        {"source":\(quoted(name)),"host":\(quoted(findings.host)),"product":\(quoted(findings.product)),\
        "queues":[\(queues.joined(separator: ","))]}
        """
    }
  }
}

extension QueueInspector.QueueState {
  fileprivate var words: String {
    switch self {
    case .present(let messages, let consumers):
      let competition = consumers > 0 ? " (each of them takes a part of the messages)" : ""
      return "\(messages) messages wait, \(consumers) other consumers\(competition)"
    case .absent(let reason): return "not there yet: \(reason)"
    case .closed(let reason): return "cannot be looked at: \(reason)"
    }
  }

  fileprivate var json: String {
    switch self {
    case .present(let messages, let consumers):
      "\"state\":\"present\",\"messages\":\(messages),\"consumers\":\(consumers)"
    case .absent(let reason): "\"state\":\"absent\",\"reason\":\(quoted(reason))"
    case .closed(let reason): "\"state\":\"closed\",\"reason\":\(quoted(reason))"
    }
  }
}

extension EventSelection {
  fileprivate var words: String {
    let all =
      patterns.map(\.description) + regexes.map(\.description) + (unmatched ? ["@unmatched"] : [])
      + exclusions.map { "!\($0.description)" } + excludedRegexes.map { "!\($0.description)" }
    return all.joined(separator: ", ")
  }
}
