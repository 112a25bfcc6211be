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
    keys.withUnsafeBufferPointer { find(in: root, from: 0, keys: $0, skipping: skipped) }
  }

  private func find(
    in value: JSONValue, from first: Int, keys: UnsafeBufferPointer<UInt8>, skipping skipped: Int
  ) -> JSONValue? {
    guard first < segments.count else { return value }
    let segment = segments[first]
    switch value.kind {
    case .array:
      guard let index = segment.index, let element = value.element(index) else { return nil }
      return find(in: element.unwrapped, from: first + 1, keys: keys, skipping: 0)
    case .object:
      guard !segment.isBracketed else { return nil }
      for last in stride(from: segments.count - 1, through: first, by: -1) {
        let end = segments[last].end
        let key = keys[min(segment.start + skipped, end)..<end].rebased
        guard let member = value.member(key)?.unwrapped else { continue }
        if let found = find(in: member, from: last + 1, keys: keys, skipping: 0) { return found }
      }
      return nil
    case .null, .false, .true, .number, .string: return nil
    }
  }
}
