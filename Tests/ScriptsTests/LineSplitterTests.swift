// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Scripts

@Suite struct LineSplitterTests {
  /// Splits chunks as they would come from a pipe.
  private func split(_ chunks: [[UInt8]]) -> [[UInt8]] {
    var splitter = LineSplitter()
    var lines: [[UInt8]] = []
    for chunk in chunks { chunk.withUnsafeBufferPointer { splitter.add($0) { lines.append(Array($0)) } } }
    splitter.end { lines.append(Array($0)) }
    return lines
  }

  private func split(_ chunks: String...) -> [String] {
    split(chunks.map { Array($0.utf8) }).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("Lines end at line feeds, wherever the chunks end, and the last one needs none")
  func lines() {
    #expect(split("one\ntwo\n") == ["one", "two"])
    #expect(split("o", "ne", "\n", "two") == ["one", "two"])
    #expect(split("\n\n", "\n") == ["", "", ""])
    #expect(split("one\r\n") == ["one\r"])
    #expect(split("") == [])
  }

  @Test("Every way to cut a text into chunks gives the same lines")
  func anyCut() {
    let text = Array("a\n\nbc\r\n\0x\nend".utf8)
    let expected = split([text])
    #expect(expected.count == 5)
    for first in 0...text.count {
      for second in first...text.count {
        #expect(split([Array(text[..<first]), Array(text[first..<second]), Array(text[second...])]) == expected)
      }
    }
  }

  @Test("A line without an end comes in pieces of 16 KiB", arguments: [1, 1_000, 4_096, 16_384, 70_000])
  func endlessLine(chunk: Int) {
    let total = 70_000
    let bytes = (0..<total).map { UInt8(truncatingIfNeeded: 32 + $0 % 90) }
    let chunks = stride(from: 0, to: total, by: chunk).map { Array(bytes[$0..<min($0 + chunk, total)]) }
    let pieces = split(chunks)
    #expect(pieces.map(\.count) == [16_384, 16_384, 16_384, 16_384, 4_464])
    #expect(pieces.flatMap { $0 } == bytes)
  }

  @Test("A line of exactly 16 KiB is one line, also when its line feed comes later")
  func exactlyLongest() {
    let line = [UInt8](repeating: 65, count: LineSplitter.longest)
    #expect(split([line + [10, 66]]) == [line, [66]])
    #expect(split([line, [10, 66]]) == [line, [66]])
  }

  @Test("No piece ends within a UTF-8 character", arguments: ["é", "€", "𝄞"], [0, 1, 2, 3])
  func characters(character: String, shift: Int) {
    let text = String(repeating: "x", count: shift) + String(repeating: character, count: 20_000)
    let pieces = split([Array(text.utf8)])
    #expect(pieces.count > 2)
    #expect(pieces.allSatisfy { $0.count <= LineSplitter.longest && String(validating: $0, as: UTF8.self) != nil })
    #expect(pieces.flatMap { $0 } == Array(text.utf8))
  }

  @Test("Bytes that are no UTF-8 are cut at the full size", arguments: [0x80, 0xFF, 0xC3] as [UInt8])
  func notUTF8(byte: UInt8) {
    let bytes = [UInt8](repeating: byte, count: 40_000)
    let pieces = split([bytes])
    #expect(pieces.flatMap { $0 } == bytes)
    #expect(pieces.allSatisfy { $0.count <= LineSplitter.longest })
  }
}
