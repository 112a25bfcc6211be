// SPDX-License-Identifier: Apache-2.0

/// Where a value is found in an event; see "path" in the configuration reference.
package struct FieldPath: Sendable, Hashable, CustomStringConvertible {
  /// The path as it was written.
  package let description: String

  /// Reads a path such as `node_name`, `flavor.name`, `a[0].b`, `@header.x`.
  ///
  /// - Throws: `FieldPathError` that says what is wrong at which offset.
  package init(_ text: String) throws(FieldPathError) {
    description = text
  }
}

/// Why a text is not a path.
package struct FieldPathError: Error, Equatable {
  package var reason: String
  /// The offset in UTF-8 bytes of the fault within the text.
  package var offset: Int
}
