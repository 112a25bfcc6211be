// SPDX-License-Identifier: Apache-2.0

/// The indexes by which runs of an action, or in some states, are found.
struct RunWays {
  /// Its number in the journal; nil = of any.
  var action: Int64?
  /// None = in any.
  var states: [RunState]

  /// What holds for such a run.
  var terms: [String] {
    (action.map { ["r.action = \($0)"] } ?? [])
      + (states.isEmpty ? [] : ["r.state IN (\(SQLList.of(states)))"])
  }

  /// Whether each branch brings its runs in the order of their numbers.
  ///
  /// Runs that are open stand in their index by their place, runs of any action or state by these first.
  var isOrdered: Bool {
    guard !states.isEmpty else { return false }
    return states.allSatisfy { action == nil ? Self.attention.contains($0) : $0.isEnded }
  }

  /// The branches, each with the term without which SQLite does not use its index.
  func branches(key: String) -> [Branch] {
    let ofAction = action.map { ["r.action = \($0)"] } ?? ["r.action IN (SELECT id FROM actions)"]
    func ended(_ more: [String]) -> Branch {
      Branch(
        source: "runs r INDEXED BY runs_ended", key: key,
        terms: [RunState.ended("r.state")] + ofAction + more)
    }
    func open(_ more: [String]) -> Branch {
      Branch(
        source: "runs r INDEXED BY runs_open", key: key,
        terms: ["r.ended IS NULL"] + (action == nil ? [] : ofAction) + more)
    }
    guard !states.isEmpty else { return [ended([]), open([])] }
    var branches: [Branch] = []
    var others: [RunState] = []
    for state in RunState.allCases where states.contains(state) {
      let term = "r.state = '\(state.rawValue)'"
      if action == nil, Self.attention.contains(state) {
        branches.append(Branch(source: "runs r INDEXED BY runs_attention", key: key, terms: [term]))
      } else if state.isEnded {
        branches.append(ended([term]))
      } else {
        others.append(state)
      }
    }
    if !others.isEmpty { branches.append(open(["r.state IN (\(SQLList.of(others)))"])) }
    return branches
  }

  /// The states that have an index of their own: somebody has to look at such runs.
  private static let attention: [RunState] = [.failed, .held, .refused, .expired]
}
