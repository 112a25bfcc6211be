// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// A value that a statement is given.
enum SQLValue: Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])

  static func optional(_ integer: Int64?) -> SQLValue { integer.map(SQLValue.integer) ?? .null }
  static func optional(_ number: Double?) -> SQLValue { number.map(SQLValue.real) ?? .null }
  static func optional(_ text: String?) -> SQLValue { text.map(SQLValue.text) ?? .null }
  static func integer(_ number: Int) -> SQLValue { .integer(Int64(number)) }
  static func boolean(_ boolean: Bool) -> SQLValue { .integer(boolean ? 1 : 0) }
}

/// Owns one prepared statement.
///
/// Every use ends with a reset, so that no statement keeps a transaction open.
final class Statement {
  private let handle: OpaquePointer
  private let connection: OpaquePointer
  private let sql: String

  init(_ sql: String, _ connection: OpaquePointer) throws(SQLiteError) {
    var handle: OpaquePointer?
    let result = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard result == SQLITE_OK, let handle else { throw SQLiteError(result, of: connection, statement: sql) }
    self.handle = handle
    self.connection = connection
    self.sql = sql
  }

  deinit { sqlite3_finalize(handle) }

  /// Executes the statement, whose rows nobody wants.
  func run(_ values: SQLValue...) throws(SQLiteError) {
    try rows(values) { _ throws(SQLiteError) in true }
  }

  /// Executes the statement and makes something of its first row; nil when there is none.
  func first<Value>(
    _ values: SQLValue..., make: (borrowing Row) throws(SQLiteError) -> Value
  ) throws(SQLiteError) -> Value? {
    try first(values, make: make)
  }

  /// Executes the statement and makes something of its first row; nil when there is none.
  func first<Value>(
    _ values: [SQLValue], make: (borrowing Row) throws(SQLiteError) -> Value
  ) throws(SQLiteError) -> Value? {
    var value: Value?
    try rows(values) { row throws(SQLiteError) in
      value = try make(row)
      return false
    }
    return value
  }

  /// Executes the statement and makes something of every row.
  func all<Value>(
    _ values: SQLValue..., make: (borrowing Row) throws(SQLiteError) -> Value
  ) throws(SQLiteError) -> [Value] {
    try all(values, make: make)
  }

  /// Executes the statement and makes something of every row.
  borrowing func all<Value>(
    _ values: [SQLValue], make: (borrowing Row) throws(SQLiteError) -> Value
  ) throws(SQLiteError) -> [Value] {
    var all: [Value] = []
    try rows(values) { row throws(SQLiteError) in
      all.append(try make(row))
      return true
    }
    return all
  }

  /// Executes the statement and hands over row after row until `body` returns false.
  ///
  /// Values beyond its last parameter are those of other statements of the same question, and left out.
  func rows(
    _ values: [SQLValue], _ body: (borrowing Row) throws(SQLiteError) -> Bool
  ) throws(SQLiteError) {
    defer {
      sqlite3_reset(handle)
      sqlite3_clear_bindings(handle)
    }
    for (index, value) in values.prefix(Int(sqlite3_bind_parameter_count(handle))).enumerated() {
      try bind(value, at: Int32(index + 1))
    }
    while true {
      switch sqlite3_step(handle) {
      case SQLITE_ROW:
        guard try body(Row(handle)) else { return }
      case SQLITE_DONE: return
      case let code: throw SQLiteError(code, of: connection, statement: sql)
      }
    }
  }

  private func bind(_ value: SQLValue, at index: Int32) throws(SQLiteError) {
    // SQLite copies what it is told is transient: the values need not outlive this call.
    let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    let result =
      switch value {
      case .null: sqlite3_bind_null(handle, index)
      case .integer(let integer): sqlite3_bind_int64(handle, index, integer)
      case .real(let number): sqlite3_bind_double(handle, index, number)
      case .text(let text):
        sqlite3_bind_text64(handle, index, text, UInt64(text.utf8.count), transient, UInt8(SQLITE_UTF8))
      case .blob(let bytes):
        bytes.isEmpty
          ? sqlite3_bind_zeroblob(handle, index, 0)
          : bytes.withUnsafeBytes {
            sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), transient)
          }
      }
    guard result == SQLITE_OK else { throw SQLiteError(result, of: connection, statement: sql) }
  }
}

/// The row that a statement stands on; valid only while it does.
struct Row: ~Copyable {
  private let handle: OpaquePointer

  fileprivate init(_ handle: OpaquePointer) { self.handle = handle }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
  func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
  func real(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }
  func boolean(_ column: Int32) -> Bool { integer(column) != 0 }

  func text(_ column: Int32) -> String {
    guard let bytes = sqlite3_column_text(handle, column) else { return "" }
    let count = Int(sqlite3_column_bytes(handle, column))
    return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

  func blob(_ column: Int32) -> [UInt8] {
    guard let bytes = sqlite3_column_blob(handle, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
  }
}
