// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AMQP
import ProgramFixture

@Suite struct BodyAssemblyTests {
  private enum Outcome: Equatable {
    case whole([UInt8])
    case passed
    case incomplete
    case violation
  }

  /// The bytes of a body count on from 0.
  private func content(_ size: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
      let pattern = (0..<256).map { UInt8($0) }
      while count < size {
        count = bytes[count..<min(size, count + 256)].update(fromContentsOf: pattern.prefix(size - count))
      }
    }
  }

  private func outcome(_ progress: BodyAssembly.Progress) -> Outcome {
    switch progress {
    case .incomplete: .incomplete
    case .complete(nil): .passed
    case .complete(let body?): .whole(Array(body))
    }
  }

  /// Feeds fragments of the given sizes until the body is complete or refused.
  private func assemble(
    _ assembly: inout BodyAssembly, announced: UInt64, fragments: [Int], keep: Bool = true
  ) -> Outcome {
    var last = outcome(assembly.begin(size: announced, keep: keep))
    let bytes = content(fragments.reduce(0, +))
    var sent = 0
    for size in fragments where last == .incomplete {
      last = bytes[sent..<(sent + size)].withUnsafeBytes { fragment in
        (try? assembly.append(fragment)).map { outcome($0) } ?? .violation
      }
      sent += size
    }
    return last
  }

  @Test(
    "a body comes out as it went in, however it is cut",
    arguments: [[], [1], [100], [50, 50], [1, 98, 1], [99, 1]] as [[Int]])
  func cuts(fragments: [Int]) {
    var assembly = BodyAssembly(limit: 100)
    let size = fragments.reduce(0, +)
    let outcome1 = assemble(&assembly, announced: UInt64(size), fragments: fragments)
    #expect(outcome1 == .whole(content(size)))
  }

  @Test("a body of one frame is not copied")
  func noCopy() throws {
    var assembly = BodyAssembly(limit: 100)
    let bytes = content(10)
    _ = assembly.begin(size: 10, keep: true)
    try bytes.withUnsafeBytes { fragment in
      guard case .complete(let body?) = try assembly.append(fragment) else {
        Issue.record("not complete")
        return
      }
      #expect(body.baseAddress == fragment.baseAddress)
    }
  }

  @Test("a body over the limit passes by, whatever size is claimed", arguments: [101, 1 << 40, UInt64.max])
  func overTheLimit(announced: UInt64) {
    var assembly = BodyAssembly(limit: 100)
    let expected: Outcome = announced == 101 ? .passed : .incomplete
    let outcome2 = assemble(&assembly, announced: announced, fragments: [50, 50, 1])
    #expect(outcome2 == expected)
    #expect(assembly.announced == announced)
  }

  @Test("a body that is not wanted passes by")
  func unwanted() {
    var assembly = BodyAssembly(limit: 100)
    let outcome3 = assemble(&assembly, announced: 20, fragments: [20], keep: false)
    #expect(outcome3 == .passed)
    let outcome4 = assemble(&assembly, announced: 0, fragments: [], keep: false)
    #expect(outcome4 == .passed)
  }

  @Test("more than was announced breaks the protocol", arguments: [[11], [10, 1], [5, 6]])
  func tooLong(fragments: [Int]) {
    var assembly = BodyAssembly(limit: 100)
    let announced: UInt64 = 10
    let outcome = assemble(&assembly, announced: announced, fragments: fragments)
    // Once it is complete, a further frame has no header; the session refuses that.
    #expect(outcome == (fragments == [10, 1] ? .whole(content(11).dropLast()) : .violation))
  }

  @Test("an empty frame breaks the protocol")
  func emptyFrame() {
    var assembly = BodyAssembly(limit: 100)
    let outcome5 = assemble(&assembly, announced: 10, fragments: [5, 0, 5])
    #expect(outcome5 == .violation)
  }

  @Test("less than was announced stays incomplete, and the next body is not touched by it")
  func tooShort() {
    var assembly = BodyAssembly(limit: 1_000_000)
    let outcome6 = assemble(&assembly, announced: 1_000_000, fragments: [400_000, 400_000])
    #expect(outcome6 == .incomplete)
    let outcome7 = assemble(&assembly, announced: 600_000, fragments: [300_000, 300_000])
    #expect(outcome7 == .whole(content(600_000)))
  }

  @Test("a promised size alone takes no memory")
  func promise() {
    let limit = 1 << 40
    var assembly = BodyAssembly(limit: limit)
    // Would fail to allocate if the promise were believed.
    let outcome8 = assemble(&assembly, announced: UInt64(limit), fragments: [10, 10])
    #expect(outcome8 == .incomplete)
  }

  @Test("any cutting of any size works", arguments: 0..<10)
  func random(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    var assembly = BodyAssembly(limit: 3 << 20)
    for _ in 0..<4 {
      var fragments: [Int] = []
      for _ in 0..<Int.random(in: 0...20, using: &generator) {
        fragments.append(Int.random(in: 1...131_064, using: &generator))
      }
      let size = fragments.reduce(0, +)
      let outcome9 = assemble(&assembly, announced: UInt64(size), fragments: fragments)
      #expect(outcome9 == .whole(content(size)))
    }
  }
}
