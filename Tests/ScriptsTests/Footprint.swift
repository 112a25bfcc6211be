// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a process holds of the system: what must be the same after many runs as before.
struct Footprint {
  /// All but timers, of which the runner has none: the runtime opens them at times of its own.
  var descriptors: Int
  var zombies: Int
  var residentBytes: Int

  /// Returns the footprint of a process whose runtime has opened what it needs: that changed nothing for a while.
  static func settled() async throws -> Footprint {
    var steady = 0
    var last = now().descriptors
    for _ in 0..<2_000 where steady < 20 {
      try await Task.sleep(for: .milliseconds(1))
      let current = now().descriptors
      steady = current == last ? steady + 1 : 0
      last = current
    }
    return now()
  }

  static func now() -> Footprint {
    let files = FileManager.default
    let descriptors = (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    let timers = descriptors.filter {
      (try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == "anon_inode:[timerfd]"
    }
    let own = getpid()
    let zombies = ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).filter { entry in
      guard pid_t(entry) != nil,
        let status = try? String(contentsOfFile: "/proc/\(entry)/stat", encoding: .utf8)
      else { return false }
      return status.contains(") Z \(own) ")
    }
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
    return Footprint(
      descriptors: descriptors.count - timers.count, zombies: zombies.count,
      residentBytes: (pages.flatMap { Int($0[1]) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))))
  }
}
