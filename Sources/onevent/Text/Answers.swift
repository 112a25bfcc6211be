// SPDX-License-Identifier: Apache-2.0

import Events
import WebAPI

/// How a daemon's answers are shown.
extension JSONValue {
  /// The scalar with this key; `-` where there is none.
  func shown(_ key: String) -> String {
    guard let value = member(named: key) else { return "-" }
    let text = value.text
    return text.isEmpty ? "-" : text
  }

  /// The instant with this key, to the second; `-` where there is none.
  ///
  /// In UTC, as in the log, and as `--since` takes it.
  func time(_ key: String) -> String {
    guard let text = text(of: key) else { return "-" }
    guard let dot = text.firstIndex(of: ".") else { return text }
    return "\(text[..<dot])Z"
  }

  /// The first digits of a run's id on a terminal, where commands take them as well; else all of it.
  func runID(for place: Terminal) -> String {
    let id = shown("run_id")
    return place.width == nil ? id : String(id.prefix(8))
  }

  /// The bytes with this key as text, what is no UTF-8 replaced; empty where there are none.
  func output(_ key: String) -> String { String(decoding: bytes(of: key) ?? [], as: UTF8.self) }
}
