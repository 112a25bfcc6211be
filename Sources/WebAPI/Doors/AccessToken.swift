// SPDX-License-Identifier: Apache-2.0

package import Events

/// A token that opens the port: what it is called, and what its bearer may do.
///
/// The secret itself is not kept.
package struct AccessToken: Sendable, Equatable {
  /// For the log and for people.
  package var name: String
  package var role: Role
  package var digest: Digest

  package init(name: String, role: Role, digest: Digest) {
    self.name = name
    self.role = role
    self.digest = digest
  }
}

/// Who asks, as far as it is known.
package struct Caller: Sendable, Equatable {
  /// How somebody showed that he may.
  package enum Proof: String, Sendable {
    /// The Unix socket let him in.
    case socket
    /// `Authorization: Bearer`.
    case token
    /// The cookie that a token or a link was exchanged for.
    case session
  }

  package var name: String
  package var role: Role
  package var proof: Proof

  package init(name: String, role: Role, proof: Proof) {
    self.name = name
    self.role = role
    self.proof = proof
  }
}
