// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The program that becomes what a script is to run as, and then the script: installed with the daemon.
enum RunAsProgram {
  /// Where it is: beside the daemon in a build, `../libexec/onevent/run-as` of it when that is in a directory `bin`.
  static let path = path(ofDaemon: own)

  static func path(ofDaemon daemon: String) -> String {
    let directory = daemon.lastIndex(of: "/").map { daemon[..<$0] } ?? ""
    guard directory.hasSuffix("/bin") else { return directory + "/run-as" }
    return directory.dropLast("/bin".utf8.count) + "/libexec/onevent/run-as"
  }

  /// The file of this program; during an upgrade, where it was: its successor's run-as then serves.
  private static var own: String {
    let path = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer -> String in
      guard let start = buffer.baseAddress else { return "" }
      let count = readlink("/proc/self/exe", start, buffer.count)
      return String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    let mark = " (deleted)"
    return path.hasSuffix(mark) ? String(path.dropLast(mark.utf8.count)) : path
  }
}
