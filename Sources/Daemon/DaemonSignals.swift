// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The signals that the main thread waits for: the daemon's, and that of a command that goes on until Ctrl-C.
///
/// Made first of all, before any thread: threads inherit the blocked signals, so only `wait` ever takes them.
package struct DaemonSignals {
  private var set = sigset_t()

  package init() {
    sigemptyset(&set)
    for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, signal) }
    // Scripts' ends are seen by their pidfds: SIGCHLD would only wake threads for nothing.
    var blocked = set
    sigaddset(&blocked, SIGCHLD)
    pthread_sigmask(SIG_BLOCK, &blocked, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// Whether a signal to stop waits to be taken.
  static var isStopPending: Bool {
    var pending = sigset_t()
    sigpending(&pending)
    return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1
  }

  /// Waits for one of the signals; nil when none came in time.
  package func wait(for limit: Duration) -> Int32? {
    var set = set
    let signal = clinux_signal_wait(&set, limit.nanoseconds)
    return signal > 0 ? signal : nil
  }
}
