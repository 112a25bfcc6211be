// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct FieldPathTests {
  @Test(
    "what is no path is refused with its reason and place",
    arguments: [
      ("", "the path is empty", 0), (".a", "a name is missing before the dot", 0),
      ("a.", "a name is missing behind the dot", 2),
      ("a..b", "a name is missing before the dot", 2), ("é..b", "a name is missing before the dot", 3),
      ("a[", "`[` is not closed", 1),
      ("a]", "`]` has no `[` before it", 1), ("a[x]", "between brackets stands a list index such as 0 or 12", 2),
      ("a[]", "between brackets stands a list index such as 0 or 12", 2),
      ("a[-1]", "between brackets stands a list index such as 0 or 12", 2),
      ("a[01]", "between brackets stands a list index such as 0 or 12", 2),
      ("a[0]b", "behind `]` a dot or `[` is expected", 4),
      ("a.[0]", "a name is missing before the bracket", 2), ("a[0].", "a name is missing behind the dot", 5),
      ("a[0]]", "`]` has no `[` before it", 4),
      ("a\0b", "a name cannot hold a NUL byte", 1), ("@id.x", "`@id` has nothing below it", 3),
      ("@raw", "`@raw.` needs a name behind it", 4),
      ("@header.", "`@header.` needs a name behind it", 8), ("@object", "`@object.` needs a name behind it", 7),
      ("@raw.a..b", "a name is missing before the dot", 7),
      ("@context.auth_token", "`auth_token` is a secret and is never handed on", 9),
      ("@context.auth_token.x", "`auth_token` is a secret and is never handed on", 9),
      ("@context.a..b", "a name is missing before the dot", 11),
      (
        "@Type",
        "`@Type` is unknown; an event has @id, @type, @time, @source, @subject, @publisher, @priority, @routing_key, @exchange, @queue, @redelivered, @tags, @header.NAME, @context.NAME, @object.KIND, @raw.PATH",
        0
      ),
      (
        "@",
        "`@` is unknown; an event has @id, @type, @time, @source, @subject, @publisher, @priority, @routing_key, @exchange, @queue, @redelivered, @tags, @header.NAME, @context.NAME, @object.KIND, @raw.PATH",
        0
      ),
    ])
  func refused(text: String, reason: String, offset: Int) {
    let error = #expect(throws: FieldPathError.self) { try FieldPath(text) }
    #expect(error == FieldPathError(reason: reason, offset: offset))
  }

  private static let payload = #"""
    {"a": {"b": 1, "b.c": 2, "x": null}, "a.b": {"c": 3}, "a.b.c.d": 4, "list": [10, {"k": [20, 21]}, [30]],
     "0": "zero", "text": "t", "n": {"nova_object.name": "N", "nova_object.data": {"f": {"v": 5}, "f.v": 6, "plain": 7}},
     "w w": 8, "-": 9, "deep": {"a.b": {}, "a": {"b": {"c": "short"}}}, "obj": {"0": "key zero"}, "é": {"ü": 10},
     "t": {"own_object.data": {"mine": 1}}}
    """#

  @Test(
    "literal keys with dots win, the longest first, and shorter ones serve where those lead nowhere",
    arguments: [
      ("a.b", #"{"c":3}"#), ("a.b.c", "3"), ("a.b.c.d", "4"), ("a.x", "null"), ("a.x.y", "missing"), ("a.y", "missing"),
      ("deep.a.b.c", #""short""#), ("deep.a.b", "{}"), ("list.0", "10"), ("list[0]", "10"), ("list.1.k.1", "21"),
      ("list[1].k[1]", "21"), ("list[2][0]", "30"), ("list.2[0]", "30"), ("list.3", "missing"), ("list.01", "missing"),
      ("list.k", "missing"),
      ("list.9999999999", "missing"), ("list.99999999999999999999", "missing"), ("0", #""zero""#),
      ("obj.0", #""key zero""#), ("obj[0]", "missing"), ("text.x", "missing"), ("text[0]", "missing"), ("n.f.v", "6"),
      ("n.plain", "7"), ("n", #"{"f":{"v":5},"f.v":6,"plain":7}"#), ("n.nova_object.data", "missing"), ("w w", "8"),
      ("-", "9"),
      ("é.ü", "10"), ("t.mine", "missing"), ("t.own_object.data.mine", "1"), ("@raw.n.nova_object.data.plain", "7"),
      ("@raw.n.plain", "missing"),
      ("@raw.n", #"{"nova_object.name":"N","nova_object.data":{"f":{"v":5},"f.v":6,"plain":7}}"#),
      ("@raw.list[0]", "10"), ("nothing", "missing"),
    ])
  func search(path: String, expected: String) throws {
    let decoder = EventDecoder()
    let event = try decoder.decode(text: Self.payload)
    #expect(try event.show(path) == expected)
  }

  @Test("a payload that is a list or a scalar is reached as such")
  func otherRoots() throws {
    let decoder = EventDecoder()
    let list = try decoder.decode(text: #"[{"a": 1}, "x"]"#)
    #expect(
      try list.show("0.a") == "1" && list.show("[0].a") == "1" && list.show("[1]") == #""x""#
        && list.show("a") == "missing")
    #expect(try decoder.decode(text: "5").show("a") == "missing")
  }

  @Test("names of the envelope")
  func envelope() throws {
    var envelope = Envelope(source: "main")
    (envelope.queue, envelope.exchange, envelope.routingKey, envelope.redelivered) = ("q", "e", "r.k", true)
    envelope.messageID = "m-1"
    envelope.headers = [
      .init(name: "x-a.b", value: .text("dots")), .init(name: "n", value: .number("5")),
      .init(name: "yes", value: .boolean(true)),
      .init(name: "void", value: .null), .init(name: "n", value: .number("6")),
    ]
    let decoder = EventDecoder()
    let event = try decoder.decode(text: "{}", envelope)
    let facts = [
      "@id": #""m-1""#, "@type": #""r.k""#, "@time": "missing", "@source": #""main""#, "@subject": "missing",
      "@publisher": "missing",
      "@priority": "missing", "@routing_key": #""r.k""#, "@exchange": #""e""#, "@queue": #""q""#,
      "@redelivered": "true", "@tags": "[]",
      "@header.x-a.b": #""dots""#, "@header.n": "5", "@header.yes": "true", "@header.void": "null",
      "@header.none": "missing",
      "@header.N": "missing", "@context.user": "missing", "@object.node": "missing",
    ]
    for (path, expected) in facts { #expect(try event.show(path) == expected, "\(path)") }
  }

  @Test("paths are equal when their texts are")
  func equality() throws {
    #expect(try Set([FieldPath("a.b"), FieldPath("a.b"), FieldPath("a[0]")]).count == 2)
    #expect(FieldPath.list("a", "", "b").map(\.description) == ["a", "b"])
  }

  @Test("the paths that the families of events use are all paths")
  func families() {
    for family in [EventFamily.esiLeap, .ironic, .ironicNode, .nova, .novaInstance] {
      #expect(!family.subject.isEmpty && family.objects.allSatisfy { !$0.paths.isEmpty })
    }
    #expect(EventFamily.novaInstance.subject.count == 2 && EventFamily.esiLeap.subject.count == 2)
  }
}
