// SPDX-License-Identifier: Apache-2.0

/// A text for a message: one line, and not longer than a reader wants.
///
/// Control characters become spaces, so that what a tenant wrote cannot draw on a terminal.
func shortened(_ text: String, to limit: Int = 200) -> String {
  var scalars = String.UnicodeScalarView()
  var count = 0
  for scalar in text.unicodeScalars {
    if count == limit { return String(scalars) + "…" }
    count += 1
    let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    scalars.append(isControl ? " " : scalar)
  }
  return String(scalars)
}
