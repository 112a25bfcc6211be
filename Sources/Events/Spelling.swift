// SPDX-License-Identifier: Apache-2.0

/// The known name that a mistyped one most likely means; nil where none is near.
///
/// Near is at most one insertion, deletion, change or swap of neighbours for every three letters, and one at least.
package func nearest(to name: String, among known: some Sequence<String>) -> String? {
  let letters = Array(name.lowercased().unicodeScalars)
  // A long name from an event would cost its square.
  guard letters.count <= 64 else { return nil }
  var best: (name: String, distance: Int)?
  for candidate in known where candidate != name && candidate.utf8.count <= 256 {
    let distance = editDistance(letters, Array(candidate.lowercased().unicodeScalars))
    guard distance <= max(1, letters.count / 3), distance < best?.distance ?? .max else { continue }
    best = (candidate, distance)
  }
  return best?.name
}

/// Counts the insertions, deletions, changes and swaps of neighbours between two texts.
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for (i, left) in a.enumerated() {
    var row = [i + 1]
    for (j, right) in b.enumerated() {
      var distance = min(last[j] + (left == right ? 0 : 1), last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, left == b[j - 1], a[i - 1] == right { distance = min(distance, beforeLast[j - 1] + 1) }
      row.append(distance)
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}
