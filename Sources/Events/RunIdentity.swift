// SPDX-License-Identifier: Apache-2.0

/// The user that a script runs as, with everything that the kernel wants to know, resolved when the configuration was
/// loaded: nothing is looked up at a start.
package struct RunIdentity: Sendable, Equatable {
  /// For sentences: the user's name, or its number where it has none.
  package var name: String
  package var user: UInt32
  package var group: UInt32
  /// All supplementary groups, and no others.
  package var groups: [UInt32]

  package init(name: String, user: UInt32, group: UInt32, groups: [UInt32]) {
    self.name = name
    self.user = user
    self.group = group
    self.groups = groups
  }
}

/// What one script, with everything that it starts, may take of the system; nil leaves the daemon's own limit.
package struct ResourceLimits: Sendable, Equatable {
  /// Open descriptors of each process: `RLIMIT_NOFILE`.
  package var openFiles: UInt64?
  /// Processes and threads of the script's user, all of them together: `RLIMIT_NPROC`, which does not bind root.
  package var processes: UInt64?
  /// Whole seconds of processor time of each process: `RLIMIT_CPU`; SIGXCPU, and SIGKILL a second later.
  package var processorSeconds: UInt64?
  /// Bytes of address space of each process: `RLIMIT_AS`.
  package var memory: UInt64?

  package init() {}
}
