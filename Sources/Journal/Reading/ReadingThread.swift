// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Starts the thread that reads a journal: detached, and deaf to signals that are not its own faults.
enum ReadingThread {
  private final class Start {
    let body: @Sendable () -> Void
    init(body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Runs a closure on a new thread, which ends with it; returns zero, or the errno for which there is none.
  static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
    let start = Unmanaged.passRetained(Start(body: body))
    var thread = pthread_t()
    var (before, blocked) = (sigset_t(), sigset_t())
    sigfillset(&blocked)
    for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&blocked, fault) }
    // Blocked before it begins and inherited, so that it never takes the daemon's signals.
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    let error = pthread_create(&thread, nil, entry, start.toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    guard error == 0 else {
      start.release()
      return error
    }
    pthread_detach(thread)
    return 0
  }

  private static let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
    guard let argument else { return nil }
    let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
    clinux_set_thread_name("journal reader")
    start.body()
    return nil
  }
}
