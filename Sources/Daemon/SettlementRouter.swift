// SPDX-License-Identifier: Apache-2.0

import AMQP

/// Leads settlements to a source's consumer, which is made after the intake that it calls.
final class SettlementRouter: Settler {
  private let consumer = OnceBox<Consumer>()

  func connect(_ consumer: Consumer) { self.consumer.set(consumer) }

  func settle(_ settlements: [(tag: DeliveryTag, settlement: Settlement)]) {
    consumer.value?.settle(settlements)
  }
}
