// SPDX-License-Identifier: Apache-2.0

extension Event {
  /// The number at the payload's `value`, which aggregates are made of; nil where there is none that a double holds.
  package var measurement: Double? {
    guard let value = root.member("value"), value.kind == .number else { return nil }
    return value.withText { Double(String(decoding: $0, as: UTF8.self)) }.flatMap { $0.isFinite ? $0 : nil }
  }
}
