// SPDX-License-Identifier: Apache-2.0

/// A regular expression over whole event types, written `/…/` in `[group:NAME]`.
///
/// Anchored at both ends, since a pattern matches a type from end to end as well; the dialect and its bounds are those
/// of `PythonRegex`.
package struct TypeRegex: Sendable, Hashable, CustomStringConvertible {
  /// As it was written, the slashes included.
  package let description: String
  private let regex: PythonRegex

  /// Reads an expression without its slashes.
  package init(_ text: String) throws(RegexError) {
    description = "/\(text)/"
    regex = try PythonRegex(text, anchoring: .both)
  }

  /// Whether a type matches; a match that hits its bound is none.
  func matches(_ type: UnsafeBufferPointer<UInt8>, _ memory: RegexMemory) -> Bool {
    regex.match(type, memory) == .matched
  }

  package static func == (left: TypeRegex, right: TypeRegex) -> Bool { left.description == right.description }

  package func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
