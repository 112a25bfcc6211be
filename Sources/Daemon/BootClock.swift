// SPDX-License-Identifier: Apache-2.0

import CLinux
import Scripts

/// The clock that counts since boot, sleep included, and that nobody can set.
enum BootClock {
  /// Nanoseconds of `CLOCK_BOOTTIME`.
  static var now: Int64 { clinux_boot_time() }

  /// Names this boot of this machine; empty where the kernel does not say.
  static let bootID = ProcessFile.firstLine("/proc/sys/kernel/random/boot_id") ?? ""
}
