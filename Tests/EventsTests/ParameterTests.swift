// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Events

@Suite struct ParameterTests {
  private let decoder = EventDecoder()
  private static let payload = #"""
    {"name": "web", "n": 1.10, "big": 123456789012345678901, "yes": true, "no": false, "null": null, "empty": "",
     "list": [1, "a b", null], "object": {"z": 1.0, "a": {"x_object.name": "X", "x_object.data": {"k": "v"}}},
     "flavor": {"nova_object.version": "1.4", "nova_object.data": {"name": "m1"}}}
    """#

  @Test(
    "A parameter gives one argument, each value by its own text",
    arguments: [
      ("name", "web"), ("n", "1.10"), ("big", "123456789012345678901"), ("yes", "true"), ("no", "false"), ("null", ""),
      ("empty", ""), ("list", #"[1,"a b",null]"#), ("object", #"{"z":1.0,"a":{"k":"v"}}"#), ("flavor.name", "m1"),
      ("missing?", ""), ("null?", ""), ("name?", "web"), ("missing:-none", "none"), ("null:-none", "none"),
      ("name:-none", "web"),
      ("empty:-none", ""), ("missing:-", ""), (#"missing:-"two words ""#, "two words "), ("missing:-a:-b", "a:-b"),
      (#""literal""#, "literal"), (#""""#, ""), (#""--name={name}""#, "--name=web"), (#""{name}/{n}""#, "web/1.10"),
      (#""{missing?}""#, ""), (#""<{missing:-none}>""#, "<none>"), (#""{{name}""#, "{name}"), (#""a}b""#, "a}b"),
      (#""{null}{list}""#, #"[1,"a b",null]"#), (#""say "hi" \n""#, #"say "hi" \n"#), ("@source", "default"),
    ])
  func resolves(_ entry: String, _ expected: String) throws {
    let argument = try Parameter(entry).argument(for: try decoder.decode(text: Self.payload))
    #expect(String(decoding: argument.bytes, as: UTF8.self) == expected)
  }

  @Test("A missing value refuses the run, and names the paths beside it and the one that is meant")
  func refusesMissing() throws {
    let event = try decoder.decode(text: #"{"fulfill_time": null, "node": {"name": "n", "uuid": "u"}}"#)
    let top = try #require(throws: Refusal.self) { try Parameter("fulfil_time").argument(for: event) }
    #expect(
      top.description
        == "The parameter fulfil_time reads fulfil_time, but the event has no fulfil_time; beside it are fulfill_time, node "
        + "(did you mean fulfill_time?). Write fulfil_time? where it may be missing, or fulfil_time:-DEFAULT.")
    let nested = try #require(throws: Refusal.self) { try Parameter(#""{node.nmae}""#).argument(for: event) }
    #expect(nested.description.contains("beside it are node.name, node.uuid (did you mean node.name?)"))
    let parent = try #require(throws: Refusal.self) { try Parameter("fulfill_time.x").argument(for: event) }
    #expect(parent.description.contains("fulfill_time is null"))
  }

  @Test("A refusal stays short, whatever names and values the event has")
  func boundsRefusals() throws {
    let members = (0..<100_000).map { #""\#(String(repeating: "k", count: 50))\#($0)": 1"# }.joined(separator: ",")
    let event = try decoder.decode(text: "{\(members), \"v\": \"\(String(repeating: "x", count: 5000))\"}")
    for entry in ["missing", "v.x"] {
      let refusal = try #require(throws: Refusal.self) { try Parameter(entry).argument(for: event) }
      #expect(refusal.description.utf8.count < 2000)
    }
  }

  @Test(
    "What is no parameter is refused with the offset",
    arguments: [
      ("", 0), ("@nope", 0), ("\"open", 5), ("\"", 1), (#""a{b""#, 2), (#""{}""#, 2), (#""x{@nope}""#, 3), (":-x", 0),
      ("?", 0),
    ])
  func refusesEntries(_ entry: String, _ offset: Int) throws {
    let error = try #require(throws: FieldPathError.self) { try Parameter(entry) }
    #expect(error.offset == offset)
  }

  @Test("Only paths have a name in the environment, in upper case with underscores")
  func namesEnvironment() throws {
    #expect(try Parameter("node_name").environmentName == "NODE_NAME")
    #expect(try Parameter("flavor.name:-x").environmentName == "FLAVOR_NAME")
    #expect(try Parameter("ip-addresses[0]?").environmentName == "IP_ADDRESSES_0_")
    #expect(try Parameter(#""{node_name}""#).environmentName == nil)
    #expect(try Parameter(#""{a} {b?}""#).paths.map(\.description) == ["a", "b"])
    #expect(try Parameter("a:-b").description == "a:-b")
  }
}
