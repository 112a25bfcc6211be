// SPDX-License-Identifier: Apache-2.0

extension FieldPath {
  /// Finds the value below a root, versioned objects unwrapped on the way unless the root is a raw view.
  ///
  /// A literal key that holds dots wins, the longest first; where a longer one leads nowhere, shorter ones are tried.
  /// Allocates nothing. Takes at most one look at each value of the root for each segment.
  ///
  /// - Parameters:
  ///   - root: Where the search begins.
  ///   - skipped: The bytes at the start of `keys` that do not count.
  func find(in root: JSONValue, skipping skipped: Int = 0) -> JSONValue? {
    keys.withUnsafeBufferPointer { keys in
      find(in: root, from: 0, keys: UnsafeBufferPointer(rebasing: keys[...]), skipping: skipped)
    }
  }

  private func find(
    in value: JSONValue, from first: Int, keys: UnsafeBufferPointer<UInt8>, skipping skipped: Int
  ) -> JSONValue? {
    let value = value.unwrapped
    guard first < segments.count else { return value }
    let segment = segments[first]
    switch value.kind {
    case .array:
      guard let index = segment.index, let element = value.element(index) else { return nil }
      return find(in: element, from: first + 1, keys: keys, skipping: 0)
    case .object:
      guard !segment.isBracketed else { return nil }
      for last in stride(from: segments.count - 1, through: first, by: -1) {
        let start = min(segment.start + skipped, segments[last].end)
        guard let member = value.member(UnsafeBufferPointer(rebasing: keys[start..<segments[last].end])) else {
          continue
        }
        if let found = find(in: member, from: last + 1, keys: keys, skipping: 0) { return found }
      }
      return nil
    case .null, .false, .true, .number, .string: return nil
    }
  }
}
