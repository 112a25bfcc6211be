// SPDX-License-Identifier: Apache-2.0

/// Puts the body of one message together from its frames, within a bound that holds while they arrive.
///
/// A body of one frame is handed over where it lies. One of several is collected in a buffer that is used again for the
/// next; the buffer grows with what has arrived, never by what the header promises. A body over the limit is counted and
/// not kept.
struct BodyAssembly: ~Copyable {
  enum Progress {
    /// More frames are to come.
    case incomplete
    /// The view is valid until the next call, and as long as the last frame; nil = it was larger than the limit.
    case complete(UnsafeRawBufferPointer?)
  }

  /// Bytes of the largest body that is kept.
  let limit: Int
  /// Bytes that the header announced.
  private(set) var announced: UInt64 = 0
  private var arrived: UInt64 = 0
  private var keeps = false
  private var buffer: UnsafeMutableRawBufferPointer = .init(start: nil, count: 0)

  /// A buffer larger than this is not kept for the next message.
  static let keptCapacity = 1 << 20

  init(limit: Int) {
    self.limit = max(0, limit)
  }

  deinit { buffer.deallocate() }

  /// Begins a body with its header.
  ///
  /// - Parameters:
  ///   - size: What the header announces, as it came from the wire.
  ///   - keep: False to let the body pass by whatever its size.
  /// - Returns: Complete for an empty body, which has no frames.
  mutating func begin(size: UInt64, keep: Bool) -> Progress {
    announced = size
    arrived = 0
    keeps = keep && size <= UInt64(limit)
    if buffer.count > Self.keptCapacity {
      buffer.deallocate()
      buffer = .init(start: nil, count: 0)
    }
    if size > 0 { return .incomplete }
    return .complete(keeps ? UnsafeRawBufferPointer(start: nil, count: 0) : nil)
  }

  /// Takes the next frame.
  ///
  /// - Parameter fragment: Its payload.
  /// - Returns: The body once it is whole.
  /// - Throws: `AMQPError.protocolViolation` for more than was announced, and for an empty frame, which would never end.
  mutating func append(_ fragment: UnsafeRawBufferPointer) throws(AMQPError) -> Progress {
    let size = UInt64(fragment.count)
    guard size > 0 else { throw .protocolViolation("an empty body frame") }
    guard size <= announced - arrived else {
      throw .protocolViolation("a body longer than the \(announced) bytes that its header announced")
    }
    let before = arrived
    arrived += size
    if !keeps { return arrived == announced ? .complete(nil) : .incomplete }
    if before == 0 && arrived == announced { return .complete(fragment) }
    copy(fragment, at: Int(before))
    guard arrived == announced else { return .incomplete }
    return .complete(UnsafeRawBufferPointer(rebasing: buffer.prefix(Int(arrived))))
  }

  private mutating func copy(_ fragment: UnsafeRawBufferPointer, at offset: Int) {
    let needed = offset + fragment.count
    if needed > buffer.count {
      // Doubling what has arrived; what was announced is a bound, not a promise.
      let capacity = min(Int(announced), max(needed, buffer.count * 2, 256 << 10))
      let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
      larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.prefix(offset)))
      buffer.deallocate()
      buffer = larger
    }
    UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<needed]).copyMemory(from: fragment)
  }
}
