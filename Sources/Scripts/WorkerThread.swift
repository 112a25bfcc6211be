// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A thread of the module's own, with a stack that no resource limit makes smaller.
struct WorkerThread: Sendable {
  private let handle: pthread_t

  /// Starts a thread that blocks every signal but `SIGCHLD`, so that handlers run elsewhere.
  ///
  /// `SIGCHLD` is not blocked, because a signal without a handler is dropped when it comes to a thread that does not
  /// block it, and else wakes another thread, which then drops it: at the end of every child of this thread.
  /// `ps -L` shows its name, of which the kernel takes at most 15 bytes.
  init(name: String, _ body: @escaping @Sendable () -> Void) throws(ErrorNumber) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, 8 << 20)

    let work = Unmanaged.passRetained(
      Work {
        var signals = sigset_t()
        sigfillset(&signals)
        sigdelset(&signals, SIGCHLD)
        pthread_sigmask(SIG_SETMASK, &signals, nil)
        clinux_set_thread_name(name)
        body()
      })
    var handle = pthread_t()
    let result = pthread_create(
      &handle, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    guard result == 0 else {
      work.release()
      throw ErrorNumber(value: result)
    }
    self.handle = handle
  }

  /// Waits until the thread has ended; to be called once.
  func join() { pthread_join(handle, nil) }

  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
