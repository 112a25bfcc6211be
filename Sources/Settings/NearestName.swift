// SPDX-License-Identifier: Apache-2.0

/// Finds the known name that somebody probably meant.
enum NearestName {
  /// The nearest of some names, when it is near enough to be worth saying: at most a third of the letters differ.
  ///
  /// Two neighbouring letters in the wrong order count as one difference; upper and lower case as none.
  static func to(_ name: String, in known: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().unicodeScalars)
    guard wanted.count <= 200 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in known {
      let letters = Array(candidate.lowercased().unicodeScalars)
      let limit = max(1, max(wanted.count, letters.count) / 3)
      // As many letters differ at least.
      guard letters.count <= 200, abs(wanted.count - letters.count) <= limit else { continue }
      let distance = distance(wanted, letters)
      guard distance <= limit else { continue }
      if let found = best, found.distance <= distance { continue }
      best = (candidate, distance)
    }
    return best?.name
  }

  /// A sentence's end that names the nearest known name: `; did you mean 'script'?`, or nothing.
  static func suggestion(for name: String, in known: some Sequence<String>) -> String {
    to(name, in: known).map { "; did you mean '\($0)'?" } ?? ""
  }

  /// The number of inserted, deleted, replaced and swapped letters (optimal string alignment).
  static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, letter) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        var cost = min(last[column + 1], current[column]) + 1
        cost = min(cost, last[column] + (letter == other ? 0 : 1))
        if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
