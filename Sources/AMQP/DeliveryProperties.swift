// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

extension Delivery.Properties {
  /// Copies what is set out of the library's memory.
  ///
  /// Headers that hold tables or lists are left out: `HeaderValue` has no place for them.
  init(_ properties: amqp_basic_properties_t) {
    let flags = properties._flags
    func isSet(_ flag: Int32) -> Bool { flags & amqp_flags_t(flag) != 0 }
    if isSet(AMQP_BASIC_MESSAGE_ID_FLAG) { messageID = Reply.text(properties.message_id) }
    if isSet(AMQP_BASIC_CONTENT_TYPE_FLAG) { contentType = Reply.text(properties.content_type) }
    if isSet(AMQP_BASIC_CONTENT_ENCODING_FLAG) { contentEncoding = Reply.text(properties.content_encoding) }
    guard isSet(AMQP_BASIC_HEADERS_FLAG), let entries = properties.headers.entries else { return }
    let count = Int(max(0, properties.headers.num_entries))
    headers.reserveCapacity(count)
    for entry in UnsafeBufferPointer(start: entries, count: count) {
      guard let value = HeaderValue(entry.value) else { continue }
      headers.append((name: Reply.text(entry.key), value: value))
    }
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
    case AMQP_FIELD_KIND_UTF8, AMQP_FIELD_KIND_BYTES: self = .text(Reply.text(value.bytes))
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
