// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The control group of one run: whatever the script starts is in it, and nothing gets out.
final class RunGroup: Sendable {
  let directory: String

  init(directory: String) { self.directory = directory }

  /// Kills every process in it and in those below it at once; see `cgroup.kill` in the kernel's cgroup-v2 document.
  ///
  /// Needs no right to signal any of them. Returns whether it was possible.
  func kill() -> Bool { (try? ProcessFile.write("1", to: directory + "/cgroup.kill")) != nil }

  /// Whether a process is in it, or below it, that is no zombie; false when it is gone.
  var isPopulated: Bool {
    // What cannot be looked at, for want of a descriptor, counts as populated.
    guard let events = ProcessFile.read(directory + "/cgroup.events") else { return errno != ENOENT && errno != ENODEV }
    return String(decoding: events, as: UTF8.self).split(separator: "\n").contains("populated 1")
  }

  /// The processes in it; those in groups that a script has made below it are not named.
  var processes: [pid_t] {
    let content = ProcessFile.read(directory + "/cgroup.procs") ?? []
    return String(decoding: content, as: UTF8.self).split(separator: "\n").compactMap { pid_t($0) }
      // What is just being waited for has the number 0, as has what lives in another pid namespace. To kill(2) that is
      // this very process group.
      .filter { $0 > 0 }
  }

  /// Removes it, with what a script has made below it.
  ///
  /// Returns whether it is gone; it cannot go while a process is in it.
  func remove() -> Bool { !isPopulated && Self.remove(directory, depth: 0) }

  private static func remove(_ directory: String, depth: Int) -> Bool {
    if rmdir(directory) == 0 || errno == ENOENT { return true }
    // EBUSY also says that there are others below; a script could make them deeper than anybody can look.
    guard errno == EBUSY, depth < 16 else { return false }
    var hasRemoved = false
    for name in ProcessFile.names(in: directory) ?? [] {
      var status = stat()
      let path = "\(directory)/\(name)"
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { continue }
      guard remove(path, depth: depth + 1) else { return false }
      hasRemoved = true
    }
    return hasRemoved && rmdir(directory) == 0
  }
}
