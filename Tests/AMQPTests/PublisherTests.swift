// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@testable import AMQP

@Suite struct PublisherTests {
  @Test("A published message lies in the queue with its properties, persistent")
  func publishes() throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue, exclusive: true)

    let publisher = try Publisher(broker.address)
    var message = OutgoingMessage(body: Array("{\"a\": 1}".utf8), exchange: "", routingKey: queue)
    message.messageID = "id-1"
    message.headers = [("ce-type", "a.b"), ("x-empty", "")]
    try publisher.publish(message)
    publisher.close()

    let arrived = try #require(try session.get(queue))
    #expect(arrived.text == "{\"a\": 1}")
    #expect(arrived.routingKey == queue)
    #expect(arrived.properties.contentType == "application/json")
    #expect(arrived.properties.contentEncoding == "utf-8")
    #expect(arrived.properties.messageID == "id-1")
    #expect(arrived.properties.persistent)
    #expect(arrived.properties.headers.map(\.name) == ["ce-type", "x-empty"])
    #expect(arrived.properties.headers.map(\.value) == [.text("a.b"), .text("")])
    #expect(try session.get(queue) == nil)
  }

  @Test("A body of many frames and one of none arrive whole", arguments: [0, 1, 131_064, 131_065, 1_000_000])
  func publishesAnySize(_ size: Int) throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue, exclusive: true)
    let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try Publisher(broker.address).publish(OutgoingMessage(body: body, exchange: "", routingKey: queue))
    #expect(try session.get(queue)?.body == body)
  }

  @Test("What fits no queue is an error with the broker's words, and the next message goes")
  func tellsOfUnroutable() throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue, exclusive: true)
    let publisher = try Publisher(broker.address)

    let nowhere = OutgoingMessage(body: Array("x".utf8), exchange: "amq.topic", routingKey: "no.such.\(queue)")
    for _ in 1...2 {
      #expect(
        throws: PublishError.returned(
          exchange: "amq.topic", routingKey: "no.such.\(queue)", code: 312, text: "NO_ROUTE")
      ) { try publisher.publish(nowhere) }
    }
    try publisher.publish(OutgoingMessage(body: Array("y".utf8), exchange: "", routingKey: queue))
    #expect(try session.get(queue)?.text == "y")
  }

  @Test("A missing exchange is an error with the broker's words, and the next message goes")
  func tellsOfMissingExchange() throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(queue, exclusive: true)
    let publisher = try Publisher(broker.address)

    let error = #expect(throws: PublishError.self) {
      try publisher.publish(OutgoingMessage(body: [], exchange: "no-such-exchange", routingKey: "k"))
    }
    #expect(error?.description.contains("404 NOT_FOUND - no exchange 'no-such-exchange' in vhost '/'") == true)
    try publisher.publish(OutgoingMessage(body: Array("y".utf8), exchange: "", routingKey: queue))
    #expect(try session.get(queue)?.text == "y")
  }

  @Test("A full queue that refuses is told")
  func tellsOfRefusal() throws {
    let broker = try Broker.shared()
    let session = try broker.session()
    let queue = broker.uniqueName()
    try session.declareQueue(
      queue, exclusive: true, arguments: ["x-max-length": 1, "x-overflow": "reject-publish"])
    let publisher = try Publisher(broker.address)
    let message = OutgoingMessage(body: Array("x".utf8), exchange: "", routingKey: queue)
    try publisher.publish(message)
    #expect(throws: PublishError.refused(exchange: "")) { try publisher.publish(message) }
  }

  @Test("What is too long for the protocol is refused before it is sent")
  func refusesLongNames() throws {
    let broker = try Broker.shared()
    let publisher = try Publisher(broker.address)
    var message = OutgoingMessage(body: [], exchange: "", routingKey: String(repeating: "k", count: 256))
    #expect(throws: PublishError.tooLong(part: "routing key", size: 256)) { try publisher.publish(message) }
    message.routingKey = "k"
    message.headers = [(String(repeating: "ä", count: 128), "v")]
    #expect(throws: PublishError.tooLong(part: "header name", size: 256)) { try publisher.publish(message) }
  }

  @Test("The next host of a list is taken where one does not answer")
  func takesTheNextHost() throws {
    let broker = try Broker.shared()
    var address = broker.address
    address.hosts.insert(BrokerAddress.Host(name: "127.0.0.1", port: 1), at: 0)
    let publisher = try Publisher(address)
    #expect(publisher.host == "127.0.0.1:\(broker.port)")
  }

  @Test("A refused log-in is told for every host, with the broker's words")
  func tellsOfRefusedLogIn() throws {
    let broker = try Broker.shared()
    var address = broker.address
    address.password = .text("wrong")
    address.hosts.insert(BrokerAddress.Host(name: "127.0.0.1", port: 1), at: 0)
    let error = #expect(throws: NoHostReached.self) { _ = try Publisher(address) }
    #expect(error?.failures.count == 2)
    #expect(error?.failures.last?.replyCode == 403)
    #expect(error?.description.contains("ACCESS_REFUSED") == true)
    #expect(error?.description.contains("127.0.0.1:1") == true)
  }

  @Test("A broker that does not answer, or takes no messages, is given up on in time")
  func givesUp() async throws {
    try await Broker.withPrivate { broker in
      let session = try broker.session()
      let queue = broker.uniqueName()
      try session.declareQueue(queue)
      let message = OutgoingMessage(body: Array("x".utf8), exchange: "", routingKey: queue)

      let limit = Duration.milliseconds(700)
      let silent = try Publisher(broker.address, answerLimit: limit)
      try silent.publish(message)
      try broker.signal(SIGSTOP)
      #expect(throws: PublishError.unanswered(after: limit, blocked: nil)) { try silent.publish(message) }
      try broker.signal(SIGCONT)
      let afterwards = #expect(throws: PublishError.self) { try silent.publish(message) }
      #expect(afterwards?.description.contains("ended with an earlier message") == true)

      let blocked = try Publisher(broker.address, answerLimit: limit)
      try blocked.publish(message)
      try await broker.ctl("set_vm_memory_high_watermark", "0")
      #expect(throws: PublishError.unanswered(after: limit, blocked: "low on memory")) {
        try blocked.publish(message)
      }
    }
  }
}

extension Broker {
  /// Where it is, for the code under test.
  var address: BrokerAddress {
    var address = BrokerAddress()
    address.hosts = [BrokerAddress.Host(name: "127.0.0.1", port: port)]
    return address
  }
}
