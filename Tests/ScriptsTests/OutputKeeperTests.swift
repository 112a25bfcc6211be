// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Scripts

@Suite struct OutputKeeperTests {
  private func keep(_ bytes: [UInt8], limit: Int, chunk: Int) -> KeptOutput {
    var keeper = OutputKeeper(limit: limit)
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      bytes[start..<min(start + chunk, bytes.count)].withUnsafeBufferPointer { keeper.add($0) }
    }
    return keeper.kept
  }

  @Test("Up to the limit everything is kept", arguments: [0, 1, 9, 10])
  func withinLimit(count: Int) {
    let bytes = (0..<count).map { UInt8($0) }
    for chunk in 1...11 {
      let kept = keep(bytes, limit: 10, chunk: chunk)
      #expect(kept.head + kept.tail == bytes)
      #expect(kept.dropped == 0)
    }
  }

  @Test("Beyond the limit the first half and the last half are kept, and the rest is counted")
  func beyondLimit() {
    for limit in [0, 1, 2, 7, 10, 64] {
      for count in [limit + 1, 2 * limit + 3, 500] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        for chunk in [1, 3, 5, 16, 499, 1_000] {
          let kept = keep(bytes, limit: limit, chunk: chunk)
          #expect(kept.head == Array(bytes.prefix(limit - limit / 2)))
          #expect(kept.tail == Array(bytes.suffix(limit / 2)))
          #expect(kept.dropped == UInt64(count - limit))
        }
      }
    }
  }

  @Test("A negative limit keeps nothing")
  func negativeLimit() {
    let kept = keep([1, 2, 3], limit: -5, chunk: 2)
    #expect(kept.head.isEmpty && kept.tail.isEmpty && kept.dropped == 3)
  }
}
