// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What /proc says of processes.
enum ProcessFacts {
  struct Status {
    var session: Int32
    /// Clock ticks since boot.
    var start: Int64
    var state: UInt8
  }

  /// When a process began, in clock ticks since boot: with its number it names the process for good.
  static func start(of pid: Int32) -> Int64? { status(of: pid)?.start }

  /// Fields 3, 6 and 22 of /proc/PID/stat; see proc(5).
  static func status(of pid: Int32) -> Status? {
    guard let bytes = TextFile.read("/proc/\(pid)/stat") else { return nil }
    // The name in parentheses may hold anything, also parentheses.
    guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19, let state = fields[0].first,
      let session = Int32(String(decoding: fields[3], as: UTF8.self)),
      let start = Int64(String(decoding: fields[19], as: UTF8.self))
    else { return nil }
    return Status(session: session, start: start, state: state)
  }

  /// The numbers of all processes.
  static func all() -> [Int32] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var all: [Int32] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let pid = Int32(name) { all.append(pid) }
    }
    return all
  }

  /// The value of a variable in the environment that a process was started with.
  static func variable(_ name: String, of pid: Int32) -> String? {
    guard let environment = TextFile.read("/proc/\(pid)/environ") else { return nil }
    let prefix = Array("\(name)=".utf8)
    for entry in environment.split(separator: 0) where entry.starts(with: prefix) {
      return String(decoding: entry.dropFirst(prefix.count), as: UTF8.self)
    }
    return nil
  }
}
