// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Reads the messages of an event stream from its bytes, however they are cut.
///
/// As the HTML standard has it (section 9.2.6), but for lines that end with a carriage return alone, which no daemon
/// of ours sends.
struct StreamParser {
  struct Message: Equatable {
    /// Where the stream is now; nil where it says nothing of that.
    var id: String?
    /// Nil in a message without data.
    var name: String?
    var data: [UInt8] = []
  }

  /// A line that is no stream's.
  struct TooLong: Error {}

  /// Bytes of one message at most: many times what a daemon sends.
  private static let limit = 64 << 10

  private var line: [UInt8] = []
  private var message = Message()
  private var hasData = false
  private var size = 0

  /// Takes the next bytes and hands over each message that ends in them.
  mutating func take(_ bytes: some Sequence<UInt8>, _ handle: (Message) -> Void) throws(TooLong) {
    for byte in bytes {
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        size += 1
        guard size <= Self.limit else { throw TooLong() }
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if line.isEmpty { end(handle) } else { takeLine() }
      line.removeAll(keepingCapacity: true)
    }
  }

  mutating func take(_ buffer: ByteBuffer, _ handle: (Message) -> Void) throws(TooLong) {
    try take(buffer.readableBytesView, handle)
  }

  private mutating func end(_ handle: (Message) -> Void) {
    if hasData, message.name == nil { message.name = "message" }
    if !hasData { message.name = nil }
    if hasData || message.id != nil { handle(message) }
    message = Message()
    hasData = false
    size = 0
  }

  private mutating func takeLine() {
    // A comment has nothing before its colon.
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    var value = line[colon...].dropFirst()
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    switch String(decoding: line[..<colon], as: UTF8.self) {
    case "id": message.id = String(decoding: value, as: UTF8.self)
    case "event": message.name = String(decoding: value, as: UTF8.self)
    case "data":
      if hasData { message.data.append(UInt8(ascii: "\n")) }
      message.data += value
      hasData = true
    default: break
    }
  }
}
