// SPDX-License-Identifier: Apache-2.0

import CPCRE2

/// A regular expression in the dialect of Python 3.11's `re`, run by PCRE2.
///
/// `RegexTranslator` reads the text by Python's own rules and writes it anew in the part of PCRE2's language that
/// means the same; what it cannot write so is refused. The subject is UTF-8, a character is a Unicode scalar.
///
/// Compiled without JIT, after measuring both (PCRE2 10.42, a match that fails late, limit 100 000): the interpreter
/// counts every step against the match limit, so that `(a+)+$` on 40 a's and a b ends after 0.8 ms; code from the JIT
/// counts at few places only, and pages that are writable and executable are forbidden where the service is hardened
/// (`MemoryDenyWriteExecute=`). Most conditions are plain texts, and those never reach PCRE2.
package final class PythonRegex: Sendable, CustomStringConvertible {
  enum Anchoring { case start, both }

  /// The expression as it was written.
  package let description: String
  let program: Program

  enum Program: Sendable {
    /// The subject begins with these bytes.
    case prefix([UInt8])
    /// The subject is these bytes, and one newline may follow them where the flag says so.
    case whole([UInt8], newline: Bool)
    case code(RegexCode)
  }

  /// Reads an expression.
  ///
  /// - Throws: `RegexError`, with the position of what is not in the dialect and what to write instead.
  init(_ text: String, anchoring: Anchoring = .start) throws(RegexError) {
    description = text
    var translator = RegexTranslator(text)
    let translation = try translator.translate()
    switch (translation.literal, anchoring) {
    case (let literal?, .start):
      program = literal.end.map { .whole(literal.bytes, newline: $0 == .beforeNewline) } ?? .prefix(literal.bytes)
    case (let literal?, .both) where literal.end == nil || literal.end == .subject:
      program = .whole(literal.bytes, newline: false)
    case (_, .start):
      program = .code(try RegexCode(translation.pattern))
    case (_, .both):
      program = .code(try RegexCode("(?:" + translation.pattern + ")\\z"))
    }
  }

  package enum Answer: Sendable { case matched, notMatched, limitHit }

  /// Matches at the start of a subject, as `re.match` does (`re.fullmatch` where both ends are anchored).
  func match(_ subject: UnsafeBufferPointer<UInt8>, _ memory: RegexMemory) -> Answer {
    switch program {
    case .prefix(let bytes):
      return bytes.withUnsafeBufferPointer { subject.begins(with: $0) } ? .matched : .notMatched
    case .whole(let bytes, let newline):
      let isLonger = subject.count == bytes.count + 1 && newline && subject.last == UInt8(ascii: "\n")
      guard subject.count == bytes.count || isLonger else { return .notMatched }
      return bytes.withUnsafeBufferPointer { subject.begins(with: $0) } ? .matched : .notMatched
    case .code(let code):
      return memory.match(code, subject)
    }
  }
}

/// Why a text is not an expression of the dialect.
package struct RegexError: Error, Equatable, CustomStringConvertible {
  /// What was found, and what to write instead.
  package var reason: String
  /// Where, in characters from 0, as Python counts.
  package var position: Int

  package var description: String { "\(reason) (at position \(position))" }
}

/// Owns one compiled expression.
///
/// Unchecked, since the compiler cannot see into C: PCRE2 never writes to code that was compiled without JIT
/// (pcre2api, "Multithreading"), the pointer is set once, and only the deinitializer frees it.
final class RegexCode: @unchecked Sendable {
  let pointer: OpaquePointer

  /// Compiles a pattern of the translator's making.
  ///
  /// - Throws: `RegexError` for what only PCRE2 knows to be wrong, such as an expression that is too large.
  init(_ pattern: String) throws(RegexError) {
    let context = pcre2_compile_context_create_8(nil)
    defer { pcre2_compile_context_free_8(context) }
    // `$` and `\N` depend on what ends a line; the library's default is whatever its builder chose.
    pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
    var pattern = pattern
    var error: Int32 = 0
    var offset = 0
    var options =
      UInt32(PCRE2_ANCHORED) | UInt32(PCRE2_UTF) | UInt32(PCRE2_UCP) | UInt32(PCRE2_DOTALL)
      | UInt32(PCRE2_NEVER_BACKSLASH_C)
    // PCRE2 10.42 wants the first and the last required character to be two: it finds no match for `(?=1)a?1` on "1".
    // The translator escapes what stands for itself, so that this text means a look-around wherever it stands.
    if ["(?=", "(?!", "(?<"].contains(where: { pattern.contains($0) }) { options |= UInt32(PCRE2_NO_START_OPTIMIZE) }
    // Nor does it see that an atomic group can be empty: it never gives back the first a of `a?(?>|c)a`.
    if pattern.contains("(?>") { options |= UInt32(PCRE2_NO_AUTO_POSSESS) }
    let code = pattern.withUTF8 { pcre2_compile_8($0.baseAddress, $0.count, options, &error, &offset, context) }
    guard let code else {
      throw RegexError(reason: "PCRE2 cannot compile it: \(Self.message(error))", position: 0)
    }
    pointer = code
  }

  deinit {
    pcre2_code_free_8(pointer)
  }

  private static func message(_ error: Int32) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
      let count = pcre2_get_error_message_8(error, buffer.baseAddress, buffer.count)
      return count < 0 ? "error \(error)" : String(decoding: buffer.prefix(Int(count)), as: UTF8.self)
    }
  }
}
