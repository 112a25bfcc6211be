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
