// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Journal

@Suite struct TypePatternsTests {
  @Test(
    "a pattern matches words as a topic does",
    arguments: [
      ("a.b", "a.b", true), ("a.b", "a.b.c", false), ("a.b", "a.B", false), ("a.*", "a.b", true), ("a.*", "a", false),
      ("a.*", "a.b.c", false), ("a.#", "a", true), ("a.#", "a.b.c", true), ("#", "", true), ("", "", true),
      ("*", "", false), ("#.c", "a.b.c", true), ("#.c", "c.b", false), ("a.#.d", "a.b.c.d", true),
      ("a.#.d", "a.d", true),
      ("#.b.#.b", "b.a.b", true), ("#.b.#.b", "b", false), ("a*", "ab", false), ("a*", "a*", true),
      ("a..b", "a..b", true), ("a.*.b", "a..b", true), ("x, a.*", "a.b", true), ("x,y", "z", false),
    ])
  func matches(pattern: String, type: String, expected: Bool) {
    #expect(TypePatterns(pattern).matches(type) == expected, "\(pattern) and \(type)")
  }
}
