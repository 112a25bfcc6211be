// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A look at all processes that run, sorted by session; zombies do not count.
///
/// The kernel has no cheaper answer: kill(2) with signal 0 also finds zombies. Reads one small file for each process
/// of the system. A process group never reaches beyond its session, so that a session has all of them.
struct LivingProcesses {
  let taken: Moment
  private var sessions: [pid_t: [pid_t]] = [:]

  /// Returns nil when `/proc` cannot be read, or not all of it for want of descriptors or memory.
  init?() {
    taken = .now()
    guard let names = ProcessFile.names(in: "/proc") else { return nil }
    for name in names {
      guard let pid = pid_t(name) else { continue }
      errno = 0
      guard let session = Self.session(ofLiving: pid) else {
        if [EMFILE, ENFILE, ENOMEM].contains(errno) { return nil }
        continue
      }
      sessions[session, default: []].append(pid)
    }
  }

  /// The processes of a session.
  func members(ofSession session: pid_t) -> [pid_t] { sessions[session] ?? [] }

  /// The session of a process that runs; nil when it is gone, or a zombie.
  static func session(ofLiving pid: pid_t) -> pid_t? {
    guard let bytes = ProcessFile.read("/proc/\(pid)/stat") else { return nil }
    return session(inStatus: String(decoding: bytes, as: UTF8.self))
  }

  /// Reads the session out of a line of `/proc/PID/stat`; nil for a zombie (proc(5)).
  static func session(inStatus line: String) -> pid_t? {
    // The name in parentheses may hold anything, parentheses and spaces included.
    guard let nameEnd = line.lastIndex(of: ")") else { return nil }
    let fields = line[line.index(after: nameEnd)...].split(separator: " ", maxSplits: 4)
    guard fields.count >= 4, let state = fields.first, state != "Z", state != "X" else { return nil }
    return pid_t(fields[3])
  }
}
