// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// The SHA-256 digest of a body or a secret: tells whether two are the same without keeping them.
package struct Digest: Sendable, Hashable, CustomStringConvertible {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  package init(of bytes: UnsafeRawBufferPointer) {
    withUnsafeMutableBytes(of: &words) { digest in
      let input = bytes.bindMemory(to: UInt8.self)
      _ = SHA256(input.baseAddress, input.count, digest.bindMemory(to: UInt8.self).baseAddress)
    }
  }

  /// Of a text's UTF-8.
  package init(of text: String) {
    var text = text
    self = text.withUTF8 { Digest(of: UnsafeRawBufferPointer($0)) }
  }

  /// Reads 64 hexadecimal digits, as `sha256sum` prints them; nil for anything else.
  package init?(hexadecimal digits: some StringProtocol) {
    guard digits.utf8.count == 64, digits.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
      return nil
    }
    var bytes: [UInt8] = []
    var rest = Substring(digits)
    while !rest.isEmpty {
      guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
      bytes.append(byte)
      rest = rest.dropFirst(2)
    }
    withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
  }

  func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { withUnsafeBytes(of: words, body) }

  /// In hexadecimal, 64 digits.
  package var description: String { withUnsafeBytes(of: words) { hexadecimal($0) } }

  /// As a Content-Security-Policy names it.
  package var base64: String { withBytes { Base64.encode(Array($0)) } }

  /// Takes the same time whatever they are, so that nobody learns from it how much of a secret he guessed.
  package static func == (first: Digest, second: Digest) -> Bool {
    let (one, other) = (first.words, second.words)
    return (one.0 ^ other.0) | (one.1 ^ other.1) | (one.2 ^ other.2) | (one.3 ^ other.3) == 0
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// Bytes as hexadecimal digits, two each.
package func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
  func digit(_ value: UInt8) -> UInt8 { value + UInt8(ascii: value < 10 ? "0" : "W") }
  return String(unsafeUninitializedCapacity: bytes.count * 2) { digits in
    var end = 0
    for byte in bytes {
      digits[end] = digit(byte >> 4)
      digits[end + 1] = digit(byte & 15)
      end += 2
    }
    return end
  }
}
