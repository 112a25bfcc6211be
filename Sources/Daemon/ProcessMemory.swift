// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What others may see of this process's memory.
package enum ProcessMemory {
  /// Keeps passwords and certificates' keys out of core dumps and away from other processes of the same user, such as
  /// scripts that run as the daemon does.
  ///
  /// From here on the kernel writes no core dump of this process, lets only root attach to it, and gives its files in
  /// `/proc` (`environ`, `mem`, `fd`) to root. Scripts are not concerned: the setting ends with the next execve(2).
  package static func forbidDumps() {
    // It cannot fail with these arguments (prctl(2)).
    _ = clinux_forbid_dumps()
  }
}
