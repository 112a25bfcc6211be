// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import Journal

/// A directory for one journal, removed with the test.
final class ScratchJournal: Sendable {
  let directory: String
  var path: String { directory + "/journal.sqlite" }

  init() throws {
    directory = FileManager.default.temporaryDirectory.path + "/onevent-journal-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func bytes(_ suffix: String = "") throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path + suffix)) }

  func write(_ bytes: Data, _ suffix: String = "") throws {
    try bytes.write(to: URL(fileURLWithPath: path + suffix))
  }

  /// Names in the directory, sorted.
  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: directory).sorted() }

  func open() throws(JournalError) -> OpenJournal { try OpenJournal.open(path: path, sync: .full) }
}

extension Connection {
  borrowing func integer(_ sql: String) throws -> Int64 {
    try prepare(sql).first { row in row.integer(0) } ?? -1
  }

  borrowing func text(_ sql: String) throws -> String {
    try prepare(sql).first { row in row.text(0) } ?? ""
  }
}
