// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// A key with its value, where it stands, and what its text is to be read with.
struct Setting: Sendable {
  let key: String
  /// Of the key.
  let position: SourcePosition
  let value: ConfigValue
  /// The directory that relative paths in it count from: that of its file.
  let directory: String
  /// The values that `%(name)s` may name, from its own section and `[DEFAULT]`; empty where nothing is interpolated.
  let names: [String: ConfigText]
  /// Whether the Python listener could have read the value: then it is said what means something else now.
  let speaksPython: Bool

  /// Where the value begins.
  var valuePosition: SourcePosition { value.position }
}

/// A section with all that it inherits.
struct Section: Sendable {
  let kind: SectionKind
  /// The name of the action or source; `scripts`, `journal`, `api`, `log`.
  let name: String
  /// The section as it was written: `[fulfill]`, `[source:main]`.
  let title: String
  let position: SourcePosition
  /// The directory of the file that the section is in.
  let directory: String
  let speaksPython: Bool
  /// The nearest last: defaults of `[scripts]`, `[DEFAULT]`, the section itself.
  var layers: [[String: Setting]]

  /// The setting that counts for a key, wherever it was inherited from.
  func setting(_ key: String) -> Setting? {
    for layer in layers.reversed() {
      if let setting = layer[key] { return setting }
    }
    return nil
  }

  /// The value of a key: the setting's, or the default where there is none or it cannot be read.
  func value<Value>(_ key: Key<Value>, _ report: Report) -> Value {
    guard let setting = setting(key.name) else { return key.fallback }
    return key.type.read(setting, report) ?? key.fallback
  }

  /// Twelve hexadecimal digits that change whenever a setting that counts does, wherever it stands.
  var fingerprint: String {
    let keys = Set(layers.flatMap(\.keys)).sorted()
    var revision = Revision()
    for key in keys {
      guard let setting = setting(key) else { continue }
      revision.add(variable: "\(key) in \(setting.directory)", setting.value.json.text)
    }
    return revision.text
  }

  /// The settings that count for some keys, each as it was written, without its comments.
  func written(_ keys: [String]) -> [(key: String, value: String)] {
    keys.compactMap { key in
      guard let value = setting(key)?.value else { return nil }
      if case .raw(let text) = value { return (key, text.withoutComments(keepsPatterns: true).text.trimmed().text) }
      return (key, value.json.text)
    }
  }

  /// Where a key stands, or the section when it stands nowhere.
  func position<Value>(of key: Key<Value>) -> SourcePosition {
    setting(key.name)?.position ?? position
  }
}
