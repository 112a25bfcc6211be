// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import Glibc

/// Owns a field table for librabbitmq: client properties, queue arguments, message headers.
struct FieldTable: ~Copyable {
  indirect enum Value {
    case text(String)
    case integer(Int64)
    case boolean(Bool)
    case table([(name: String, value: Value)])
  }

  private var allocations: [UnsafeMutableRawPointer] = []
  private var table = amqp_table_t(num_entries: 0, entries: nil)

  init(_ entries: [(name: String, value: Value)]) {
    table = build(entries)
  }

  deinit {
    for allocation in allocations { free(allocation) }
  }

  /// Lends the table; nothing of it may be kept.
  func withTable<Result, Failure: Error>(
    _ body: (amqp_table_t) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(table)
  }

  private mutating func build(_ entries: [(name: String, value: Value)]) -> amqp_table_t {
    guard !entries.isEmpty, let count = Int32(exactly: entries.count),
      let memory = calloc(entries.count, MemoryLayout<amqp_table_entry_t>.stride)
    else { return amqp_table_t(num_entries: 0, entries: nil) }
    allocations.append(memory)
    let list = memory.bindMemory(to: amqp_table_entry_t.self, capacity: entries.count)
    for (index, entry) in entries.enumerated() {
      list[index].key = copy(entry.name)
      list[index].value = field(entry.value)
    }
    return amqp_table_t(num_entries: count, entries: list)
  }

  private mutating func field(_ value: Value) -> amqp_field_value_t {
    var field = amqp_field_value_t()
    switch value {
    case .text(let text):
      field.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
      field.value.bytes = copy(text)
    case .integer(let number):
      field.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
      field.value.i64 = number
    case .boolean(let flag):
      field.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
      field.value.boolean = flag ? 1 : 0
    case .table(let entries):
      field.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
      field.value.table = build(entries)
    }
    return field
  }

  private mutating func copy(_ text: String) -> amqp_bytes_t {
    var text = text
    return text.withUTF8 { utf8 in
      guard let base = utf8.baseAddress, !utf8.isEmpty, let memory = malloc(utf8.count) else { return amqp_bytes_t() }
      memory.copyMemory(from: base, byteCount: utf8.count)
      allocations.append(memory)
      return amqp_bytes_t(len: utf8.count, bytes: memory)
    }
  }
}
