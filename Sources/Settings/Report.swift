// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// Collects what a load finds.
///
/// Belongs to one load, on one thread.
/// A value that several sections inherit is read once for each of them; what is wrong with it is kept once.
final class Report {
  private(set) var problems: [ConfigProblem] = []
  private(set) var findings: [ConfigFinding] = []
  private var seenProblems: Set<String> = []
  private var seenFindings: Set<ConfigFinding> = []

  func problem(at position: SourcePosition, _ message: String) {
    add(ConfigProblem(position: position, message: Self.sentence(message)))
  }

  func add(_ problem: ConfigProblem) {
    if seenProblems.insert(problem.description).inserted { problems.append(problem) }
  }

  func finding(_ kind: ConfigFinding.Kind, at position: SourcePosition, _ message: String) {
    let finding = ConfigFinding(kind, at: position, Self.sentence(message))
    if seenFindings.insert(finding).inserted { findings.append(finding) }
  }

  /// A message with a capital letter at its beginning and a full stop at its end.
  private static func sentence(_ message: String) -> String {
    guard let first = message.first, let last = message.last else { return message }
    let end = last.isPunctuation && ".?!…".contains(last) ? "" : "."
    return first.uppercased() + message.dropFirst() + end
  }

  /// Puts everything in the order in which a person reads the files.
  ///
  /// - Parameter files: The files in the order in which they were read; places outside of them come last.
  func sort(files: [String]) {
    let ranks = Dictionary(files.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    func rank(_ position: SourcePosition) -> (Int, Int, Int) {
      (ranks[position.file] ?? Int.max, position.line, position.column)
    }
    problems = Self.stablySorted(problems) { rank($0.position) }
    findings = Self.stablySorted(findings) { rank($0.position) }
  }

  private static func stablySorted<Element>(
    _ elements: [Element], by rank: (Element) -> (Int, Int, Int)
  ) -> [Element] {
    elements.enumerated().sorted { left, right in
      let (first, second) = (rank(left.element), rank(right.element))
      return first == second ? left.offset < right.offset : first < second
    }.map(\.element)
  }
}
