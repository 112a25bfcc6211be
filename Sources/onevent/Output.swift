// SPDX-License-Identifier: Apache-2.0

import Events

/// The text as a JSON string: no control character reaches the terminal.
func quoted(_ text: String) -> String {
  var bytes: [UInt8] = []
  bytes.appendJSON(text: text.utf8)
  return String(decoding: bytes, as: UTF8.self)
}

/// The start of a text, with a note of what is left out.
func shortened(_ text: String, to limit: Int) -> String {
  text.utf8.count <= limit ? text : "\(text.prefix(limit))… (\(text.utf8.count) bytes)"
}

extension FieldValue {
  /// The value as JSON.
  var json: String {
    var bytes: [UInt8] = []
    appendJSON(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
