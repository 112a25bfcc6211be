// SPDX-License-Identifier: Apache-2.0

extension FieldPath {
  /// Finds the value below a root, versioned objects unwrapped on the way unless the root is a raw view.
  ///
  /// A literal key that holds dots wins, the longest first; where a longer one leads nowhere, shorter ones are tried.
  /// Allocates nothing. Comes to each value of the root once at most.
  ///
  /// - Parameters:
  ///   - root: Where the search begins, already unwrapped.
  ///   - skipped: How many bytes at the start of `keys` do not count.
  /// - Returns: The value, unwrapped; nil where there is none.
  func find(in root: JSONValue, skipping skipped: Int = 0) -> JSONValue? {
    let search = Search(tape: root.document.tape, isRaw: root.isRaw, segments: segments, skipped: skipped)
    let found = withExtendedLifetime(root.document) {
      keys.withUnsafeBufferPointer { search.find(in: root.index, from: 0, keys: $0) }
    }
    return found.map(root.child(_:))
  }
}

private struct Search {
  let tape: JSONTape
  let isRaw: Bool
  let segments: [FieldPath.Segment]
  /// How many bytes at the start of the first key do not count.
  let skipped: Int

  func find(in value: UInt32, from first: Int, keys: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard first < segments.count else { return value }
    let segment = segments[first]
    switch tape.kind(value) {
    case .array:
      guard let index = segment.index, let element = tape.element(index, of: value) else { return nil }
      return find(in: shown(element), from: first + 1, keys: keys)
    case .object:
      guard !segment.isBracketed else { return nil }
      for last in stride(from: segments.count - 1, through: first, by: -1) {
        let end = segments[last].end
        let key = keys[min(segment.start + (first == 0 ? skipped : 0), end)..<end].rebased
        guard let member = tape.lastMember(of: value, named: key) else { continue }
        if let found = find(in: shown(member), from: last + 1, keys: keys) { return found }
      }
      return nil
    case .null, .false, .true, .number, .string: return nil
    }
  }

  private func shown(_ index: UInt32) -> UInt32 { isRaw ? index : tape.unwrapped(index) }
}
