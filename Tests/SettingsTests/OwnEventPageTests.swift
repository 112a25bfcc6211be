// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Testing

/// What onevent-events(7) says of the daemon's own events, held against the code that makes them.
@Suite struct OwnEventPageTests {
  private static func page() throws -> String {
    try String(contentsOfFile: "\(Fixture.root)/packaging/man/onevent-events.7", encoding: .utf8)
  }

  /// The entries of the page: each event with the members that it is said to have.
  private static func entries(_ page: String) -> [String: [String]] {
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    var entries: [String: [String]] = [:]
    for (tag, members) in zip(lines, lines.dropFirst()) where tag.hasPrefix(".B onevent.") && members.hasPrefix(".I \"")
    {
      entries[String(tag.dropFirst(3))] =
        members.dropFirst(4).dropLast().components(separatedBy: ", ")
    }
    return entries
  }

  private static let expected = Dictionary(
    uniqueKeysWithValues: OwnEventType.allCases.map { ($0.rawValue, $0.members) })

  @Test("onevent-events(7) has every own event with its members, and no other")
  func agrees() throws {
    #expect(Self.entries(try Self.page()) == Self.expected)
  }

  @Test("an event or a member that is missing, and one that is no more, are told")
  func detects() throws {
    let page = try Self.page()
    for (text, replacement) in [
      (".B onevent.started\n", ".B onevent.began\n"), ("problems, count", "problems"),
      (".SS Sources\n", ".SS Sources\n.TP\n.B onevent.source.gone\n.I \"source\"\n"),
    ] {
      #expect(page.contains(text))
      #expect(Self.entries(page.replacingOccurrences(of: text, with: replacement)) != Self.expected)
    }
  }
}
