// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import Glibc

extension Delivery.Properties {
  /// Copies what is set out of the library's memory.
  ///
  /// What is not UTF-8 has no text, rather than another one: such a message id is none, such a header is null. Headers
  /// that hold tables or lists, or whose names are not UTF-8, are left out: there is no place for them.
  init(_ properties: UnsafePointer<amqp_basic_properties_t>, repeated: inout RepeatedTexts) {
    let flags = properties.pointee._flags
    func isSet(_ flag: Int32) -> Bool { flags & amqp_flags_t(flag) != 0 }
    if isSet(AMQP_BASIC_MESSAGE_ID_FLAG) { messageID = Reply.exactText(properties.pointee.message_id) }
    if isSet(AMQP_BASIC_CONTENT_TYPE_FLAG) {
      contentType = RepeatedTexts.text(properties.pointee.content_type, last: &repeated.contentType)
    }
    if isSet(AMQP_BASIC_CONTENT_ENCODING_FLAG) {
      contentEncoding = RepeatedTexts.text(properties.pointee.content_encoding, last: &repeated.contentEncoding)
    }
    guard isSet(AMQP_BASIC_HEADERS_FLAG), let entries = properties.pointee.headers.entries else { return }
    let count = Int(max(0, properties.pointee.headers.num_entries))
    headers.reserveCapacity(count)
    for entry in UnsafeBufferPointer(start: entries, count: count) {
      guard let value = HeaderValue(entry.value), let name = Reply.exactText(entry.key) else { continue }
      headers.append((name: name, value: value))
    }
  }
}

/// Texts that are the same in nearly every message, made into strings only when they change.
struct RepeatedTexts {
  var contentType = ""
  var contentEncoding = ""

  @inline(__always)
  static func text(_ bytes: amqp_bytes_t, last: inout String) -> String {
    let isSame = last.utf8.withContiguousStorageIfAvailable { utf8 in
      guard utf8.count == bytes.len else { return false }
      guard let one = utf8.baseAddress, let other = bytes.bytes else { return bytes.len == 0 }
      return memcmp(one, other, bytes.len) == 0
    }
    if isSame != true { last = Reply.text(bytes) }
    return last
  }
}

extension HeaderValue {
  fileprivate init?(_ field: amqp_field_value_t) {
    let value = field.value
    switch amqp_field_value_kind_t(UInt32(field.kind)) {
    case AMQP_FIELD_KIND_BOOLEAN: self = .boolean(value.boolean != 0)
    case AMQP_FIELD_KIND_I8: self = .number(String(value.i8))
    case AMQP_FIELD_KIND_U8: self = .number(String(value.u8))
    case AMQP_FIELD_KIND_I16: self = .number(String(value.i16))
    case AMQP_FIELD_KIND_U16: self = .number(String(value.u16))
    case AMQP_FIELD_KIND_I32: self = .number(String(value.i32))
    case AMQP_FIELD_KIND_U32: self = .number(String(value.u32))
    case AMQP_FIELD_KIND_I64: self = .number(String(value.i64))
    case AMQP_FIELD_KIND_U64, AMQP_FIELD_KIND_TIMESTAMP: self = .number(String(value.u64))
    case AMQP_FIELD_KIND_F32: self = .number("\(value.f32)")
    case AMQP_FIELD_KIND_F64: self = .number("\(value.f64)")
    case AMQP_FIELD_KIND_DECIMAL:
      self = .number(Self.decimal(value.decimal.value, places: Int(value.decimal.decimals)))
    case AMQP_FIELD_KIND_UTF8, AMQP_FIELD_KIND_BYTES: self = Reply.exactText(value.bytes).map { .text($0) } ?? .null
    case AMQP_FIELD_KIND_VOID: self = .null
    default: return nil
    }
  }

  /// The number with a point before its last digits: 1234 with 2 places is 12.34.
  static func decimal(_ value: UInt32, places: Int) -> String {
    guard places > 0 else { return String(value) }
    let digits = String(value)
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return "\(padded.dropLast(places)).\(padded.suffix(places))"
  }
}
