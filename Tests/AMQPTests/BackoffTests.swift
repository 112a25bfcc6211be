// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AMQP

@Suite struct BackoffTests {
  @Test("the bound doubles up to the cap")
  func doubles() {
    var backoff = Backoff(base: .milliseconds(500), cap: .seconds(30))
    let waits = (0..<9).map { _ in backoff.next { 0.999_999 } }
    let bounds: [Duration] = [0.5, 1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) }
    for (wait, bound) in zip(waits, bounds) {
      #expect(wait <= bound)
      #expect(wait > bound * 0.99)
    }
  }

  @Test("the jitter is full, but no wait is so short that it would be a tight loop", arguments: [0.0, 0.25, 0.5])
  func jitter(share: Double) {
    var backoff = Backoff(base: .seconds(1), cap: .seconds(30))
    let wait = backoff.next { share }
    #expect(wait == max(.milliseconds(100), .seconds(share)))
  }

  @Test("only a connection that held for a while ends a series of failures")
  func reset() {
    var backoff = Backoff(base: .seconds(1), cap: .seconds(64), healthyAfter: .seconds(30))
    for _ in 0..<3 { _ = backoff.next { 0.5 } }
    backoff.connectionLasted(.seconds(29))
    let fourth = backoff.next { 0.5 }
    #expect(fourth == .seconds(4))
    backoff.connectionLasted(.seconds(30))
    let wait = backoff.next { 0.5 }
    #expect(wait == .milliseconds(500))
  }

  @Test("a thousand failures overflow nothing")
  func many() {
    var backoff = Backoff()
    for _ in 0..<1_000 {
      let wait = backoff.next { 1 }
      #expect(wait <= .seconds(30))
    }
  }
}
