// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Lets a test make threads of one kind hang: only in debug builds.
///
/// `ONEVENT_WEDGE=journal:/some/file` holds them at their next beat for as long as that file is there.
enum Wedge {
  #if DEBUG
    private static let wanted: (kind: String, path: String)? = {
      guard let text = getenv("ONEVENT_WEDGE").map({ String(cString: $0) }) else { return nil }
      let parts = text.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      return (String(parts[0]), String(parts[1]))
    }()

    static func hold(_ kind: String) {
      guard let wanted, wanted.kind == kind else { return }
      while access(wanted.path, F_OK) == 0 { usleep(10_000) }
    }
  #else
    @inline(__always)
    static func hold(_ kind: String) {}
  #endif
}
