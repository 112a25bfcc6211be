// SPDX-License-Identifier: Apache-2.0

import Events

/// What every action says of one event, for people.
extension Explanation {
  var text: String {
    var lines = facts.map { "\($0.name.padded(to: 8)) \($0.value)" }
    if isIgnored { lines.append("This type is ignored by the source (ignore_events): no action sees it.") }
    for entry in entries {
      lines.append("")
      lines.append("action \(entry.action.name) (\(entry.action.place)): \(entry.verdict.answer.words)")
      for finding in entry.verdict.findings { lines.append("  \(finding.line)") }
      if entry.isExpired { lines.append("  older than max_event_age: the run would end as expired") }
      switch entry.invocation {
      case nil: break
      case .failure(let refusal): lines.append("  refused: \(refusal)")
      case .success(let invocation): lines += Self.describe(invocation, entry.action)
      }
    }
    if entries.isEmpty { lines.append("No actions are configured.") }
    return lines.joined(separator: "\n")
  }

  private static func describe(_ invocation: Invocation, _ action: Action) -> [String] {
    var lines = ["  would run \(invocation.path) in \(invocation.workingDirectory)"]
    for (index, argument) in invocation.arguments.enumerated() {
      lines.append("    argv[\(index)] \(shortened(quoted(String(decoding: argument, as: UTF8.self)), to: 500))")
    }
    for entry in invocation.environment {
      let text = String(decoding: entry, as: UTF8.self)
      lines.append("    env     \(shortened(text.printable, to: 500))")
    }
    if let input = invocation.standardInput {
      lines.append("    stdin   (\(action.standardInput.rawValue), \(input.count) bytes)")
      lines.append("      \(String(decoding: input, as: UTF8.self).printable)")
    } else {
      lines.append("    stdin   empty")
    }
    return lines
  }
}

extension Verdict.Answer {
  fileprivate var words: String {
    switch self {
    case .matched: "matched"
    case .observed: "matched, observes only: nothing would run"
    case .disabled: "disabled"
    case .otherSource: "not matched: it does not take events of this source"
    case .otherEvent: "not matched: its events do not name this type"
    case .filtered: "not matched: a condition does not hold"
    }
  }
}

extension Finding {
  fileprivate var line: String {
    let found = actual.map { "found \($0.printable)" } ?? "found nothing"
    return "\(truth.name.padded(to: 7)) \(condition.printable): \(found)\(reason.map { " (\($0))" } ?? "")"
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
