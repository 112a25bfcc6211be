// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Journal

extension Dispatcher {
  /// Settles deliveries, those of one source together.
  func settle(_ settlements: [(receipt: Receipt, settlement: Settlement)]) {
    var bySettler: [ObjectIdentifier: (settler: any Settler, told: [(tag: DeliveryTag, settlement: Settlement)])] = [:]
    for (receipt, settlement) in settlements {
      bySettler[ObjectIdentifier(receipt.settler), default: (receipt.settler, [])].told.append(
        (receipt.tag, settlement))
    }
    for (settler, told) in bySettler.values { settler.settle(told) }
  }

  /// Makes sure that what deliveries are accepted for is on the disk, after a commit that was not synced.
  ///
  /// Rare: an event under `settle = run` whose runs were refused or held. What cannot be synced is given back.
  func secure(_ effects: inout Effects) -> SQLiteError? {
    guard effects.settlements.contains(where: { $0.settlement == .accepted }) else { return nil }
    do throws(SQLiteError) {
      try journal.transaction(isDurable: true) { () throws(SQLiteError) in
        try journal.writer.setFact("synced", String(RealTime.now.nanoseconds))
      }
      return nil
    } catch {
      for index in effects.settlements.indices { effects.settlements[index].settlement = .returned }
      return error
    }
  }
}
