// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

/// A message between its method frame and the last of its body.
///
/// Holds no references, so that handing it around costs nothing.
struct ArrivingDelivery {
  enum Fate {
    /// To the receiver.
    case taken
    /// Back to the broker: nothing is being taken.
    case givenBack
  }

  let number: UInt64
  /// Nil for a consumer tag that is not ours, whose message is given back.
  let subscription: Int?
  let redelivered: Bool
  /// In the library's memory, or in `DeliveryNames` once buffers were released.
  var exchange: UnsafeBufferPointer<UInt8>
  var routingKey: UnsafeBufferPointer<UInt8>
  /// In the library's memory; nil before the header, and once `isCopied`.
  var properties: UnsafePointer<amqp_basic_properties_t>?
  var hasHeader = false
  /// Whether nothing of it is in the library's memory any more, as for a message of several body frames.
  var isCopied = false
  var fate = Fate.taken
}

/// Room for the exchange's name and the routing key of a message that outlives the library's buffers.
final class DeliveryNames {
  /// A short string of AMQP has 255 bytes at most.
  private static let each = 256
  private let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 2 * each)

  deinit { memory.deallocate() }

  /// Moves both names here; the ones of the message before are gone.
  func adopt(_ delivery: inout ArrivingDelivery) {
    delivery.exchange = copy(delivery.exchange, at: 0)
    delivery.routingKey = copy(delivery.routingKey, at: Self.each)
  }

  private func copy(_ name: UnsafeBufferPointer<UInt8>, at offset: Int) -> UnsafeBufferPointer<UInt8> {
    let room = UnsafeMutableBufferPointer(rebasing: memory[offset..<(offset + Self.each)])
    let (_, count) = room.update(from: name.prefix(Self.each))
    return UnsafeBufferPointer(rebasing: room.prefix(count))
  }
}
