// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

/// Copies of texts and tables for the library to read during a call; freed together.
final class WireMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit {
    for block in blocks { block.deallocate() }
  }

  /// The copy is valid as long as this object, which the caller must keep past the call.
  func bytes(_ text: String) -> amqp_bytes_t {
    let utf8 = Array(text.utf8)
    let block = allocate(utf8.count, alignment: 1)
    utf8.withUnsafeBytes { block.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(block), byteCount: $0.count) }
    return amqp_bytes_t(len: utf8.count, bytes: block)
  }

  func table(_ fields: [(name: String, value: MessageProperties.Field)]) -> amqp_table_t {
    guard !fields.isEmpty else { return amqp_table_t() }
    let size = MemoryLayout<amqp_table_entry_t>.stride * fields.count
    let block = allocate(size, alignment: MemoryLayout<amqp_table_entry_t>.alignment)
    let entries = block.bindMemory(to: amqp_table_entry_t.self, capacity: fields.count)
    for (index, field) in fields.enumerated() {
      (entries + index).initialize(to: amqp_table_entry_t(key: bytes(field.name), value: value(field.value)))
    }
    return amqp_table_t(num_entries: Int32(fields.count), entries: entries)
  }

  func properties(_ properties: MessageProperties) -> amqp_basic_properties_t {
    var wire = amqp_basic_properties_t()
    wire.delivery_mode = properties.persistent ? 2 : 1
    wire._flags = Flag.deliveryMode
    if let contentType = properties.contentType {
      wire.content_type = bytes(contentType)
      wire._flags |= Flag.contentType
    }
    if let contentEncoding = properties.contentEncoding {
      wire.content_encoding = bytes(contentEncoding)
      wire._flags |= Flag.contentEncoding
    }
    if let messageID = properties.messageID {
      wire.message_id = bytes(messageID)
      wire._flags |= Flag.messageID
    }
    if !properties.headers.isEmpty {
      wire.headers = table(properties.headers)
      wire._flags |= Flag.headers
    }
    return wire
  }

  private func value(_ field: MessageProperties.Field) -> amqp_field_value_t {
    var wire = amqp_field_value_t()
    switch field {
    case .text(let text):
      wire.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
      wire.value.bytes = bytes(text)
    case .integer(let number):
      wire.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
      wire.value.i64 = number
    case .double(let number):
      wire.kind = UInt8(AMQP_FIELD_KIND_F64.rawValue)
      wire.value.f64 = number
    case .boolean(let truth):
      wire.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
      wire.value.boolean = truth ? 1 : 0
    case .null:
      wire.kind = UInt8(AMQP_FIELD_KIND_VOID.rawValue)
    case .table(let fields):
      wire.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
      wire.value.table = table(fields.map { ($0.key, .text($0.value)) })
    }
    return wire
  }

  private func allocate(_ size: Int, alignment: Int) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: max(size, 1), alignment: alignment)
    blocks.append(block)
    return block
  }
}

/// The bits of `amqp_basic_properties_t._flags`, as <amqp_framing.h> has them.
private enum Flag {
  static let contentType: amqp_flags_t = 1 << 15
  static let contentEncoding: amqp_flags_t = 1 << 14
  static let headers: amqp_flags_t = 1 << 13
  static let deliveryMode: amqp_flags_t = 1 << 12
  static let messageID: amqp_flags_t = 1 << 7
}

extension MessageProperties {
  init(_ wire: amqp_basic_properties_t) {
    let flags = wire._flags
    contentType = flags & Flag.contentType != 0 ? String(copying: wire.content_type) : nil
    contentEncoding = flags & Flag.contentEncoding != 0 ? String(copying: wire.content_encoding) : nil
    messageID = flags & Flag.messageID != 0 ? String(copying: wire.message_id) : nil
    persistent = flags & Flag.deliveryMode != 0 && wire.delivery_mode == 2
    guard flags & Flag.headers != 0 else { return }
    headers = UnsafeBufferPointer(start: wire.headers.entries, count: Int(wire.headers.num_entries)).map {
      (String(copying: $0.key), Field($0.value))
    }
  }
}

extension MessageProperties.Field {
  /// Kinds that no test publishes read as null.
  init(_ wire: amqp_field_value_t) {
    switch UInt32(wire.kind) {
    case AMQP_FIELD_KIND_UTF8.rawValue: self = .text(String(copying: wire.value.bytes))
    case AMQP_FIELD_KIND_I64.rawValue: self = .integer(wire.value.i64)
    case AMQP_FIELD_KIND_I32.rawValue: self = .integer(Int64(wire.value.i32))
    case AMQP_FIELD_KIND_F64.rawValue: self = .double(wire.value.f64)
    case AMQP_FIELD_KIND_BOOLEAN.rawValue: self = .boolean(wire.value.boolean != 0)
    case AMQP_FIELD_KIND_TABLE.rawValue:
      let entries = UnsafeBufferPointer(start: wire.value.table.entries, count: Int(wire.value.table.num_entries))
      self = .table(
        Dictionary(
          entries.map { (String(copying: $0.key), String(copying: $0.value.value.bytes)) }, uniquingKeysWith: { $1 }))
    default: self = .null
    }
  }
}

extension String {
  init(copying bytes: amqp_bytes_t) {
    self.init(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
  }
}
