// SPDX-License-Identifier: Apache-2.0

/// Why a body is not an event, as a sentence that names what was found and where.
package struct DecodingFailure: Error, Equatable, CustomStringConvertible {
  package var description: String

  init(_ description: String) {
    self.description = description
  }

  init(_ what: String, _ error: JSONError) {
    description = "\(what) is not JSON: \(error)."
  }
}

extension String {
  /// The first 40 characters in quotes, control characters escaped: text of a sender, as an error shows it.
  var quoted: String {
    var shown: [UInt8] = []
    shown.appendJSON(text: prefix(40).utf8)
    return String(decoding: shown, as: UTF8.self)
  }
}
