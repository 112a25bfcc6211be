// SPDX-License-Identifier: Apache-2.0

/// One entry of `script_params` or `env_params`: gives exactly one argument.
package struct Parameter: Sendable, CustomStringConvertible {
  /// The entry as it was written.
  package let description: String
  let parts: [Part]
  private let isPath: Bool

  /// A piece of the argument.
  enum Part: Sendable, Equatable {
    case text(String)
    case value(FieldPath, Absence)
  }

  /// What stands for a value that is not there.
  enum Absence: Sendable, Equatable {
    /// `path`: the run is refused. Null is there: it gives an empty text.
    case refused
    /// `path?`
    case empty
    /// `path:-default`, for null, too.
    case text(String)
  }

  /// Reads one entry: `path`, `path?`, `path:-default`, `"text {path} text"`, `"literal"`.
  ///
  /// Between double quotes every character stands for itself, quotes and backslashes included, but `{path}`, which
  /// may be `{path?}` and `{path:-default}`, and `{{`, which is a brace.
  ///
  /// - Throws: `FieldPathError` with the offset in the entry.
  package init(_ text: String) throws(FieldPathError) {
    description = text
    let bytes = Array(text.utf8)
    isPath = bytes.first != UInt8(ascii: "\"")
    if isPath {
      parts = [try Self.value(bytes[...])]
    } else {
      guard bytes.count >= 2, bytes.last == UInt8(ascii: "\"") else {
        throw FieldPathError(reason: "the text has no closing quote", offset: bytes.count)
      }
      parts = try Self.template(bytes[1..<bytes.count - 1])
    }
  }

  /// The paths that it reads, for checks against known events.
  package var paths: [FieldPath] {
    parts.compactMap { if case .value(let path, _) = $0 { path } else { nil } }
  }

  /// The name for `ONEVENT_PARAM_<NAME>` where the entry is a path, else nil.
  ///
  /// Upper case; what is neither letter nor digit becomes `_`.
  package var environmentName: String? {
    guard isPath, let path = paths.first else { return nil }
    let name = path.description.unicodeScalars.map { scalar in
      scalar.isASCIILetter || scalar.isASCIIDigit ? Character(scalar) : "_"
    }
    return String(name).uppercased()
  }

  // MARK: Reading

  private static func template(_ bytes: ArraySlice<UInt8>) throws(FieldPathError) -> [Part] {
    var parts: [Part] = []
    var literal: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      guard byte == UInt8(ascii: "{") else {
        literal.append(byte)
        continue
      }
      if index < bytes.endIndex, bytes[index] == UInt8(ascii: "{") {
        literal.append(byte)
        index += 1
        continue
      }
      guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "}")) else {
        throw FieldPathError(reason: "a { without its }: write {{ for the character", offset: index - 1)
      }
      if !literal.isEmpty { parts.append(.text(String(decoding: literal, as: UTF8.self))) }
      literal = []
      parts.append(try value(bytes[index..<end]))
      index = end + 1
    }
    if !literal.isEmpty || parts.isEmpty { parts.append(.text(String(decoding: literal, as: UTF8.self))) }
    return parts
  }

  /// Reads `path`, `path?` or `path:-default`.
  private static func value(_ bytes: ArraySlice<UInt8>) throws(FieldPathError) -> Part {
    var path = bytes
    var absence = Absence.refused
    if let mark = bytes.indices.first(where: { bytes[$0...].starts(with: ":-".utf8) }) {
      path = bytes[..<mark]
      absence = .text(unquoted(String(decoding: bytes[(mark + 2)...], as: UTF8.self)))
    } else if bytes.last == UInt8(ascii: "?") {
      path = bytes.dropLast()
      absence = .empty
    }
    do throws(FieldPathError) {
      return .value(try FieldPath(String(decoding: path, as: UTF8.self)), absence)
    } catch {
      throw FieldPathError(reason: error.reason, offset: error.offset + bytes.startIndex)
    }
  }

  /// A default may stand in quotes, to keep its spaces.
  private static func unquoted(_ text: String) -> String {
    guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
    return String(text.dropFirst().dropLast())
  }
}
