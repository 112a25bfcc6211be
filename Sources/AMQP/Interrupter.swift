// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Ends a connection from another thread, wherever in librabbitmq its own thread waits.
///
/// The library's waits cannot be woken. A second descriptor of the same socket can be shut down, though, and then each
/// of them returns at once as if the broker had gone.
final class Interrupter: Sendable {
  private struct State {
    var interrupted = false
    var established = false
    var socket: Int32 = -1
  }

  private let state = Mutex(State())
  /// Readable for ever once interrupted.
  let event = EventDescriptor()

  var isInterrupted: Bool { state.withLock(\.interrupted) }

  /// Ends what is going on, and what begins later.
  func interrupt() {
    state.withLock { state in
      state.interrupted = true
      if state.socket >= 0 { shutdown(state.socket, Int32(SHUT_RDWR)) }
    }
    event.signal()
  }

  /// Ends an attempt to connect, but leaves an established connection to close itself in order.
  func interruptConnecting() {
    if !state.withLock(\.established) { interrupt() }
  }

  /// Takes a socket into its reach until `forget`.
  func watch(_ socket: Int32) {
    let copy = fcntl(socket, F_DUPFD_CLOEXEC, 0)
    state.withLock { state in
      if state.socket >= 0 { close(state.socket) }
      state.socket = copy
      if state.interrupted, copy >= 0 { shutdown(copy, Int32(SHUT_RDWR)) }
    }
  }

  func established() {
    state.withLock { $0.established = true }
  }

  /// Lets go of the socket, so that closing it really closes it.
  func forget() {
    state.withLock { state in
      if state.socket >= 0 { close(state.socket) }
      state.socket = -1
      state.established = false
    }
  }

  deinit { forget() }
}
