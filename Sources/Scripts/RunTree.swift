// SPDX-License-Identifier: Apache-2.0

import Glibc

/// All processes of a run, as far as they can be reached: its control group, or else its session.
struct RunTree {
  /// The number of the script, of its session and of its process group.
  ///
  /// Signals may be sent as long as the script has not been waited for: until then its number is not given out again.
  let pid: pid_t
  let group: RunGroup?

  /// Sends a signal to everything that can be reached.
  ///
  /// `living` is a look that was taken after the script was started; nil where `/proc` cannot be read. Returns false if
  /// this process may not signal any of the script's own process group.
  @discardableResult
  func signal(_ number: Int32, _ living: LivingProcesses?) -> Bool {
    let isRefused = Glibc.kill(-pid, number) != 0 && errno == EPERM
    for process in group?.processes ?? living?.members(ofSession: pid) ?? [] where process != pid {
      // Those of the script's own process group have it already.
      guard getpgid(process) != pid, group != nil || getsid(process) == pid else { continue }
      _ = Glibc.kill(process, number)
    }
    return !isRefused
  }

  /// Kills everything that can be reached, at once.
  ///
  /// Returns false if this process may do neither.
  @discardableResult
  func kill(_ living: LivingProcesses?) -> Bool {
    guard let group, group.kill() else { return signal(SIGKILL, living) }
    // A script may have left its group, as sudo with a session of its own does.
    _ = Glibc.kill(-pid, SIGKILL)
    return true
  }

  /// Whether something of it runs that is no zombie; also true where that cannot be told.
  func lives(_ living: LivingProcesses?) -> Bool {
    if let group { return group.isPopulated }
    return living.map { !$0.members(ofSession: pid).isEmpty } ?? true
  }
}
