// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Scripts

@Suite struct DeadlineQueueTests {
  @Test("Deadlines come in their order, and not before their time")
  func order() {
    var queue = DeadlineQueue()
    for key in [5, 1, 4, 2, 3] as [UInt64] { queue.set(Moment(nanoseconds: key * 10), for: key) }
    #expect(queue.first == Moment(nanoseconds: 10))
    #expect(queue.popDue(at: Moment(nanoseconds: 9)) == nil)
    #expect(queue.popDue(at: Moment(nanoseconds: 25)) == 1)
    #expect(queue.popDue(at: Moment(nanoseconds: 25)) == 2)
    #expect(queue.popDue(at: Moment(nanoseconds: 25)) == nil)
    #expect(queue.first == Moment(nanoseconds: 30))
  }

  @Test("It agrees with a plain table over 20 000 random operations")
  func againstTable() {
    var random = SystemRandomNumberGenerator()
    var queue = DeadlineQueue()
    var table: [UInt64: UInt64] = [:]
    for _ in 0..<20_000 {
      let key = UInt64.random(in: 0..<40, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0, 1:
        let moment = UInt64.random(in: 0..<1_000, using: &random)
        queue.set(Moment(nanoseconds: moment), for: key)
        table[key] = moment
      case 2:
        queue.remove(key)
        table[key] = nil
      default:
        let now = UInt64.random(in: 0..<1_000, using: &random)
        let due = queue.popDue(at: Moment(nanoseconds: now))
        let earliest = table.values.min()
        guard let due else {
          #expect(earliest.map { $0 > now } ?? true)
          break
        }
        #expect(table[due] == earliest)
        #expect((earliest ?? .max) <= now)
        table[due] = nil
      }
      #expect(queue.first?.nanoseconds == table.values.min())
      #expect(queue.isEmpty == table.isEmpty)
    }
  }
}
