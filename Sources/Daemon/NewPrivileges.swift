// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Events
import Glibc

/// Renounces every right that a setuid program could give.
package enum NewPrivileges {
  /// Renounces them for the whole daemon, where no action's script is to have them.
  ///
  /// For good: an action that asks for them later (`no_new_privs = no` in a reloaded configuration) does not get them.
  /// A privileged daemon has run-as do it for each script.
  package static func renounce(_ actions: [Action]) {
    guard geteuid() != 0, clinux_holds_any_capability() == 0, actions.allSatisfy(\.noNewPrivileges) else { return }
    _ = clinux_set_no_new_privileges()
  }

  /// Whether that was done.
  static var areRenounced: Bool { geteuid() != 0 && clinux_no_new_privileges() != 0 }
}
