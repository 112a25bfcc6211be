// SPDX-License-Identifier: Apache-2.0

package import Events
package import Journal

/// What is answered about the past: from the daemon's journal, or from a snapshot when no daemon runs.
package struct HistoryAnswers: Sendable {
  let journal: any JournalReading
  /// How the bodies of a source are read.
  let mapping: @Sendable (_ source: String) -> EventMapping
  /// The groups that event types have at present.
  let groups: @Sendable () -> EventGroups
  /// Nanoseconds since 1970.
  let now: @Sendable () -> Int64

  package init(
    _ journal: any JournalReading, groups: @escaping @Sendable () -> EventGroups = { EventGroups() },
    now: @escaping @Sendable () -> Int64 = { TimeText.now },
    mapping: @escaping @Sendable (_ source: String) -> EventMapping
  ) {
    self.journal = journal
    self.mapping = mapping
    self.groups = groups
    self.now = now
  }

  static let limits: ClosedRange<Int64> = 1...1000

  /// The run that is meant.
  ///
  /// - Throws: A problem where there is none, or more than one.
  func run(named text: String) async throws(Problem) -> StoredRun {
    switch RunReference(text) {
    case .number(let number):
      if let run = try await asking({ () async throws(JournalError) in try await journal.run(number) }) { return run }
      // One id in forty begins with eight digits that are all decimal.
      if RunReference.lengths.contains(text.utf8.count) {
        let runs = try await asking { () async throws(JournalError) in try await journal.runs(withID: text) }
        if runs.count == 1 { return runs[0] }
      }
      throw Problem(.notFound, "there is no run \(number): it never was, or is older than what the journal keeps")
    case .id(let id):
      let runs = try await asking { () async throws(JournalError) in try await journal.runs(withID: id) }
      guard let run = runs.first else {
        throw Problem(.notFound, "there is no run whose id begins with \(id)")
      }
      guard runs.count == 1 else {
        throw Problem.invalid("run", text, expected: "more digits: several ids begin with these")
      }
      return run
    case nil: throw Problem.invalid("run", text, expected: RunReference.expectation)
    }
  }

  /// The number of an event, as a path names it.
  static func eventNumber(_ text: String) throws(Problem) -> Int64 {
    guard let number = Int64(text), number >= 0 else {
      throw Problem.invalid("event", text, expected: "the number of an event")
    }
    return number
  }

  /// What a body says when it is read as its source's are; nil where it cannot be decoded.
  func withDecoded<Value>(
    source: String, envelope: [UInt8], body: [UInt8], received: Int64, _ use: (Event) -> Value
  ) -> Value? {
    let envelope = Envelope(stored: envelope, source: source, received: received)
    let decoder = EventDecoder(mapping(source), inflatedLimit: 16 << 20)
    do {
      return try body.withUnsafeBytes { buffer in use(try decoder.decode(buffer, envelope)) }
    } catch {
      return nil
    }
  }
}
