// SPDX-License-Identifier: Apache-2.0

/// Matches events against a table.
///
/// Owned by one thread; keeps that thread's scratch memory.
///
/// The cost of an event is that of the filters of the actions that name its type and tags, whatever else the table holds, and
/// nothing is allocated for an event whose type was seen before. What an event's sender can make it cost is bounded:
/// see `RegexMemory`, `Glob`, `PatternTrie` and `CandidateMemo`.
package final class Matcher {
  package let table: ActionTable
  /// How many regex matches hit their limit since the start.
  package var regexLimitHits: Int { memory.regexMemory.limitHits }

  private let filters: [Filter?]
  private let memory: FilterMemory
  private let pause: () -> Void
  private var walk = PatternTrie.Walk()
  private var memo = CandidateMemo()

  /// Takes a table into use.
  ///
  /// - Parameters:
  ///   - table: The actions.
  ///   - pause: Called between conditions and within long ones, so that matching never keeps its thread from the
  ///     socket for 50 ms. Called often, so it should look at a clock first. It must not match.
  package init(_ table: ActionTable, pause: @escaping () -> Void = {}) {
    self.table = table
    self.pause = pause
    filters = table.actions.map(\.filter)
    memory = FilterMemory(pause: pause)
  }

  /// Appends the indexes of the actions that accept an event, in the order of the files.
  ///
  /// Disabled actions never do; observing ones do, and telling the two apart is the caller's business. Actions with
  /// `@unmatched` are asked only where no action accepted by its patterns.
  package func match(_ event: Event, into indexes: inout [Int]) {
    let candidates = candidates(event)
    let before = indexes.count
    for number in candidates.byPattern where holds(Int(number), event) { indexes.append(Int(number)) }
    guard indexes.count == before else { return }
    for number in candidates.fallbacks where holds(Int(number), event) { indexes.append(Int(number)) }
  }

  private func holds(_ action: Int, _ event: Event) -> Bool {
    guard let filter = filters[action] else { return true }
    return filter.truth(event, memory) == .yes
  }

  private func candidates(_ event: Event) -> EventIndex.Candidates {
    let source = table.index.namesSources ? event.envelope.source : ""
    return event.withType { type in
      var found = memo.candidates(type, source: source) {
        table.index.candidates(type, source: event.envelope.source, &walk, memory.regexMemory, pause: pause)
      }
      guard !table.index.tags.isEmpty else { return found }
      let tags = event.tags
      if !tags.isEmpty {
        table.index.addTagged(
          tags, type, source: event.envelope.source, memory.regexMemory, pause: pause, to: &found)
      }
      return found
    }
  }

  // MARK: Explaining

  /// What every action says of an event, each condition with its finding.
  package func explain(_ event: Event) -> [Verdict] {
    let candidates = candidates(event)
    var verdicts: [Verdict] = []
    for (number, action) in table.actions.enumerated() {
      let isCandidate = candidates.byPattern.contains(Int32(number))
      verdicts.append(verdict(number, action, isCandidate: isCandidate, event))
    }
    let accepted = verdicts.first { $0.answer == .matched || $0.answer == .observed }?.action
    for number in candidates.fallbacks.map(Int.init) where verdicts[number].answer == .otherEvent {
      if let accepted {
        verdicts[number].reason = "@unmatched: the action \(table.actions[accepted].name) accepts the event"
      } else {
        verdicts[number] = verdict(number, table.actions[number], isCandidate: true, event)
      }
    }
    return verdicts
  }

  private func verdict(_ number: Int, _ action: Action, isCandidate: Bool, _ event: Event) -> Verdict {
    var verdict = Verdict(action: number, answer: .otherEvent, findings: [])
    if action.mode == .disabled {
      verdict.answer = .disabled
    } else if !table.index.takes(number, source: event.envelope.source) {
      verdict.answer = .otherSource
    } else if isCandidate {
      if let finding = action.tagFinding(event) { verdict.findings.append(finding) }
      let truth = action.filter?.explain(event, memory, into: &verdict.findings) ?? .yes
      verdict.answer = truth != .yes ? .filtered : action.mode == .observe ? .observed : .matched
    } else if action.events.takes(type: event.type), let finding = action.tagFinding(event), finding.truth != .yes {
      verdict.findings.append(finding)
      verdict.answer = .filtered
    } else {
      verdict.reason = event.withType { type in
        action.events.exclusions.first { $0.matches(type) }.map { "excluded by !\($0)" }
          ?? action.events.excludedRegexes.first { $0.matches(type, memory.regexMemory) }.map { "excluded by !\($0)" }
      }
    }
    return verdict
  }
}

/// What one action says of one event.
package struct Verdict {
  package enum Answer: Equatable {
    case matched, observed, disabled, otherSource, otherEvent, filtered
  }
  package var action: Int
  package var answer: Answer
  /// Every condition in the order of the filter; empty when the event type does not match.
  package var findings: [Finding]
  /// Why, where the answer alone does not say: an exclusion, another action that accepted before `@unmatched`.
  package var reason: String?
}
