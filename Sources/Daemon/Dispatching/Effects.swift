// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Logging
import Scripts

/// What is to happen once a transaction has been committed, in the order of its parts.
struct Effects {
  var settlements: [(receipt: Receipt, settlement: Settlement)] = []
  var starts: [(attempt: AttemptID, label: RunLabel, run: Int64, invocation: Invocation)] = []
  var endedAttempts: [AttemptID] = []
  var endedRuns: [Int64] = []
  /// Changes of how many runs of an action are pending, running or waiting.
  var counts = RunCounts()
  /// Log lines and counters.
  var notes: [() -> Void] = []

  mutating func settle(_ receipt: Receipt?, as settlement: Settlement) {
    if let receipt { settlements.append((receipt, settlement)) }
  }

  mutating func settle(_ receipts: [Receipt], as settlement: Settlement) {
    for receipt in receipts { settlements.append((receipt, settlement)) }
  }
}

/// How many runs of each action are pending, running and waiting; or by how many that changes.
struct RunCounts: Sendable {
  struct Count: Sendable {
    var pending = 0
    var running = 0
    var waiting = 0
  }

  private(set) var byAction: [String: Count] = [:]
  private(set) var total = Count()
  var held = 0
  var failed = 0

  mutating func add(_ action: String, pending: Int = 0, running: Int = 0, waiting: Int = 0) {
    byAction[action, default: Count()].pending += pending
    byAction[action, default: Count()].running += running
    byAction[action, default: Count()].waiting += waiting
    total.pending += pending
    total.running += running
    total.waiting += waiting
  }

  mutating func add(_ changes: RunCounts) {
    for (action, count) in changes.byAction {
      add(action, pending: count.pending, running: count.running, waiting: count.waiting)
    }
    held += changes.held
    failed += changes.failed
  }
}
