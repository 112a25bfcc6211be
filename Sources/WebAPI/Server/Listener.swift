// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Answers HTTP at one address.
final class Listener: Sendable {
  private struct Running {
    var loop: any EventLoop
    var services: ServiceGroup
    var task: Task<Void, Never>
    var ended: EventLoopFuture<Void>
  }

  private let application:
    @Sendable (MultiThreadedEventLoopGroup, Logger, @escaping @Sendable (any Channel) async -> Void) -> any Service
  private let logger: Logger
  private let running = Mutex<Running?>(nil)

  /// Prepares what `start` begins; `refusals` learns of the connections that are closed.
  init<Responder: HTTPResponder>(
    at address: BindAddress, responder: Responder, refusals: Refusals?, logger: Logger
  ) where Responder.Context == CallContext {
    self.logger = logger
    application = { loops, quiet, isRunning in
      var configuration = HTTP1Channel.Configuration(
        additionalChannelHandlers: [
          StalledPeer(patience: WebServer.Limit.stall, refusals: refusals, logger: logger),
          ConnectionGuard(refusals: refusals),
        ], idleTimeout: nil)
      configuration.httpDecoder.maxHeaderFieldSize = WebServer.Limit.header
      configuration.httpDecoder.maxHeaderListSize = WebServer.Limit.header
      configuration.httpDecoder.maxHeaderFieldCount = WebServer.Limit.headers
      return Application(
        responder: responder, server: .http1(configuration: configuration),
        configuration: ApplicationConfiguration(
          address: address, backlog: WebServer.Limit.backlog,
          availableConnectionsDelegate: .maximum(WebServer.mostConnections, logger: quiet)),
        onServerRunning: isRunning, eventLoopGroupProvider: .shared(loops), logger: quiet)
    }
  }

  /// Returns once the address is listened at; called once.
  ///
  /// Not from a task: it blocks.
  ///
  /// - Returns: The port; nil for a Unix socket.
  /// - Throws: What the kernel says, as an `IOError`, or what the library says.
  @discardableResult
  func start(on loops: MultiThreadedEventLoopGroup) throws -> Int? {
    let listening = loops.next().makePromise(of: Int?.self)
    let ended = loops.next().makePromise(of: Void.self)
    // What the framework says of itself is of interest only where it goes wrong.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    let service = application(loops, quiet) { channel in listening.succeed(channel.localAddress?.port) }
    let services = ServiceGroup(configuration: ServiceGroupConfiguration(services: [service], logger: quiet))
    let task = Task.detached {
      do {
        try await services.run()
        listening.fail(CancellationError())
      } catch {
        listening.fail(error)
      }
      ended.succeed()
    }
    loops.next().scheduleTask(in: WebServer.Limit.start) {
      listening.fail(ChannelError.connectTimeout(WebServer.Limit.start))
    }
    let started = Running(loop: loops.next(), services: services, task: task, ended: ended.futureResult)
    do {
      let port = try listening.futureResult.wait()
      running.withLock { $0 = started }
      return port
    } catch {
      _ = end(started)
      throw error
    }
  }

  /// Ends within about two seconds: takes no more requests, and gives those that are under way that time.
  ///
  /// Not from a task: it blocks. Again, or without a start, it does nothing.
  ///
  /// - Returns: Whether nothing of it is left.
  @discardableResult
  func stop() -> Bool {
    let ending = running.withLock { running -> Running? in
      defer { running = nil }
      return running
    }
    return ending.map(end) ?? true
  }

  private func end(_ running: Running) -> Bool {
    Task.detached { await running.services.triggerGracefulShutdown() }
    if Self.wait(for: running.ended, at: running.loop, limit: WebServer.Limit.stop) { return true }
    running.task.cancel()
    if Self.wait(for: running.ended, at: running.loop, limit: .milliseconds(500)) { return true }
    logger.warning("requests were still being answered when their port was closed")
    return false
  }

  /// Whether the future is fulfilled in time.
  private static func wait(for future: EventLoopFuture<Void>, at loop: any EventLoop, limit: TimeAmount) -> Bool {
    let decided = loop.makePromise(of: Bool.self)
    future.whenComplete { _ in decided.succeed(true) }
    let timeout = loop.scheduleTask(in: limit) { decided.succeed(false) }
    defer { timeout.cancel() }
    do { return try decided.futureResult.wait() } catch { return false }
  }

  /// Why a start failed, in words.
  static func reason(_ error: any Error) -> String {
    switch error {
    case let error as IOError: SocketFile.reason(error.errnoCode)
    case is UnixDomainSocketPathWrongType:
      "a file that is no socket is in its place; move it away, or name another path in [api]"
    default: "\(error)"
    }
  }
}
