// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// The SHA-256 digest of a body: tells whether two bodies are the same without keeping them.
package struct Digest: Sendable, Hashable, CustomStringConvertible {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  package init(of bytes: UnsafeRawBufferPointer) {
    withUnsafeMutableBytes(of: &words) { digest in
      let input = bytes.bindMemory(to: UInt8.self)
      _ = SHA256(input.baseAddress, input.count, digest.bindMemory(to: UInt8.self).baseAddress)
    }
  }

  func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { withUnsafeBytes(of: words, body) }

  /// In hexadecimal, 64 digits.
  package var description: String {
    withUnsafeBytes(of: words) { bytes in
      bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
  }

  package static func == (first: Digest, second: Digest) -> Bool { first.words == second.words }

  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
