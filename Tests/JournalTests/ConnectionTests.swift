// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Journal

@Suite struct ConnectionTests {
  @Test("every migration of the schema is executed by SQLite")
  func schema() throws {
    let connection = try Connection(":memory:", .writing)
    for migration in Schema.migrations { try connection.execute(migration) }
    let tables = try connection.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'")
    let count = try tables.first { row in row.integer(0) }
    #expect(count ?? 0 >= 10)
  }

  @Test("an error names the code, SQLite's words and the statement")
  func errors() throws {
    let connection = try Connection(":memory:", .writing)
    let error = #expect(throws: SQLiteError.self) { try connection.execute("SELECT nonsense") }
    #expect(error?.description == "SQLite error 1: no such column: nonsense (while executing: SELECT nonsense)")
  }
}
