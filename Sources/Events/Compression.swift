// SPDX-License-Identifier: Apache-2.0

/// How a body is compressed, as its envelope says.
enum Compression: Sendable {
  /// zlib or gzip, told apart by their first bytes.
  case zlibOrGzip
  /// HTTP's `deflate`: zlib by the book, bare deflate from some senders.
  case deflate

  /// Reads the header `compression`, which kombu sets, and the content encoding; nil where neither names a
  /// compression.
  ///
  /// kombu 5 calls `application/x-gzip` what is zlib. Its content encoding is a character set, and other unknown
  /// names there say nothing about compression; its `body_encoding` is for transports other than AMQP.
  init?(of envelope: Envelope) throws(DecodingFailure) {
    guard !envelope.isInflated, !envelope.headers.isEmpty || envelope.contentEncoding != nil else { return nil }
    if case .text(let name) = envelope.header("compression").named {
      switch name.lowercased() {
      case "application/x-gzip", "application/gzip", "application/zlib", "gzip", "zlib": self = .zlibOrGzip
      default: throw Self.refusal("the header `compression`", name)
      }
      return
    }
    switch envelope.contentEncoding {
    case nil, "utf-8", "UTF-8", "binary", "": return nil
    case .some(let name):
      switch name.lowercased() {
      case "gzip", "x-gzip", "zlib": self = .zlibOrGzip
      case "deflate": self = .deflate
      case "bzip2", "bz2", "x-bzip2", "br", "brotli", "zstd", "zstandard", "xz", "lzma", "lz4", "snappy", "compress",
        "x-compress":
        throw Self.refusal("the content encoding", name)
      default: return nil
      }
    }
  }

  private static func refusal(_ place: String, _ name: String) -> DecodingFailure {
    DecodingFailure(
      "The body is compressed with \(name.quoted), as \(place) says; gzip, zlib and deflate can be read: "
        + "set the sender to gzip or to none.")
  }
}
