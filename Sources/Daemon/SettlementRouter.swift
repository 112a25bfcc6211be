// SPDX-License-Identifier: Apache-2.0

import AMQP
import Synchronization

/// Leads settlements to a source's consumer, which is made after the intake that it calls.
final class SettlementRouter: Settler {
  private let consumer = Mutex<Consumer?>(nil)

  func connect(_ consumer: Consumer) { self.consumer.withLock { $0 = consumer } }

  /// Lets go of a consumer that has stopped: it holds the intake that holds this.
  func disconnect() { consumer.withLock { $0 = nil } }

  func settle(_ settlements: [(tag: DeliveryTag, settlement: Settlement)]) {
    consumer.withLock { $0 }?.settle(settlements)
  }
}
