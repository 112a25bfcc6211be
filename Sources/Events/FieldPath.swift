// SPDX-License-Identifier: Apache-2.0

/// Where a value is found in an event; see "path" in the configuration reference.
///
/// Segments are split at dots; a number indexes a list, in brackets too. Names that begin with `@` reach the envelope.
package struct FieldPath: Sendable, Hashable, CustomStringConvertible {
  /// The path as it was written.
  package let description: String

  /// Where the search begins.
  let root: Root
  /// The text that `segments` point into: the path behind its `@name.`.
  let keys: [UInt8]
  let segments: [Segment]

  enum Root: Sendable {
    case payload
    /// `@raw.PATH`: the payload before unwrapping.
    case raw
    /// `@context.NAME`: `keys` begins with the prefix that oslo gives context keys.
    case context
    /// `@header.NAME`: the name in one piece, dots included.
    case header(String)
    /// `@object.KIND`.
    case object(String)
    case fact(Fact)
  }

  /// The names of the envelope that stand for one value.
  enum Fact: String, Sendable, CaseIterable {
    case id, type, time, source, subject, publisher, priority
    case routingKey = "routing_key"
    case exchange, queue, redelivered, tags
  }

  /// One step: the bytes `start..<end` of `keys`, brackets included.
  struct Segment: Sendable {
    var start: Int
    var end: Int
    /// The element it names where the value is a list; nil when it is no number.
    var index: Int?
    var isBracketed = false
  }

  /// What oslo.messaging puts in front of the keys of a request's context.
  static let contextPrefix = "_context_"

  /// Reads a path such as `node_name`, `flavor.name`, `a[0].b`, `@header.x`.
  ///
  /// - Throws: `FieldPathError` that says what is wrong at which offset.
  package init(_ text: String) throws(FieldPathError) {
    description = text
    guard text.utf8.first == UInt8(ascii: "@") else {
      root = .payload
      keys = Array(text.utf8)
      segments = try Self.segments(of: keys, offset: 0)
      return
    }
    let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) ?? text.utf8.endIndex
    let name = String(text[text.utf8.index(after: text.startIndex)..<dot])
    let rest = dot < text.utf8.endIndex ? String(text[text.utf8.index(after: dot)...]) : nil
    let place = name.utf8.count + 2
    if let fact = Fact(rawValue: name) {
      guard rest == nil else { throw FieldPathError(reason: "`@\(name)` has nothing below it", offset: place - 1) }
      (root, keys, segments) = (.fact(fact), [], [])
      return
    }
    guard ["raw", "header", "context", "object"].contains(name) else { throw .unknown(name) }
    guard let rest, !rest.isEmpty else {
      throw FieldPathError(reason: "`@\(name).` needs a name behind it", offset: text.utf8.count)
    }
    switch name {
    case "header": (root, keys, segments) = (.header(rest), [], [])
    case "object": (root, keys, segments) = (.object(rest), [], [])
    case "raw":
      root = .raw
      keys = Array(rest.utf8)
      segments = try Self.segments(of: keys, offset: place)
    default:
      guard !Self.isToken(rest) else {
        throw FieldPathError(reason: "`auth_token` is a secret and is never handed on", offset: place)
      }
      root = .context
      keys = Array((Self.contextPrefix + rest).utf8)
      segments = try Self.segments(of: keys, offset: place - Self.contextPrefix.utf8.count)
    }
  }

  /// The paths of a list, those that are none left out: for lists in this program's own text.
  static func list(_ texts: String...) -> [FieldPath] { texts.compactMap { try? FieldPath($0) } }

  private static func isToken(_ name: String) -> Bool {
    name == "auth_token" || name.hasPrefix("auth_token.") || name.hasPrefix("auth_token[")
  }

  package static func == (left: Self, right: Self) -> Bool { left.description == right.description }

  package func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

/// Why a text is not a path.
package struct FieldPathError: Error, Equatable {
  package var reason: String
  /// The offset in UTF-8 bytes of the fault within the text.
  package var offset: Int

  package init(reason: String, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  static func unknown(_ name: String) -> FieldPathError {
    let known = FieldPath.Fact.allCases.map { "@\($0.rawValue)" } + ["@header.NAME", "@context.NAME", "@object.KIND"]
    let list = (known + ["@raw.PATH"]).joined(separator: ", ")
    return FieldPathError(reason: "`@\(name)` is unknown; an event has \(list)", offset: 0)
  }
}
