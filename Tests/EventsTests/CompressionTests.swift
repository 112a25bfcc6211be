// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct CompressionTests {
  /// `{"event_type": "t", "payload": {"a": [1, 1, …]}}`, as Python's zlib and gzip write it, and bare.
  private static let zlib =
    "789cab564a2d4bcd2b892fa92c4855b252502a51d251502a48acccc94f4c01f2ab95128164b4a18ec2281a45a368148da251348a46d1281a45a36850a3d8da5a00738ff520"
  private static let gzip =
    "1f8b0800000000000203ab564a2d4bcd2b892fa92c4855b252502a51d251502a48acccc94f4c01f2ab95128164b4a18ec2281a45a368148da251348a46d1281a45a36850a3d8da5a0000d9faf1df0b0000"
  private static let bare =
    "ab564a2d4bcd2b892fa92c4855b252502a51d251502a48acccc94f4c01f2ab95128164b4a18ec2281a45a368148da251348a46d1281a45a36850a3d8da5a00"

  private func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.map { UInt8(Character(Unicode.Scalar($0)).hexDigitValue ?? 0) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  private func envelope(compression: String? = nil, encoding: String? = nil) -> Envelope {
    var envelope = Envelope(source: "s")
    envelope.contentEncoding = encoding
    if let compression { envelope.headers = [.init(name: "compression", value: .text(compression))] }
    return envelope
  }

  @Test(
    "what kombu and HTTP call gzip, zlib and deflate is inflated",
    arguments: [
      (zlib, "application/x-gzip", "utf-8"), (gzip, "application/x-gzip", "utf-8"), (zlib, "gzip", nil),
      (zlib, "zlib", nil), (gzip, nil, "gzip"),
      (gzip, nil, "GZIP"), (zlib, nil, "zlib"), (zlib, nil, "deflate"), (bare, nil, "deflate"),
    ] as [(String, String?, String?)])
  func inflated(body: String, compression: String?, encoding: String?) throws {
    let decoder = EventDecoder()
    let event = try decoder.decode(bytes(body), envelope(compression: compression, encoding: encoding))
    #expect(event.type == "t")
    #expect(try event.show("a.999") == "1")
    #expect(event.body.first == UInt8(ascii: "{") && event.body.count > 1000)
  }

  @Test(
    "content encodings that are character sets or nothing leave the body alone",
    arguments: ["utf-8", "UTF-8", "binary", "us-ascii", "", "identity", nil])
  func notCompressed(encoding: String?) throws {
    #expect(try EventDecoder().decode(text: "{}", envelope(encoding: encoding)).form == .plain)
  }

  @Test(
    "other compressions are refused by name",
    arguments: [
      ("application/x-bz2", nil), ("application/x-lzma", nil), ("application/zstd", nil), ("application/x-brotli", nil),
      ("mystery", nil), (nil, "br"), (nil, "zstd"), (nil, "bzip2"),
    ] as [(String?, String?)])
  func refused(compression: String?, encoding: String?) throws {
    let name = try #require(compression ?? encoding)
    let place = compression == nil ? "the content encoding" : "the header `compression`"
    let reason = EventDecoder().refusal(Array("{}".utf8), envelope(compression: compression, encoding: encoding))
    #expect(
      reason
        == "The body is compressed with \"\(name)\", as \(place) says; gzip, zlib and deflate can be read: set the sender to gzip or to none."
    )
  }

  @Test("a body that inflates beyond the limit is refused, and one of exactly the limit is not")
  func limit() throws {
    let body = bytes(Self.zlib)
    let size = try EventDecoder().decode(body, envelope(compression: "gzip")).body.count
    let exact = EventDecoder(EventMapping(), inflatedLimit: size)
    #expect(exact.refusal(body, envelope(compression: "gzip")) == nil)
    let short = EventDecoder(EventMapping(), inflatedLimit: size - 1)
    #expect(
      short.refusal(body, envelope(compression: "gzip"))
        == "The body inflates to more than the \(size - 1) bytes that are allowed.")
    #expect(short.lastBody.isEmpty)
    #expect(EventDecoder(EventMapping(), inflatedLimit: 0).refusal(body, envelope(compression: "gzip")) != nil)
  }

  @Test("damage, an early end and trailing bytes are told apart")
  func damage() throws {
    let decoder = EventDecoder()
    let body = bytes(Self.gzip)
    for length in 0..<body.count {
      #expect(
        decoder.refusal(Array(body[..<length]), envelope(encoding: "gzip")) == "The compressed body is cut off.",
        "\(length)")
    }
    #expect(
      decoder.refusal(body + [0, 0], envelope(encoding: "gzip")) == "2 bytes follow the end of the compressed body.")
    #expect(
      decoder.refusal(Array("{}".utf8), envelope(encoding: "gzip"))?.hasPrefix("The compressed body is damaged: ")
        == true)
    var changed = body
    changed[changed.count - 5] ^= 0xFF
    #expect(
      decoder.refusal(changed, envelope(encoding: "gzip")) == "The compressed body is damaged: incorrect data check.")
    #expect(decoder.lastBody.isEmpty)
    #expect(try decoder.decode(body, envelope(encoding: "gzip")).type == "t")
  }

  @Test("a token in a compressed body is blanked")
  func token() throws {
    let decoder = EventDecoder()
    let event = try decoder.decode(
      bytes(
        "789c0dca510a80201004d0bbccb727f032cb620341e14a4e918877aff7fd26f8b0ca341a912124341f67f8863c578295a8e22bf35bbb290ed6bf75968bc2fa00b9981667"
      ), envelope(compression: "application/x-gzip"))
    #expect(
      String(decoding: event.body, as: UTF8.self) == #"{"event_type":"t","payload":{},"_context_auth_token":"******"}"#)
  }
}
