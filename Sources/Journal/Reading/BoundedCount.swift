// SPDX-License-Identifier: Apache-2.0

/// How many rows there are, as far as they were counted.
package struct BoundedCount: Sendable, Equatable, CustomStringConvertible {
  package var count: Int
  /// Whether there may be more: past the bound, or when the time was over, the count ends.
  package var isBounded: Bool

  package static let bound = 10_000

  package init(count: Int, isBounded: Bool) {
    self.count = count
    self.isBounded = isBounded
  }

  /// `17`, and `10000+` where there may be more.
  package var description: String { isBounded ? "\(count)+" : "\(count)" }

  /// Counts what a question brings: it calls `next` for each row, and stops when that returns false.
  init(_ question: (_ next: () -> Bool) throws(SQLiteError) -> Void) throws(SQLiteError) {
    var (count, isBounded) = (0, false)
    do throws(SQLiteError) {
      try question {
        if count == Self.bound { isBounded = true } else { count += 1 }
        return !isBounded
      }
    } catch {
      guard error.isInterruption else { throw error }
      isBounded = true
    }
    self.init(count: count, isBounded: isBounded)
  }
}
