// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import Testing

@testable import AMQP

@Suite struct DeliveryPropertiesTests {
  /// Lends bytes as the library does.
  private func withBytes<Value>(_ bytes: [UInt8], _ body: (amqp_bytes_t) -> Value) -> Value {
    var bytes = bytes
    return bytes.withUnsafeMutableBytes { body(amqp_bytes_t(len: $0.count, bytes: $0.baseAddress)) }
  }

  private func properties(name: [UInt8], value: [UInt8], messageID: [UInt8]) -> Delivery.Properties {
    withBytes(name) { name in
      withBytes(value) { value in
        withBytes(messageID) { messageID in
          var entry = amqp_table_entry_t()
          entry.key = name
          entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
          entry.value.value.bytes = value
          return withUnsafeMutablePointer(to: &entry) { entry in
            var properties = amqp_basic_properties_t()
            properties._flags = amqp_flags_t(AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG)
            properties.message_id = messageID
            properties.headers = amqp_table_t(num_entries: 1, entries: entry)
            var repeated = RepeatedTexts()
            return Delivery.Properties(&properties, repeated: &repeated)
          }
        }
      }
    }
  }

  private static let notUTF8: [UInt8] = [0x61, 0xFF, 0x62]

  @Test("a header's text is taken as it was sent, and where it is not UTF-8 there is none")
  func values() {
    let good = properties(name: Array("n".utf8), value: Array("t\u{E4}xt\0".utf8), messageID: Array("m".utf8))
    #expect(good.headers.map(\.value) == [.text("t\u{E4}xt\0")])
    #expect(good.messageID == "m")
    let bad = properties(name: Array("n".utf8), value: Self.notUTF8, messageID: Self.notUTF8)
    #expect(bad.headers.map(\.name) == ["n"])
    #expect(bad.headers.map(\.value) == [.null])
    #expect(bad.messageID == nil)
  }

  @Test("a header whose name is not UTF-8 is left out")
  func names() {
    #expect(properties(name: Self.notUTF8, value: [], messageID: []).headers.isEmpty)
    #expect(properties(name: Array("n".utf8), value: [], messageID: []).headers.count == 1)
  }
}
