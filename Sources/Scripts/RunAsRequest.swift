// SPDX-License-Identifier: Apache-2.0

import CRunAs
import Events

/// What run-as is told of one start, as bytes; see CRunAs.h.
struct RunAsRequest {
  private(set) var bytes: [UInt8] = []

  /// - Returns: Nil where it would be longer than run-as takes: the kernel takes less.
  init?(_ invocation: Invocation, in group: RunGroup?, _ privileges: Privileges) {
    var numbers = runas_request()
    numbers.magic = runas_magic
    numbers.version = runas_version
    numbers.uid = invocation.identity?.user ?? privileges.user
    numbers.gid = invocation.identity?.group ?? privileges.group
    var groups = invocation.identity?.groups
    // Without the right to change them, a daemon that runs its scripts as itself leaves them as they are.
    if !privileges.mayChangeGroups, numbers.uid == privileges.user, numbers.gid == privileges.group { groups = nil }
    numbers.flags |= groups == nil ? UInt32(runas_keep_groups) : 0
    numbers.group_count = UInt32(clamping: groups?.count ?? 0)
    numbers.mask = invocation.umask
    if invocation.allowsRoot { numbers.flags |= UInt32(runas_allow_root) }
    if invocation.noNewPrivileges { numbers.flags |= UInt32(runas_no_new_privileges) }
    var flags = numbers.flags
    Self.set(&numbers.nice, invocation.nice, UInt32(runas_has_nice), &flags)
    Self.set(&numbers.files, invocation.limits.openFiles, UInt32(runas_has_files), &flags)
    Self.set(&numbers.processes, invocation.limits.processes, UInt32(runas_has_processes), &flags)
    Self.set(&numbers.cpu, invocation.limits.processorSeconds, UInt32(runas_has_cpu), &flags)
    Self.set(&numbers.memory, invocation.limits.memory, UInt32(runas_has_memory), &flags)
    numbers.flags = flags
    numbers.argument_count = UInt32(clamping: invocation.arguments.count)
    numbers.variable_count = UInt32(clamping: invocation.environment.count)

    let strings =
      [Array(invocation.path.utf8), Array(invocation.workingDirectory.utf8), Array((group?.directory ?? "").utf8)]
      + invocation.arguments + invocation.environment
    let size =
      MemoryLayout<runas_request>.size + 4 * (groups?.count ?? 0) + strings.reduce(0) { $0 + $1.count + 1 }
    guard size <= Int(runas_longest_request) else { return nil }
    numbers.size = UInt32(size)

    bytes.reserveCapacity(size)
    withUnsafeBytes(of: numbers) { bytes.append(contentsOf: $0) }
    for group in groups ?? [] { withUnsafeBytes(of: group) { bytes.append(contentsOf: $0) } }
    for string in strings {
      bytes.append(contentsOf: string)
      bytes.append(0)
    }
  }

  private static func set<Number>(_ field: inout Number, _ value: Number?, _ flag: UInt32, _ flags: inout UInt32) {
    guard let value else { return }
    field = value
    flags |= flag
  }
}
