// SPDX-License-Identifier: Apache-2.0

/// A good answer: JSON, and where a list goes on.
package struct Reply {
  var json: JSONTree
  /// The path and query of the list's next part; nil where there is none.
  var next: String?

  init(_ json: JSONTree, next: String? = nil) {
    self.json = json
    self.next = next
  }

  /// The JSON text.
  package var body: [UInt8] { json.encoded }
}
