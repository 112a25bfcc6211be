// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Testing

@testable import AMQP

@Suite struct QueueInspectorTests {
  @Test("Each queue is seen as it is, in the order of the question")
  func looks() throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let (full, empty, missing, own) = (
      broker.uniqueName("full"), broker.uniqueName("empty"), broker.uniqueName("missing"), broker.uniqueName("own")
    )
    try session.declareQueue(full, durable: true, arguments: ["x-queue-type": "quorum"])
    defer { try? session.deleteQueue(full) }
    try session.declareQueue(empty)
    defer { try? session.deleteQueue(empty) }
    try session.declareQueue(own, exclusive: true)
    try session.publish([[1], [2], [3]], routingKey: full)

    let findings = try QueueInspector.look(at: [missing, full, own, empty, ""], of: broker.address)
    #expect(findings.host == "127.0.0.1:\(broker.port)")
    #expect(findings.product.hasPrefix("RabbitMQ 3."))
    #expect(findings.queues.map(\.name) == [missing, full, own, empty, ""])
    let states = findings.queues.map(\.state)
    #expect(states[0] == .absent(reason: "404 NOT_FOUND - no queue '\(missing)' in vhost '/'"))
    #expect(states[1] == .present(messages: 3, consumers: 0))
    guard case .closed(let reason) = states[2] else {
      Issue.record("an exclusive queue of another connection was seen as \(states[2])")
      return
    }
    #expect(reason.hasPrefix("405 RESOURCE_LOCKED"))
    #expect(states[3] == .present(messages: 0, consumers: 0))
    #expect(states[4] == .absent(reason: "a queue's name has 1 to 255 bytes, not 0"))
  }

  @Test("A look declares nothing and takes nothing")
  func leavesNothing() throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let (present, missing) = (broker.uniqueName(), broker.uniqueName("missing"))
    try session.declareQueue(present, exclusive: false)
    defer { try? session.deleteQueue(present) }
    try session.publish("x", routingKey: present)
    // The detector: a session does see a queue and its message.
    #expect(try session.queueDepth(present)?.ready == 1)

    _ = try QueueInspector.look(at: [missing, present], of: broker.address)
    #expect(try session.queueDepth(missing) == nil)
    #expect(try session.queueDepth(present)?.ready == 1)
    #expect(try session.get(present)?.redelivered == false)
  }

  @Test("A virtual host that does not exist is told in the broker's words")
  func tellsOfTheVirtualHost() throws {
    let broker = try Broker.shared()
    var address = broker.address
    address.virtualHost = "no-such-vhost"
    let error = #expect(throws: NoHostReached.self) { try QueueInspector.look(at: ["q"], of: address) }
    #expect(error?.failures.first?.replyCode == 530)
    #expect(error?.description.contains("vhost no-such-vhost not found") == true, "\(error?.description ?? "")")
  }
}
