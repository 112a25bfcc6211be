// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Looks for the living members of process groups.
enum ProcessGroups {
  /// Returns the groups that have a member which is not a zombie; nil when `/proc` cannot be read.
  ///
  /// The kernel has no cheaper answer: kill(2) with signal 0 also finds zombies. Reads one small file for each
  /// process of the system.
  static func living() -> Set<pid_t>? {
    guard let directory = opendir("/proc") else { return nil }
    defer { closedir(directory) }
    var groups: Set<pid_t> = []
    while let entry = readdir(directory) {
      guard let pid = pid_t(withUnsafePointer(to: &entry.pointee.d_name) { Self.text($0) }),
        let group = group(ofLiving: pid)
      else { continue }
      groups.insert(group)
    }
    return groups
  }

  private static func text<Name>(_ name: UnsafePointer<Name>) -> String {
    name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout<Name>.size) { String(cString: $0) }
  }

  private static func group(ofLiving pid: pid_t) -> pid_t? {
    guard let file = try? Descriptor(opened: open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)) else { return nil }
    let line = withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let count = read(file.number, buffer.baseAddress, buffer.count)
      return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
    return group(inStatus: line)
  }

  /// Reads the group out of a line of `/proc/PID/stat`; nil for a zombie (proc(5)).
  static func group(inStatus line: String) -> pid_t? {
    // The name in parentheses may hold anything, parentheses and spaces included.
    guard let nameEnd = line.lastIndex(of: ")") else { return nil }
    let fields = line[line.index(after: nameEnd)...].split(separator: " ", maxSplits: 3)
    guard fields.count >= 3, let state = fields.first, state != "Z", state != "X" else { return nil }
    return pid_t(fields[2])
  }
}
