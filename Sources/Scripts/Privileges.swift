// SPDX-License-Identifier: Apache-2.0

import CLinux
import Events
import Glibc

/// What this process is, as far as a script started without run-as would be it too.
struct Privileges: Sendable {
  let user: UInt32
  let group: UInt32
  /// Root, or anybody with a capability: what a script must not get.
  let isPrivileged: Bool
  /// Whether groups can be set at all, to the same ones too.
  let mayChangeGroups: Bool
  let hasNoNewPrivileges: Bool
  /// Nil where it cannot be told.
  let umask: UInt32?

  /// Looks at the process; to be called on the thread that starts the scripts, since each has rights of its own.
  init() {
    user = geteuid()
    group = getegid()
    isPrivileged = user == 0 || getuid() != user || getgid() != group || clinux_holds_any_capability() != 0
    mayChangeGroups = clinux_holds_capability(clinux_cap_setgid) != 0
    hasNoNewPrivileges = clinux_no_new_privileges() != 0
    umask = Self.ownMask()
  }

  /// Whether the invocation's script gets exactly what it asks for when it is started without run-as.
  func suffice(for invocation: Invocation) -> Bool {
    !isPrivileged && invocation.identity == nil && invocation.nice == nil && invocation.limits == ResourceLimits()
      && invocation.umask == umask && (hasNoNewPrivileges || !invocation.noNewPrivileges)
  }

  /// Reads the umask without changing it for a moment, which umask(2) would do to every thread.
  private static func ownMask() -> UInt32? {
    guard let status = ProcessFile.read("/proc/self/status") else { return nil }
    for line in status.split(separator: UInt8(ascii: "\n")) where line.starts(with: Array("Umask:".utf8)) {
      let digits = line.drop { !(0x30...0x37 ~= $0) }
      return UInt32(String(decoding: digits, as: UTF8.self), radix: 8)
    }
    return nil
  }
}
