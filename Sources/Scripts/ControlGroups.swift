// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// The control group that this daemon was given to divide: one part for itself, one for each run.
package final class ControlGroups: Sendable {
  private struct State {
    var lastNumber: UInt64 = 0
    /// Ended runs' groups in which something still runs.
    var lingering: [RunGroup] = []
  }

  /// Where the daemon itself is, so that its own group holds no process: a group has processes or parts, not both.
  private static let ownName = "onevent.daemon"
  private static let runPrefix = "run-"
  /// How many of those that linger are looked at when a run ends.
  private static let looksAtOnce = 4

  package let directory: String
  private let state = Mutex(State())

  /// Takes over the group that the daemon was started in, and moves the daemon into a part of it.
  ///
  /// Only a group with systemd's mark of delegation (`Delegate=` of the unit) is taken over: to be able to write to one
  /// is not to own it, as root can write to all.
  ///
  /// - Throws: Why each run cannot have a group of its own.
  package init() throws(ControlGroupsMissing) {
    var own = try Self.ownDirectory()
    // A daemon that was executed anew is where the last one moved itself.
    if own.hasSuffix("/" + Self.ownName) { own.removeLast(Self.ownName.utf8.count + 1) }
    directory = own
    guard clinux_is_delegated(own) != 0 else {
      throw ControlGroupsMissing(reason: "the control group \(own) is not delegated to this daemon (Delegate=)")
    }
    let part = "\(own)/\(Self.ownName)"
    guard mkdir(part, 0o755) == 0 || errno == EEXIST else {
      throw ControlGroupsMissing(reason: "cannot make the control group \(part): \(ErrorNumber.last.words)")
    }
    guard access("\(part)/cgroup.kill", W_OK) == 0 else {
      let reason = errno == ENOENT ? "this kernel has no cgroup.kill, which Linux 5.14 brought" : ErrorNumber.last.words
      throw ControlGroupsMissing(reason: "the control group \(part) cannot be used: \(reason)")
    }
    do {
      try ProcessFile.write("0", to: "\(part)/cgroup.procs")
    } catch {
      throw ControlGroupsMissing(reason: "cannot move into the control group \(part): \(error.words)")
    }
    // What an earlier daemon left: what is empty goes, what is not has been kept on purpose.
    for name in ProcessFile.names(in: own) ?? [] where name.hasPrefix(Self.runPrefix) {
      _ = RunGroup(directory: "\(own)/\(name)").remove()
    }
  }

  /// Makes the group of a run that is about to start.
  func make() throws(ErrorNumber) -> RunGroup {
    while true {
      let number = state.withLock { state in
        state.lastNumber += 1
        return state.lastNumber
      }
      let path = "\(directory)/\(Self.runPrefix)\(number)"
      if mkdir(path, 0o755) == 0 { return RunGroup(directory: path) }
      // Something of an earlier daemon still runs there.
      guard errno == EEXIST else { throw ErrorNumber.last }
    }
  }

  /// Removes the group of a run that has ended, at once or when the last process has left it.
  func release(_ group: RunGroup) {
    state.withLock { state in
      if !group.remove() { state.lingering.append(group) }
      for _ in 0..<min(Self.looksAtOnce, state.lingering.count) {
        // In turn, so that some that stay for long do not hide those behind them.
        let oldest = state.lingering.removeFirst()
        if !oldest.remove() { state.lingering.append(oldest) }
      }
    }
  }

  /// Removes all that can be removed; to be called when no run comes any more.
  func sweep() { state.withLock { $0.lingering.removeAll { $0.remove() } } }

  /// How many ended runs' groups something still runs in.
  var lingeringCount: Int { state.withLock { $0.lingering.count } }

  // MARK: Where the daemon is

  private static func ownDirectory() throws(ControlGroupsMissing) -> String {
    guard let mount = mount(in: text("/proc/self/mountinfo")) else {
      throw ControlGroupsMissing(reason: "control groups of version 2 are not mounted here")
    }
    guard let path = path(in: text("/proc/self/cgroup")), !path.hasPrefix("/..") else {
      throw ControlGroupsMissing(reason: "this daemon's control group lies outside of what is mounted here")
    }
    var below = path[...]
    if mount.root != "/" {
      guard path == mount.root || path.hasPrefix(mount.root + "/") else {
        throw ControlGroupsMissing(reason: "this daemon's control group lies outside of what is mounted here")
      }
      below = path.dropFirst(mount.root.count)
    }
    return below == "/" || below.isEmpty ? mount.point : mount.point + below
  }

  private static func text(_ path: String) -> String {
    String(decoding: ProcessFile.read(path) ?? [], as: UTF8.self)
  }

  /// Where version 2 is mounted, alone or beside version 1, and which of its groups is seen there; see `mountinfo` in
  /// proc(5).
  static func mount(in mountinfo: String) -> (point: String, root: String)? {
    for line in mountinfo.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard let separator = fields.firstIndex(of: "-"), separator + 1 < fields.count, separator > 5,
        fields[separator + 1] == "cgroup2"
      else { continue }
      return (unescaped(fields[4]), unescaped(fields[3]))
    }
    return nil
  }

  /// The path of version 2 in `/proc/PID/cgroup`: of the hierarchy with the number 0; see cgroups(7).
  static func path(in memberships: String) -> String? {
    for line in memberships.split(separator: "\n") where line.hasPrefix("0::/") { return String(line.dropFirst(3)) }
    return nil
  }

  /// The kernel writes blanks and backslashes as three octal digits.
  private static func unescaped(_ field: Substring) -> String {
    var result: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        result.append(code)
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

/// Says why runs cannot have control groups of their own.
package struct ControlGroupsMissing: Error, CustomStringConvertible {
  package let reason: String
  package var description: String { reason }
}
