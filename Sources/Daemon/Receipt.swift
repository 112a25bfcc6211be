// SPDX-License-Identifier: Apache-2.0

import AMQP

/// Tells a source what became of its deliveries.
protocol Settler: AnyObject, Sendable {
  func settle(_ settlements: [(tag: DeliveryTag, settlement: Settlement)])
}

extension Consumer: Settler {}

/// A delivery and where it is settled.
struct Receipt: Sendable {
  var settler: any Settler
  var tag: DeliveryTag
}
