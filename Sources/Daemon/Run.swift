// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events

/// One action for one event, accepted and not yet ended.
struct Run: Sendable {
  /// Stable over redeliveries: the script's idempotency key.
  var id: String
  var event: UInt64
  var eventType: String
  var action: Int
  var actionName: String
  /// The value that orders it; nil = unordered.
  var key: String?
  var invocation: Invocation
  /// A run that takes longer is told once.
  var warnAfter: Duration
}

extension Run {
  /// The bytes that runs of one event hold until they end; runs that read the same input share it.
  static func size(of runs: [Run]) -> Int {
    var size = 0
    var inputs: Set<Int> = []
    for run in runs {
      let texts = run.invocation.arguments + run.invocation.environment
      size += texts.reduce(0) { $0 + $1.count }
      guard let input = run.invocation.standardInput else { continue }
      let isNew = inputs.insert(input.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }).inserted
      size += isNew ? input.count : 0
    }
    return size
  }
}

/// Tells a source what became of its deliveries.
protocol Settler: Sendable {
  func settle(_ settlements: [(tag: DeliveryTag, settlement: Settlement)])
}

extension Consumer: Settler {}

/// A delivery and where it is settled.
struct Receipt: Sendable {
  var settler: any Settler
  var tag: DeliveryTag
}
