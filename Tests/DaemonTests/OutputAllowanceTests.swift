// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Daemon

@Suite struct OutputAllowanceTests {
  private let start = ContinuousClock.now

  /// Takes lines until one is refused; returns how many there were.
  private func exhaust(_ allowance: inout OutputAllowance, at moment: ContinuousClock.Instant, line: Int = 1000) -> Int
  {
    for taken in 0... {
      switch allowance.take(line, now: { moment }) {
      case .taken, .resumed: continue
      case .exhausted, .leftOut: return taken
      }
    }
    return .max
  }

  @Test("a burst is taken whole, and what is beyond is left out and counted")
  func burst() {
    var allowance = OutputAllowance()
    #expect(exhaust(&allowance, at: start) == OutputAllowance.burst / (1000 + OutputAllowance.lineCost))
    #expect(allowance.take(1000, now: { start }) == .leftOut)
    #expect(allowance.untold == .init(lines: 2, bytes: 2000))
  }

  @Test("after a pause lines are taken anew, and it is told what was left out in between")
  func resumption() {
    var allowance = OutputAllowance()
    _ = exhaust(&allowance, at: start)
    // Too early: a flood would let through one line in hundreds.
    #expect(allowance.take(10, now: { start + .seconds(1) }) == .leftOut)
    #expect(allowance.take(10, now: { start + .seconds(6) }) == .resumed(.init(lines: 2, bytes: 1010)))
    #expect(allowance.take(10, now: { start + .seconds(6) }) == .taken)
    #expect(allowance.untold == .init())
  }

  @Test("a script that prints steadily below the rate is never cut, however long it runs")
  func steady() {
    var allowance = OutputAllowance()
    let perSecond = OutputAllowance.rate / (100 + OutputAllowance.lineCost)
    var isCut = false
    for second in 0..<300 {
      for _ in 0..<perSecond where allowance.take(100, now: { start + .seconds(second) }) != .taken { isCut = true }
    }
    #expect(!isCut)
  }

  @Test("a flood gets no more than the rate in the long run, and every line is accounted for")
  func flood() {
    var allowance = OutputAllowance()
    var (taken, told) = (0, 0)
    for millisecond in 0..<60_000 {
      switch allowance.take(2000, now: { start + .milliseconds(millisecond) }) {
      case .taken: taken += 1
      case .resumed(let leftOut): (taken, told) = (taken + 1, told + leftOut.lines)
      case .exhausted, .leftOut: break
      }
    }
    let cost = 2000 + OutputAllowance.lineCost
    #expect(taken * cost <= OutputAllowance.burst + 60 * OutputAllowance.rate)
    #expect(taken + told + allowance.untold.lines == 60_000)
  }
}
