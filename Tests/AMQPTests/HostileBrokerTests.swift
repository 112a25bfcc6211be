// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@testable import AMQP

@Suite struct HostileBrokerTests {
  @Test("a connection that ends after any byte of a session is told and made anew")
  func everyOffset() async throws {
    try await FakeBroker.run(.sweep) { broker in
      try await ConsumerHarness.run(broker.patientSettings(), timing: .hurried) { harness in
        try await waitUntil("alive at last", timeout: .seconds(120)) { harness.taken.contains { $0.text == "alive" } }
        // The count includes the session that was served well.
        let ends = harness.losses.count + 1
        #expect(ends > 200)
        try await waitUntil("the broker wrote it down") { !broker.log.isEmpty }
        #expect(broker.log == ["ended after each of \(ends) counts of bytes"])
        #expect(harness.losses.allSatisfy { !$0.isEmpty })
        #expect(harness.events.count { if case .retrying = $0 { true } else { false } } == harness.losses.count)
      }
    }
  }

  @Test("a close that is followed by the end is told with the broker's words, though a receiver was at work")
  func farewell() async throws {
    try await FakeBroker.run(.farewell) { broker in
      try await ConsumerHarness.run(
        broker.patientSettings(), timing: .hurried,
        decide: { taken, lookAtSocket in
          guard taken.text == "slow" else { return .accepted }
          let end = Instant.now.advanced(by: .milliseconds(400))
          while Instant.now < end {
            usleep(5_000)
            lookAtSocket()
          }
          return .accepted
        },
        { harness in
          try await waitUntil("alive at last") { harness.taken.contains { $0.text == "alive" } }
          #expect(harness.losses.count == 1)
          #expect(harness.losses.first?.contains("320 CONNECTION_FORCED - farewell") == true)
        })
    }
  }

  @Test("whatever a broker sends, the consumer lives, and reads on or connects anew")
  func faults() async throws {
    try await FakeBroker.run(.faults) { broker in
      var settings = broker.settings()
      settings.maxMessageSize = 1 << 20
      try await ConsumerHarness.run(settings, timing: .hurried) { harness in
        try await waitUntil("alive at last", timeout: .seconds(120)) { harness.taken.contains { $0.text == "alive" } }
        let log = broker.log
        #expect(log.count >= 26)
        #expect(log.filter { !$0.hasSuffix(": closed") && !$0.hasSuffix(": survived") } == [])
        for survived in ["headers nested 18 000 deep", "a message for nobody"] {
          #expect(log.contains("\(survived): survived"))
        }
        #expect(harness.taken.contains { $0.text == "deep" })
        #expect(!harness.taken.contains { $0.text == "twice" || $0.text == "zero" || $0.text == "nobody's" })
        for words in ["406 PRECONDITION_FAILED - fake", "320 CONNECTION_FORCED - fake", "broke the protocol"] {
          #expect(harness.losses.contains { $0.contains(words) }, "\(words)")
        }
      }
    }
  }
}
