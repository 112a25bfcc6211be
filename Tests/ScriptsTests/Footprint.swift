// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a process holds of the system: what must be the same after many runs as before.
struct Footprint {
  var descriptors: Int
  var zombies: Int
  var residentBytes: Int

  /// Returns the footprint of a process whose runtime has opened what it opens at the first use of a timer, which
  /// a test's time limit also makes, at a time of its own.
  static func settled() async throws -> Footprint {
    for _ in 0..<1_000 {
      try await Task.sleep(for: .milliseconds(1))
      let files = FileManager.default
      let open = (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
      let targets = open.map { try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
      if targets.contains("anon_inode:[timerfd]") { break }
    }
    return now()
  }

  static func now() -> Footprint {
    let files = FileManager.default
    let descriptors = (try? files.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
    let own = getpid()
    let zombies = ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).filter { entry in
      guard pid_t(entry) != nil,
        let status = try? String(contentsOfFile: "/proc/\(entry)/stat", encoding: .utf8)
      else { return false }
      return status.contains(") Z \(own) ")
    }
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
    return Footprint(
      descriptors: descriptors, zombies: zombies.count,
      residentBytes: (pages.flatMap { Int($0[1]) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))))
  }
}
