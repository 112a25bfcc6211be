// SPDX-License-Identifier: Apache-2.0

/// A place in a configuration file; line and column count from 1, columns in Unicode scalars.
package struct SourcePosition: Sendable, Hashable, CustomStringConvertible {
  package var file: String
  package var line: Int
  package var column: Int
  package init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }
  package var description: String { "\(file):\(line):\(column)" }
}

/// One thing wrong with a configuration, and where.
package struct ConfigProblem: Sendable, Error, Equatable, CustomStringConvertible {
  package var position: SourcePosition
  /// What was found, what was expected, and the cure.
  package var message: String
  package init(position: SourcePosition, message: String) {
    self.position = position
    self.message = message
  }
  package var description: String { "\(position): \(message)" }
}

/// A configuration file as text with positions: sections, keys and values, nothing interpreted.
package struct ConfigDocument: Sendable {
  package var sections: [ConfigSection] = []
  /// YAML: what stands at the top under a name that no section is made from, in the order of the file.
  ///
  /// The caller knows all names and says which one was probably meant, so this is not yet a problem.
  package var unknown: [ConfigEntry] = []
  /// Everything that is wrong with the file's form, in the order of the file.
  package var problems: [ConfigProblem] = []
  package init() {}
}

package struct ConfigSection: Sendable {
  /// The name as written: `DEFAULT`, `fulfill`, `action:fulfill`, `source:main`.
  ///
  /// YAML's maps give the same names.
  package var name: String
  package var position: SourcePosition
  /// The keys in the order of the file; INI's in lower case.
  ///
  /// DEFAULT's are not copied in.
  package var entries: [ConfigEntry]
  package init(name: String, position: SourcePosition, entries: [ConfigEntry]) {
    self.name = name
    self.position = position
    self.entries = entries
  }
}

package struct ConfigEntry: Sendable {
  package var key: String
  package var position: SourcePosition
  package var value: ConfigValue
  package init(key: String, position: SourcePosition, value: ConfigValue) {
    self.key = key
    self.position = position
    self.value = value
  }
}

package indirect enum ConfigValue: Sendable {
  /// INI: the raw text, continuation lines joined by a newline, not yet cut at comments.
  case raw(ConfigText)
  /// YAML: a scalar with its type by the core schema.
  case scalar(ConfigText, YAMLType)
  case list([ConfigValue], SourcePosition)
  case map([ConfigEntry], SourcePosition)

  package enum YAMLType: Sendable, Equatable { case null, boolean, number, text }

  /// Where the value begins.
  package var position: SourcePosition {
    switch self {
    case .raw(let text), .scalar(let text, _): text.position
    case .list(_, let position), .map(_, let position): position
    }
  }
}
