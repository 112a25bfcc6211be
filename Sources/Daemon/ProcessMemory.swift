// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What others may see of this process's memory, and what it holds of theirs.
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

  /// Lets go of the program's pages that only the start has used.
  ///
  /// At each first use of a page of code the kernel maps its neighbours too, 64 KiB, so that a start, which runs through
  /// all of the program once, leaves most of it mapped. Those pages belong to the page cache, which has them with or
  /// without this process, but they count as its resident memory, and the kernel takes mapped ones back last. What goes
  /// on running is mapped again as it runs: about a hundred faults, a millisecond in all.
  static func forgetStart() { clinux_unmap_program_pages() }
}
