// SPDX-License-Identifier: Apache-2.0

package import ConfigText

/// Something in a configuration that is no error, and still worth saying.
package struct ConfigFinding: Sendable, Hashable, CustomStringConvertible {
  package enum Kind: String, Sendable, CaseIterable {
    /// The file will not do what it seems to say, or is unsafe.
    case warning
    /// Something that a person who knows the sender would add.
    case hint
    /// A value that means something else than it did to the Python listener.
    case difference
    /// How a value was read, where two readings are possible.
    case note
  }

  package var kind: Kind
  package var position: SourcePosition
  /// One or more sentences: what was found, what it leads to, the cure.
  package var message: String

  package init(_ kind: Kind, at position: SourcePosition, _ message: String) {
    self.kind = kind
    self.position = position
    self.message = message
  }

  package var description: String { "\(position): \(kind.rawValue): \(message)" }
}
