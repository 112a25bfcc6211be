// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct TagTextTests {
  @Test(
    "words become tags and labels by the rules of PyLabs",
    arguments: [
      ("", #"{"tags":{},"labels":[],"text":""}"#),
      ("label", #"{"tags":{},"labels":["label"],"text":"label"}"#),
      ("key:value", #"{"tags":{"key":"value"},"labels":[],"text":"key:value"}"#),
      ("k:one:two", #"{"tags":{"k":"one"},"labels":[],"text":"k:one:two"}"#),
      (":x", #"{"tags":{},"labels":[":x"],"text":":x"}"#), ("k:", #"{"tags":{"k":""},"labels":[],"text":"k:"}"#),
      ("k::v", #"{"tags":{"k":""},"labels":[],"text":"k::v"}"#), (":", #"{"tags":{},"labels":[":"],"text":":"}"#),
      ("a b a", #"{"tags":{},"labels":["a","b"],"text":"a b a"}"#),
      ("k:1 j:2 k:3", #"{"tags":{"k":"3","j":"2"},"labels":[],"text":"k:1 j:2 k:3"}"#),
      ("a%20b:c%3Ad la%62el", #"{"tags":{"a b":"c:d"},"labels":["label"],"text":"a%20b:c%3Ad la%62el"}"#),
      ("50% a%2 %zz:%", #"{"tags":{"%zz":"%"},"labels":["50%","a%2"],"text":"50% a%2 %zz:%"}"#),
      ("k:a%00b", #"{"tags":{"k":"a\u0000b"},"labels":[],"text":"k:a%00b"}"#),
      (
        "customer_pending state:open guid:1\n  guid:2 status:ok\t",
        #"{"tags":{"state":"open","guid":"2","status":"ok"},"labels":["customer_pending"],"text":"customer_pending state:open guid:1\n  guid:2 status:ok\t"}"#
      ), ("\u{b}a\u{c}b\r\nc", #"{"tags":{},"labels":["a","b","c"],"text":"\u000ba\fb\r\nc"}"#),
      ("é:ü", #"{"tags":{"é":"ü"},"labels":[],"text":"é:ü"}"#),
    ])
  func table(text: String, expected: String) throws {
    let decoder = EventDecoder { $0.format = .tags }
    let event = try decoder.decode(text: text)
    var output: [UInt8] = []
    event.payload.appendJSON(to: &output, unwrapping: true)
    #expect(String(decoding: output, as: UTF8.self) == expected)
  }

  @Test("tags are reached by their key and through the payload, and name the event")
  func paths() throws {
    let decoder = try EventDecoder {
      $0.format = .tags
      $0.subject = [try FieldPath("guid")]
    }
    var envelope = Envelope(source: "pylabs")
    envelope.routingKey = "pylabs.event.crm.user.operation.cancel"
    envelope.messageID = "m"
    let event = try decoder.decode(text: "customer_pending state:open guid:77 text:mine a.b:c", envelope)
    #expect(event.type == "pylabs.event.crm.user.operation.cancel" && event.id == "m")
    #expect(try event.show("state") == #""open""# && event.show("tags.state") == #""open""#)
    #expect(try event.show("a.b") == #""c""# && event.show("labels.0") == #""customer_pending""#)
    #expect(try event.show("text").hasPrefix("\"customer_pending") && event.show("tags.text") == #""mine""#)
    #expect(try event.show("none") == "missing")
    #expect(event.subject.name == "77")
    #expect(
      event.tags == [
        "customer_pending", "state", "state:open", "guid", "guid:77", "text", "text:mine", "a.b", "a.b:c",
      ])
    #expect(event.addressablePaths().contains { $0.path == "state" })
  }

  @Test("a tag with a colon adds its part before the first one, each once")
  func expansion() {
    #expect(TagText.expanded(["a:b:c"]) == ["a", "a:b:c"])
    #expect(TagText.expanded(["a:b", "a:c", "a", "d", ":e", "f:"]) == ["a", "a:b", "a:c", "d", ":e", "f", "f:"])
  }

  @Test("a body that is no UTF-8 is refused, percent-encoded too")
  func invalid() {
    let decoder = EventDecoder { $0.format = .tags }
    #expect(decoder.refusal([0x61, 0xFF]) == "The body is no text: it is not valid UTF-8.")
    #expect(
      decoder.refusal(Array("k:%FF".utf8)) == "The body's tags cannot be taken: percent-decoded, it is not valid UTF-8."
    )
  }
}
