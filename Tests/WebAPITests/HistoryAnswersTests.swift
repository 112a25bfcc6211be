// SPDX-License-Identifier: Apache-2.0

import Events
import Testing

@testable import Journal
@testable import WebAPI

@Suite struct HistoryAnswersTests {
  private let answers = HistoryAnswers(RecordedJournal()) { _ in EventMapping() }

  @Test("without a daemon the same answers come from a journal")
  func offline() throws {
    let answers = answers
    let body = waiting { () async -> [UInt8] in (try? await answers.run("abcd1").body) ?? [] }
    let document = JSONDocument()
    try document.parse(try #require(body))
    #expect(document.root.integer(of: "run") == 1)
    #expect(document.root.list(of: "attempts_made")[0].list(of: "arguments")[1].bytes == [0xC3, 0x28])
  }

  @Test("the pages of a list join without a gap")
  func pages() async throws {
    var seen: [Int64] = []
    var parameters = RequestParameters([.init("limit", "1")])
    for _ in 0..<3 {
      let reply = try await answers.events(parameters)
      let document = JSONDocument()
      try document.parse(reply.body)
      let number = try #require(document.root.list(of: "events").first?.integer(of: "event"))
      seen.append(number)
      #expect(reply.next == "/api/v1/events?limit=1&before=\(number)")
      parameters = parameters.replacing("before", String(number))
    }
    #expect(seen == [3, 2, 1])
    #expect(try await answers.events(parameters).next == nil)
  }

  @Test("text that is stored as JSON and is none becomes a string, so that an answer stays JSON")
  func brokenJSON() {
    let document = JSONDocument()
    #expect(JSONTree.stored("{\"a\":1}".utf8, document).encoded == Array("{\"a\":1}".utf8))
    #expect(JSONTree.stored("{\"a\":".utf8, document).encoded == Array(#""{\"a\":""#.utf8))
  }

  @Test(
    "seconds keep nine digits, and lose those that say nothing",
    arguments: [
      (0, "0.0"), (512_000_000, "0.512"), (1, "0.000000001"), (61_000_000_000, "61.0"), (-1_500_000_000, "-1.5"),
    ])
  func seconds(nanoseconds: Int64, text: String) {
    #expect(JSONTree.seconds(nanoseconds).encoded == Array(text.utf8))
  }

  @Test(
    "a run is named by a number or by hexadecimal digits",
    arguments: [
      ("17", RunReference.number(17)), ("ABCD", .id("abcd")), ("12345678901234567890", .id("12345678901234567890")),
      ("9223372036854775808", nil), ("abc", nil), ("wxyz", nil), ("", nil), ("-1", nil),
      (String(repeating: "a", count: 33), nil),
    ])
  func reference(text: String, expected: RunReference?) {
    #expect(RunReference(text) == expected)
  }
}
