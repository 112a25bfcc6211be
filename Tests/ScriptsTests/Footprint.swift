// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a process holds of the system: what must be the same after many runs as before.
struct Footprint {
  var descriptors: Int
  var zombies: Int
  var residentBytes: Int

  /// Returns the footprint of a process whose runtime has opened what it opens at first use.
  ///
  /// That are the descriptors of its timers, which a test's time limit also needs, at a time of its own.
  static func settled() async throws -> Footprint {
    try await Task.sleep(for: .milliseconds(1))
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
