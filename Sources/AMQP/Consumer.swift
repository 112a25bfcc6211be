// SPDX-License-Identifier: Apache-2.0

/// What to take from a broker, and how.
package struct ConsumerSettings: Sendable {
  package var address = BrokerAddress()
  /// Shown by the broker's management as the connection's name.
  package var connectionName = "onevent"
  package var queues: [QueueSettings] = []
  /// 1 to 65535, per queue.
  package var prefetch: UInt16 = 32
  package var heartbeat = Duration.seconds(10)
  /// Covers TCP, TLS and log-in.
  package var connectTimeout = Duration.seconds(10)
  /// Bytes; larger bodies are skipped frame by frame.
  package var maxMessageSize = 16 << 20
  /// Bytes of bodies taken and not settled; past it, consuming is cancelled until half of it is settled.
  package var maxUnsettledBytes = 64 << 20

  package init() {}
}

/// One queue to consume.
package struct QueueSettings: Sendable, Equatable {
  package enum Declaration: Sendable, Equatable {
    /// Only looked for, never declared.
    case passive
    case create(durable: Bool, autoDelete: Bool, type: String?, arguments: [String: String])
  }
  package struct Binding: Sendable, Equatable {
    package var exchange: String
    package var pattern: String
    package init(exchange: String, pattern: String) {
      self.exchange = exchange
      self.pattern = pattern
    }
  }
  package var name: String
  package var declaration = Declaration.passive
  /// Re-issued every 30 s and after each connect.
  package var bindings: [Binding] = []

  package init(name: String) {
    self.name = name
  }
}

/// A delivery as the broker gave it. A view: valid during `receive` only.
package struct Delivery {
  package var tag: DeliveryTag
  package var queue: String
  package var exchange: UnsafeBufferPointer<UInt8>
  package var routingKey: UnsafeBufferPointer<UInt8>
  package var redelivered: Bool
  package var properties: Properties
  /// Nil when the body is larger than `max_message_size`.
  package var body: UnsafeRawBufferPointer?
  /// Bytes, whether the body was taken or skipped.
  package var bodySize: UInt64

  package struct Properties {
    package var messageID: String?
    package var contentType: String?
    package var contentEncoding: String?
    package var headers: [(name: String, value: HeaderValue)] = []
  }
}

package enum HeaderValue: Sendable, Equatable {
  case text(String)
  /// By its decimal text.
  case number(String)
  case boolean(Bool)
  case null
}

/// Names a delivery: the number is the channel's, the generation says which channel.
package struct DeliveryTag: Sendable, Hashable {
  package var generation: UInt32
  package var number: UInt64
}

/// What the broker is told about a delivery.
package enum Settlement: Sendable, Equatable {
  /// basic.ack
  case accepted
  /// basic.nack with requeue
  case returned
  /// basic.reject without requeue
  case refused
}

/// Takes deliveries. All methods are called on the consumer's thread.
package protocol DeliveryReceiver: AnyObject, Sendable {
  /// Takes one delivery; nil = it is settled later through `Consumer.settle`.
  ///
  /// - Parameter lookAtSocket: To be called at least every 50 ms of longer work: keeps the heartbeats.
  func receive(_ delivery: Delivery, lookAtSocket: () -> Void) -> Settlement?
  /// Everything that was there has been received.
  func batchEnded()
}

/// What happened to a consumer, with the broker's own words.
package enum ConsumerEvent: Sendable, Equatable {
  case connected(host: String, product: String)
  case consuming(queue: String)
  /// The queue does not exist (yet); it is looked for until found. Told once.
  case queueMissing(queue: String)
  /// The broker ended one subscription; it is taken up again.
  case cancelled(queue: String, reason: String)
  /// The channel or connection is gone, or could not be made.
  case lost(reason: String)
  case retrying(after: Duration)
  /// The source is not read, with the reason; and read again.
  case paused(reason: String)
  case resumed
  case warning(String)
  case stopped
}

/// Consumes queues of one broker for ever, on a thread of its own, through losses of every kind.
package final class Consumer: Sendable {
  package init(
    _ settings: ConsumerSettings, receiver: any DeliveryReceiver, observe: @escaping @Sendable (ConsumerEvent) -> Void
  ) { fatalError("stub") }

  package func start() { fatalError("stub") }
  /// Settles deliveries; tags of an earlier generation are dropped. From any thread.
  package func settle(_ settlements: [(tag: DeliveryTag, settlement: Settlement)]) { fatalError("stub") }
  /// Cancels the subscriptions and keeps the connection, so that what was taken can be settled. From any thread.
  package func stopTaking() { fatalError("stub") }
  /// Sends what is to be settled, returns the rest, closes, and ends the thread. Waits for it.
  package func close() { fatalError("stub") }
}
