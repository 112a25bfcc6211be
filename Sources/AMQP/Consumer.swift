// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// What to take from a broker, and how.
package struct ConsumerSettings: Sendable, Equatable {
  package var address = BrokerAddress()
  /// Shown by the broker's management as the connection's name.
  package var connectionName = "onevent"
  /// Ours, told to the broker; nothing when empty.
  package var clientVersion = ""
  package var queues: [QueueSettings] = []
  /// 1 to 65535, per queue.
  package var prefetch: UInt16 = 32
  package var heartbeat = Duration.seconds(10)
  /// Covers TCP, TLS and log-in.
  package var connectTimeout = Duration.seconds(10)
  /// Bytes; larger bodies are skipped frame by frame.
  package var maxMessageSize = 16 << 20
  /// Bytes that the receiver holds for deliveries it has not settled; past it, consuming is cancelled until half of it
  /// is free.
  ///
  /// A delivery that would pass it by its size on the wire is not taken, unless nothing else is held.
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

/// A delivery as the broker gave it.
///
/// A view: valid during `receive` only.
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
  /// Void, or a text that is not UTF-8.
  case null
}

/// Names a delivery: the number is the channel's, the generation says which channel.
package struct DeliveryTag: Sendable, Hashable {
  package var generation: UInt32
  package var number: UInt64

  package init(generation: UInt32, number: UInt64) {
    self.generation = generation
    self.number = number
  }
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

/// What a receiver does with a delivery.
package enum Reception: Sendable, Equatable {
  /// It is done: the broker is told, and nothing of it is held.
  case settle(Settlement)
  /// It is settled later through `Consumer.settle`; until then the receiver holds so many bytes for it.
  ///
  /// Counts all memory that lasts until the settlement, not only the body's copy: it is what `maxUnsettledBytes` bounds.
  case keep(bytes: Int)
}

/// Takes deliveries.
///
/// All methods are called on the consumer's thread.
package protocol DeliveryReceiver: AnyObject, Sendable {
  /// Takes one delivery.
  ///
  /// - Parameters:
  ///   - delivery: Not to be kept, nor anything that it points to.
  ///   - lookAtSocket: To be called at least every 50 ms of longer work: keeps the heartbeats. Costs no more than a
  ///     look at the clock when it is called more often; does nothing once the connection is gone.
  /// - Returns: What the broker is told, or what it costs that it is told later.
  func receive(_ delivery: Delivery, lookAtSocket: @escaping () -> Void) -> Reception
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
  /// A retiring consumer takes nothing more: what it gave back is in the queues again.
  case drained
  case warning(String)
  case stopped
}

/// Consumes queues of one broker for ever, on a thread of its own, through losses of every kind.
package final class Consumer: Sendable {
  private let settings: ConsumerSettings
  private let timing: ConsumerTiming
  private let receiver: any DeliveryReceiver
  private let observe: @Sendable (ConsumerEvent) -> Void
  private let beat: @Sendable (Duration) -> Void
  private let mailbox = Mailbox()
  private let interrupter = Interrupter()
  private let ended = EventDescriptor()
  private let thread = Mutex(ThreadState.notStarted)

  private enum ThreadState {
    case notStarted
    case starting
    case running(pthread_t)
  }

  /// - Parameters:
  ///   - settings: What to take from where.
  ///   - receiver: Called on the consumer's thread only.
  ///   - beat: Called at every turn of the consumer's thread, with the time within which it is called again, whatever
  ///     the broker does. Not called any more once `observe` was told `stopped`.
  ///   - observe: Told what happens, on the consumer's thread only; must not block.
  package convenience init(
    _ settings: ConsumerSettings, receiver: any DeliveryReceiver,
    beat: @escaping @Sendable (_ within: Duration) -> Void = { _ in },
    observe: @escaping @Sendable (ConsumerEvent) -> Void
  ) {
    self.init(settings, timing: ConsumerTiming(), receiver: receiver, beat: beat, observe: observe)
  }

  init(
    _ settings: ConsumerSettings, timing: ConsumerTiming, receiver: any DeliveryReceiver,
    beat: @escaping @Sendable (_ within: Duration) -> Void = { _ in },
    observe: @escaping @Sendable (ConsumerEvent) -> Void
  ) {
    self.settings = settings
    self.timing = timing
    self.receiver = receiver
    self.beat = beat
    self.observe = observe
  }

  /// A forgotten consumer ends without being waited for.
  deinit {
    mailbox.close()
    interrupter.interruptConnecting()
  }

  /// Begins to connect; a second call does nothing.
  package func start() {
    let isFirst = thread.withLock { state in
      guard case .notStarted = state else { return false }
      state = .starting
      return true
    }
    guard isFirst else { return }
    let (settings, timing, receiver, beat, observe) = (settings, timing, receiver, beat, observe)
    let (mailbox, interrupter, ended) = (mailbox, interrupter, ended)
    let status = ServiceThread.start(named: "onevent-broker") { [weak self] in
      self?.thread.withLock { $0 = .running(pthread_self()) }
      ConsumerLoop(
        settings, timing: timing, receiver: receiver, beat: beat, observe: observe, mailbox: mailbox,
        interrupter: interrupter
      ).run()
      ended.signal()
    }
    if status != 0 {
      observe(.lost(reason: "no thread for the connection: \(describe(errno: status))"))
      observe(.stopped)
      ended.signal()
    }
  }

  /// Settles deliveries, from any thread.
  ///
  /// Tags of an earlier generation are dropped: the broker has given these deliveries out again.
  package func settle(_ settlements: [(tag: DeliveryTag, settlement: Settlement)]) {
    if !settlements.isEmpty { mailbox.settle(settlements) }
  }

  /// Cancels the subscriptions and keeps the connection, so that what was taken can be settled.
  ///
  /// From any thread. A connection that is lost after this is not made anew: the broker has given everything out again.
  package func stopTaking() {
    mailbox.stopTaking()
  }

  /// Takes nothing for now, with the reason; nil = takes again.
  ///
  /// From any thread. The subscriptions are cancelled, the connection is served on, and what the receiver keeps can be
  /// settled. Deliveries that are on their way are given back.
  package func hold(_ reason: String?) {
    mailbox.hold(reason)
  }

  /// Takes nothing more, and ends by itself once everything that was taken is settled.
  ///
  /// From any thread. `drained` is observed as soon as another consumer may take over the queues without turning the
  /// order of events round, `stopped` at the end. A connection that is lost meanwhile is not made anew.
  package func retire() {
    mailbox.retire()
    interrupter.interruptConnecting()
  }

  /// Begins what `close` waits for.
  package func announceClose() {
    mailbox.close()
    interrupter.interruptConnecting()
  }

  /// Sends what is to be settled, returns the rest, closes, and ends the thread.
  ///
  /// Waits for it, but not for a broker that does not answer: after a few seconds the connection is cut. Called on the
  /// consumer's own thread it does not wait.
  package func close() {
    announceClose()
    switch thread.withLock({ $0 }) {
    case .notStarted: return
    case .running(let own) where pthread_equal(own, pthread_self()) != 0: return
    case .starting, .running: break
    }
    if ended.wait(atMost: timing.closing + .seconds(1)) { return }
    interrupter.interrupt()
    // What is left can only be a library call that nothing interrupts; its limit ends it, and with it the thread.
    _ = ended.wait(atMost: .seconds(1))
  }
}
