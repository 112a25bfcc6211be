// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Scripts

@Suite struct MomentTests {
  private let start = Moment(nanoseconds: 1_000_000_000)

  @Test("Advancing adds up, stops at the end of time, and never goes back")
  func advancing() {
    #expect(start.advanced(by: .milliseconds(1_500)).nanoseconds == 2_500_000_000)
    #expect(start.advanced(by: .nanoseconds(1)).nanoseconds == 1_000_000_001)
    #expect(start.advanced(by: .seconds(-5)) == start)
    #expect(start.advanced(by: .milliseconds(-5)) == start)
    #expect(start.advanced(by: .seconds(Int64.max)) == .never)
    #expect(start.advanced(by: .seconds(18_446_744_073)) == .never)
  }

  @Test("The wait is rounded up to milliseconds, and bounded")
  func milliseconds() {
    #expect(start.milliseconds(from: start) == 0)
    #expect(Moment(nanoseconds: 1).milliseconds(from: start) == 0)
    #expect(Moment(nanoseconds: 1_000_000_001).milliseconds(from: start) == 1)
    #expect(Moment(nanoseconds: 1_001_000_000).milliseconds(from: start) == 1)
    #expect(Moment(nanoseconds: 1_001_000_001).milliseconds(from: start) == 2)
    #expect(Moment(nanoseconds: .max - 1).milliseconds(from: start) == .max)
    #expect(Moment.never.milliseconds(from: start) == -1)
  }

  @Test("The time since a later moment is none")
  func since() {
    #expect(start.since(Moment(nanoseconds: 999_999_000)) == .microseconds(1))
    #expect(start.since(.never) == .zero)
  }
}
