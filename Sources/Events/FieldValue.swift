// SPDX-License-Identifier: Apache-2.0

/// What a path finds in an event.
package enum FieldValue {
  /// There is nothing at the path. Not the same as null.
  case missing
  /// A value of the payload, versioned objects unwrapped.
  case json(JSONValue)
  /// A fact of the envelope.
  case text(String)
  case boolean(Bool)
  /// A list of texts, such as `@tags`.
  case list([String])
}
