// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import Glibc

/// Starts the module's threads: detached, with a stack of their own size, deaf to signals.
enum ServiceThread {
  /// 8 MiB whatever RLIMIT_STACK says: librabbitmq decodes nested header tables by recursion, and a table of 18 000
  /// levels, which fits into one frame, needs more than 512 KiB.
  static let stackSize = 8 << 20

  private final class Start {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Runs a closure on a new thread.
  ///
  /// - Parameters:
  ///   - name: Shown by ps(1) and top(1); cut to 15 bytes by the system.
  ///   - body: Runs on the thread, which ends with it.
  /// - Returns: Zero, or the errno for which there is no thread.
  static func start(named name: String, _ body: @escaping @Sendable () -> Void) -> Int32 {
    var attributes = pthread_attr_t()
    var status = pthread_attr_init(&attributes)
    guard status == 0 else { return status }
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackSize)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))

    let start = Unmanaged.passRetained(Start(name: name, body: body))
    var thread = pthread_t()
    // Blocked before it begins and inherited, so that not even its first instruction takes the daemon's SIGTERM.
    var before = sigset_t()
    var blocked = asynchronousSignals()
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    status = pthread_create(&thread, &attributes, ServiceThread.entry, start.toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    if status != 0 { start.release() }
    return status
  }

  private static let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
    guard let argument else { return nil }
    let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
    start.name.withCString { onevent_name_thread($0) }
    start.body()
    return nil
  }

  /// All signals but those that a fault of the thread itself raises.
  ///
  /// SIGPIPE is among them: TLS writes may raise it.
  private static func asynchronousSignals() -> sigset_t {
    var set = sigset_t()
    sigfillset(&set)
    for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&set, fault) }
    return set
  }
}
