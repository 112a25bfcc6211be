// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Starts a detached thread.
///
/// It inherits the signals that the daemon has blocked. Its name is shown by ps(1) and top(1), at most 15 bytes of it.
/// Throws where the system gives no further thread.
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadFailure) {
  let entry = Unmanaged.passRetained(ThreadEntry(name: name, body: body))
  var thread = pthread_t()
  let result = pthread_create(&thread, nil, runThread, entry.toOpaque())
  guard result == 0 else {
    entry.release()
    throw ThreadFailure(name: name, errno: result)
  }
  pthread_detach(thread)
}

/// The system gave no thread.
struct ThreadFailure: Error, CustomStringConvertible {
  var name: String
  var errno: Int32

  var description: String {
    "the system gives no thread for \(name): \(String(cString: strerror(errno))); look at the limits on processes "
      + "(ulimit -u, TasksMax= of the unit) and on memory"
  }
}

private final class ThreadEntry: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  let entry = Unmanaged<ThreadEntry>.fromOpaque(argument).takeRetainedValue()
  clinux_set_thread_name(entry.name)
  entry.body()
  return nil
}
