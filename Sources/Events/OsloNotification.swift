// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A notification as oslo.messaging 2.0 puts it on the bus.
package struct OsloNotification {
  package var type: String
  package var priority: String
  package var publisher = "onevent"

  package init(type: String, priority: String) {
    self.type = type
    self.priority = priority
  }

  /// The message's body around a payload.
  ///
  /// - Throws: `JSONError` when the payload is not JSON.
  package func body(payload: [UInt8]) throws(JSONError) -> [UInt8] {
    let document = JSONDocument()
    var failure: JSONError?
    payload.withUnsafeBytes { bytes in
      do throws(JSONError) { try document.parse(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    var message: [UInt8] = Array("{\"message_id\":\"\(Self.makeUUID())\",\"publisher_id\":".utf8)
    message.appendJSON(text: publisher.utf8)
    message += ",\"event_type\":".utf8
    message.appendJSON(text: type.utf8)
    message += ",\"priority\":".utf8
    message.appendJSON(text: priority.uppercased().utf8)
    message += ",\"payload\":".utf8
    document.root.appendJSON(to: &message, unwrapping: false)
    message += ",\"timestamp\":\"\(Self.timestamp())\",\"_unique_id\":\"".utf8
    message += Self.makeUUID().filter { $0 != "-" }.utf8
    message += "\"}".utf8
    var body: [UInt8] = Array("{\"oslo.version\":\"2.0\",\"oslo.message\":".utf8)
    body.appendJSON(text: String(decoding: message, as: UTF8.self).utf8)
    body.append(UInt8(ascii: "}"))
    return body
  }

  /// A random UUID, version 4 of RFC 9562.
  private static func makeUUID() -> String {
    var generator = SystemRandomNumberGenerator()
    let high = generator.next() & 0xffff_ffff_ffff_0fff | 0x4000
    let low = generator.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    func digits(_ value: UInt64, _ width: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: width - text.count) + text
    }
    return [
      digits(high >> 32, 8), digits(high >> 16 & 0xffff, 4), digits(high & 0xffff, 4),
      digits(low >> 48, 4), digits(low & 0xffff_ffff_ffff, 12),
    ].joined(separator: "-")
  }

  /// Now in UTC as oslo writes it: `2026-11-20 22:14:12.021435`.
  private static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    var text = [CChar](repeating: 0, count: 32)
    strftime(&text, text.count, "%Y-%m-%d %H:%M:%S", &parts)
    let fraction = String(now.tv_nsec / 1000)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      + "." + String(repeating: "0", count: 6 - fraction.count) + fraction
  }
}
