// SPDX-License-Identifier: Apache-2.0

import CPage
import Events
import Hummingbird

/// The page that people look at: files inside the program.
struct PageAnswers: Sendable {
  /// A file as it is served.
  struct File: Sendable {
    var bytes: [UInt8]
    var contentType: String
    /// Differs whenever the bytes do.
    var tag: String
  }

  /// By name.
  let files: [String: File]

  /// Nothing runs in the page, or is asked from it, that this daemon did not send as a file of its own.
  static let policy = """
    default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'
    """

  static let shipped = PageAnswers()

  private init() {
    var files: [String: File] = [:]
    var index = 0
    while let (name, bytes) = Self.embedded(index) {
      let tag = bytes.withUnsafeBytes { "\"\(Digest(of: $0).description.prefix(32))\"" }
      files[name] = File(bytes: bytes, contentType: Self.contentType(of: name), tag: tag)
      index += 1
    }
    self.files = files
  }

  /// The file of that name, or that the browser's copy is still good.
  ///
  /// A browser asks each time, so that a new daemon is never shown by an old page.
  func file(_ name: String, _ call: Route.Call) throws(Problem) -> Reply {
    guard let file = files[name] else {
      throw Problem(.notFound, "the page has no file of this name; it begins at /")
    }
    let isKnown = call.header(.ifNoneMatch)?.contains(file.tag) ?? false
    var reply = Reply(isKnown ? [] : file.bytes, contentType: file.contentType)
    if isKnown { reply.status = 304 }
    reply.headers = [
      ("ETag", file.tag), ("Cache-Control", "no-cache"), ("Content-Security-Policy", Self.policy),
    ]
    return reply
  }

  private static func embedded(_ index: Int) -> (name: String, bytes: [UInt8])? {
    let file = page_file(index)
    guard let name = file.name, let bytes = file.bytes else { return nil }
    return (String(cString: name), Array(UnsafeBufferPointer(start: bytes, count: file.size)))
  }

  private static func contentType(of name: String) -> String {
    switch name.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    default: "application/octet-stream"
    }
  }
}
