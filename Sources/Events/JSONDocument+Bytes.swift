// SPDX-License-Identifier: Apache-2.0

extension JSONDocument {
  /// Parses a text that an array holds; what is valid for `parse(_:)` is for this.
  package func parse(_ bytes: [UInt8]) throws(JSONError) {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(JSONError) in try parse(buffer) }
    }
    try result.get()
  }
}
