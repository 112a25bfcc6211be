// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AMQP
import ProgramFixture

@Suite struct SettlementLedgerTests {
  private func flushed(_ ledger: inout SettlementLedger) -> [SettlementFrame] {
    var frames: [SettlementFrame] = []
    ledger.flush { frames.append($0) }
    return frames
  }

  private func ledger(of numbers: ClosedRange<UInt64>) -> SettlementLedger {
    var ledger = SettlementLedger()
    for number in numbers {
      let isEntered = ledger.take(number)
      #expect(isEntered)
      ledger.keep(number, bytes: 10)
    }
    return ledger
  }

  @Test("a finished beginning is acknowledged with one frame")
  func finishedPrefix() {
    var ledger = ledger(of: 1...5)
    for number: UInt64 in [2, 1, 3] {
      let isEntered = ledger.settle(number, as: .accepted)
      #expect(isEntered)
    }
    let frames1 = flushed(&ledger)
    #expect(frames1 == [.acknowledge(3, multiple: true)])
    #expect(ledger.openCount == 2)
    #expect(ledger.openBytes == 20)
  }

  @Test("what finishes behind an open delivery is acknowledged singly")
  func behindAnOpenOne() {
    var ledger = ledger(of: 1...5)
    for number: UInt64 in [2, 4] { ledger.settle(number, as: .accepted) }
    let frames2 = flushed(&ledger)
    #expect(frames2 == [.acknowledge(2, multiple: false), .acknowledge(4, multiple: false)])
    ledger.settle(1, as: .accepted)
    ledger.settle(3, as: .accepted)
    // 2 and 4 were told already; telling them again would close the channel.
    let frames3 = flushed(&ledger)
    #expect(frames3 == [.acknowledge(3, multiple: true)])
  }

  @Test("returned and refused deliveries are told before an acknowledgement that would cover them")
  func mixed() {
    var ledger = ledger(of: 1...4)
    ledger.settle(1, as: .accepted)
    ledger.settle(2, as: .returned)
    ledger.settle(3, as: .refused)
    ledger.settle(4, as: .accepted)
    let frames4 = flushed(&ledger)
    #expect(frames4 == [.requeue(2), .reject(3), .acknowledge(4, multiple: true)])
    let frames5 = flushed(&ledger)
    #expect(frames5.isEmpty)
  }

  @Test("unknown numbers and second settlements are ignored")
  func ignored() {
    var ledger = ledger(of: 5...6)
    let answer6 = ledger.settle(4, as: .accepted)
    #expect(!answer6)
    let answer7 = ledger.settle(7, as: .accepted)
    #expect(!answer7)
    let answer8 = ledger.settle(5, as: .accepted)
    #expect(answer8)
    let answer9 = ledger.settle(5, as: .returned)
    #expect(!answer9)
    let frames10 = flushed(&ledger)
    #expect(frames10 == [.acknowledge(5, multiple: false)])
    let answer11 = ledger.settle(5, as: .accepted)
    #expect(!answer11)
    #expect(ledger.unsaidCount == 0)
  }

  @Test("numbers that do not count up are refused")
  func order() {
    var ledger = SettlementLedger()
    let answer12 = ledger.take(0)
    #expect(!answer12)
    let answer13 = ledger.take(3)
    #expect(answer13)
    let answer14 = ledger.take(3)
    #expect(!answer14)
    ledger.settle(3, as: .accepted)
    let frames15 = flushed(&ledger)
    #expect(frames15 == [.acknowledge(3, multiple: false)])
    let answer16 = ledger.take(2)
    #expect(!answer16)
    let answer17 = ledger.take(.max)
    #expect(answer17)
  }

  @Test("what is kept counts until it is settled, what is settled or unknown counts nothing")
  func kept() {
    var ledger = ledger(of: 1...2)
    #expect(ledger.openBytes == 20)
    ledger.keep(1, bytes: 500)
    #expect(ledger.openBytes == 510)
    ledger.keep(3, bytes: 1)
    ledger.settle(1, as: .accepted)
    ledger.keep(1, bytes: 7)
    #expect(ledger.openBytes == 10)
    ledger.keep(2, bytes: -7)
    #expect(ledger.openBytes == 0)
  }

  /// What a broker does with the frames, without any cleverness.
  private struct NaiveBroker {
    var outstanding: [UInt64] = []
    var heard: [UInt64: Settlement] = [:]
    var fault: String?

    mutating func receive(_ frame: SettlementFrame) {
      switch frame {
      case .acknowledge(let number, false): settle([number], .accepted)
      case .acknowledge(let number, true): settle(outstanding.filter { $0 <= number }, .accepted, last: number)
      case .requeue(let number): settle([number], .returned)
      case .reject(let number): settle([number], .refused)
      }
    }

    private mutating func settle(_ numbers: [UInt64], _ settlement: Settlement, last: UInt64? = nil) {
      if let last, !outstanding.contains(last) { fault = "multiple up to \(last), which is not outstanding" }
      for number in numbers {
        guard let index = outstanding.firstIndex(of: number) else {
          fault = "\(settlement) of \(number), which is not outstanding"
          continue
        }
        outstanding.remove(at: index)
        heard[number] = settlement
      }
    }
  }

  @Test("over any course of events the broker hears each settlement exactly once, and no other", arguments: 0..<60)
  func againstANaiveBroker(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    var ledger = SettlementLedger()
    var broker = NaiveBroker()
    var wanted: [UInt64: Settlement] = [:]
    var sizes: [UInt64: Int] = [:]
    var number: UInt64 = 0
    let gaps = seed.isMultiple(of: 4)

    for _ in 0..<200 {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<4:
        number += gaps ? UInt64.random(in: 1...3, using: &generator) : 1
        let size = Int.random(in: 0...1_000, using: &generator)
        let answer18 = ledger.take(number)
        #expect(answer18)
        ledger.keep(number, bytes: size)
        sizes[number] = size
        broker.outstanding.append(number)
      case 4..<8:
        let any = UInt64.random(in: 0...(number + 2), using: &generator)
        let settlement =
          [Settlement.accepted, .accepted, .accepted, .returned, .refused]
          .randomElement(using: &generator) ?? .accepted
        let isOpen = sizes[any] != nil && wanted[any] == nil
        let answer19 = ledger.settle(any, as: settlement)
        #expect(answer19 == isOpen)
        if isOpen { wanted[any] = settlement }
      default:
        ledger.flush { broker.receive($0) }
        #expect(broker.heard == wanted)
      }
      #expect(ledger.openCount == sizes.count - wanted.count)
    }
    let open = sizes.filter { wanted[$0.key] == nil }
    #expect(ledger.openBytes == open.values.reduce(0, +))
    ledger.flush { broker.receive($0) }
    #expect(broker.fault == nil)
    #expect(broker.heard == wanted)
  }
}
