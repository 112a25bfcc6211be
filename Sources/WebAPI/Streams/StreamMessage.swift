// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One message of an event stream, as the HTML standard writes it (section 9.2, "Server-sent events").
struct StreamMessage {
  /// What a client says when it comes again; nil leaves what it has.
  var id: Int64?
  /// Nil in a message that only says how far the stream is.
  var name: String?
  /// One line.
  var data: [UInt8] = []

  var size: Int { data.count + 64 }

  func write(to buffer: inout ByteBuffer) {
    if let id { buffer.writeString("id: \(id)\n") }
    if let name {
      buffer.writeString("event: \(name)\ndata: ")
      buffer.writeBytes(data)
      buffer.writeString("\n")
    }
    buffer.writeString("\n")
  }

  var buffer: ByteBuffer {
    var buffer = ByteBuffer()
    write(to: &buffer)
    return buffer
  }
}

extension StreamMessage {
  /// Where the stream begins, so that whoever is cut off before the first message comes again without a gap.
  static func beginning(at id: Int64) -> ByteBuffer {
    var buffer = ByteBuffer(string: "retry: 1000\n")
    StreamMessage(id: id).write(to: &buffer)
    return buffer
  }

  /// That all is well, though nothing happens, and how far the stream is: a filter may have left much out.
  static func heartbeat(at id: Int64) -> ByteBuffer {
    var buffer = ByteBuffer(string: ": heartbeat\n")
    StreamMessage(id: id).write(to: &buffer)
    return buffer
  }

  /// That something between what the client saw and what there is now is gone; the stream goes on behind `id`.
  static func reset(at id: Int64, oldest: Int64?, newest: Int64) -> ByteBuffer {
    let data = JSONTree.object([
      ("after", .integer(id)), ("oldest", .optional(oldest, JSONTree.integer)), ("newest", .integer(newest)),
    ])
    return StreamMessage(id: id, name: "reset", data: data.encoded).buffer
  }

  /// That the client was too slow: the stream ends here, and goes on behind `id` when it comes again.
  static func behind(at id: Int64) -> ByteBuffer {
    StreamMessage(id: id, name: "behind", data: JSONTree.object([("after", .integer(id))]).encoded).buffer
  }
}
