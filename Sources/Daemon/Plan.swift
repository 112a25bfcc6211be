// SPDX-License-Identifier: Apache-2.0

import Events
import Settings
import Synchronization

/// A configuration, with what is derived from it.
struct Plan: Sendable {
  let configuration: Configuration
  /// By name.
  let actions: [String: Action]
  let table: ActionTable
  /// The own events that actions name.
  let namedOwnEvents: Set<OwnEventType>
  /// Whether a start mark must survive a power cut, too: of an action with `on_interrupt = hold`.
  let holdsInterrupted: Bool

  init(_ configuration: Configuration) {
    self.configuration = configuration
    actions = Dictionary(configuration.actions.map { ($0.name, $0) }) { first, _ in first }
    table = configuration.table
    namedOwnEvents = Set(OwnEventType.allCases.filter { [table] in table.names($0) })
    holdsInterrupted = configuration.actions.contains { $0.onInterrupt == .hold }
  }

  /// How the bodies of a source are read; nil where it is not configured any more.
  func reading(ofSource name: String) -> EventReading? { configuration.readings.first { $0.name == name } }
}

/// The plan that holds now, for everybody who is not the journal's thread.
final class CurrentPlan: Sendable {
  private let plan: Mutex<Plan>

  init(_ plan: Plan) { self.plan = Mutex(plan) }

  var value: Plan {
    get { plan.withLock { $0 } }
    set { plan.withLock { $0 = newValue } }
  }
}
