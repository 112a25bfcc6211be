// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Inflates compressed bodies.
///
/// Owns one zlib stream while it does.
struct Inflater: ~Copyable {
  /// Inflates a body whole.
  ///
  /// - Parameters:
  ///   - body: The compressed bytes: one stream, nothing behind it.
  ///   - compression: What it is compressed with.
  ///   - limit: The size in bytes that the result may have.
  ///   - memory: Takes the result; empty after a failure.
  /// - Throws: A sentence, when the body is damaged, cut off or larger than the limit.
  func inflate(
    _ body: UnsafeRawBufferPointer, _ compression: Compression, limit: Int, into memory: inout ByteMemory
  ) throws(DecodingFailure) {
    guard var stream = ZlibStream(isBare: compression == .deflate && !Self.looksLikeZlib(body)) else {
      throw DecodingFailure("There is no memory to inflate the body.")
    }
    do {
      try stream.inflate(body, limit: limit, into: &memory)
    } catch {
      memory.clear()
      throw error
    }
  }

  /// RFC 1950, section 2.2: method 8, and a header that is divisible by 31.
  private static func looksLikeZlib(_ body: UnsafeRawBufferPointer) -> Bool {
    guard body.count >= 2 else { return true }
    return body[0] & 0x0F == 8 && (Int(body[0]) << 8 | Int(body[1])) % 31 == 0
  }
}

/// One `z_stream` that inflates.
///
/// Owns zlib's memory behind it.
private struct ZlibStream: ~Copyable {
  /// On the heap: zlib keeps a pointer to it and refuses a stream that has moved.
  private let stream: UnsafeMutablePointer<z_stream>

  init?(isBare: Bool) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window; 32 more tells gzip from zlib, a minus sign means neither.
    let bits: Int32 = isBare ? -15 : 15 + 32
    guard inflateInit2_(stream, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  mutating func inflate(
    _ body: UnsafeRawBufferPointer, limit: Int, into memory: inout ByteMemory
  ) throws(DecodingFailure) {
    guard body.count <= Int(UInt32.max) else { throw DecodingFailure("The body is longer than 4 GiB.") }
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: body.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(body.count)
    var room = min(max(body.count * 4, 65_536), limit)
    while true {
      // One byte more than allowed tells "exactly the limit" from "beyond it".
      guard memory.reserve(room + 1) else { throw DecodingFailure("There is no memory to inflate the body.") }
      var code = Z_OK
      memory.appendBytes { free in
        let count = min(free.count, Int(UInt32.max))
        stream.pointee.next_out = free.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(count)
        code = CZlib.inflate(stream, Z_NO_FLUSH)
        return count - Int(stream.pointee.avail_out)
      }
      guard memory.count <= limit else {
        throw DecodingFailure("The body inflates to more than the \(limit) bytes that are allowed.")
      }
      switch code {
      case Z_STREAM_END:
        guard stream.pointee.avail_in == 0 else {
          throw DecodingFailure("\(stream.pointee.avail_in) bytes follow the end of the compressed body.")
        }
        return
      case Z_OK where stream.pointee.avail_out == 0: room = min(max(memory.count * 2, room), limit)
      case Z_OK, Z_BUF_ERROR: throw DecodingFailure("The compressed body is cut off.")
      case Z_MEM_ERROR: throw DecodingFailure("There is no memory to inflate the body.")
      default:
        let detail = stream.pointee.msg.map { String(cString: $0) } ?? "error \(code)"
        throw DecodingFailure("The compressed body is damaged: \(detail).")
      }
    }
  }
}
