// SPDX-License-Identifier: Apache-2.0

package import Events
import Hummingbird
import HummingbirdCore
package import Journal
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Answers HTTP on a Unix socket, for the commands and whoever else may use it.
///
/// Whoever may open the socket may look and operate: its mode is 0660, owner and group.
package final class WebServer: Sendable {
  /// Bounds what one client, or many, can take from the daemon.
  enum Limit {
    static let body = 1 << 20
    /// Of events that are published: thousands at a time are faster than one by one.
    static let publication = 8 << 20
    static let header = 16 << 10
    /// Of requests that are answered at once.
    static let connections = 64
    /// Streams of events and runs, besides.
    static let streams = 1_024
    /// How long a peer may take nothing of what is sent to it.
    static let stall = TimeAmount.seconds(30)
    /// Those that wait for one of these.
    static let backlog = 128
    static let idle = TimeAmount.seconds(30)
    static let start = TimeAmount.seconds(60)
    static let stop = TimeAmount.seconds(2)
  }

  /// How many clients may be connected at once.
  package static let mostConnections = Limit.connections + Limit.streams

  private struct Running {
    var loops: MultiThreadedEventLoopGroup
    var services: ServiceGroup
    var task: Task<Void, Never>
    var ended: EventLoopFuture<Void>
  }

  private let socket: SocketFile
  private let group: String?
  private let routes: Routes
  private let feeds: LiveFeeds
  private let logger: Logger
  private let running = Mutex<Running?>(nil)

  /// Prepares a server for a socket that `start` makes.
  ///
  /// The members of `group` may use it, without one the owner's group; `mapping` says how the bodies of a source are
  /// read.
  package init(
    journal: any JournalReading, control: any DaemonControl, feeds: LiveFeeds, socket path: String, group: String?,
    mapping: @escaping @Sendable (_ source: String) -> EventMapping = { _ in EventMapping() },
    groups: @escaping @Sendable () -> EventGroups = { EventGroups() }, logger: Logger
  ) {
    socket = SocketFile(path: path)
    self.group = group
    self.logger = logger
    let history = HistoryAnswers(journal, groups: groups, mapping: mapping)
    self.feeds = feeds
    routes = Routes(daemon: DaemonAnswers(history: history, control: control), feeds: feeds)
  }

  /// Returns once the socket listens; called once.
  ///
  /// Not from a task: it blocks.
  ///
  /// - Throws: `SocketFailure` when it cannot be made.
  package func start() throws {
    let started = try socket.whileFree {
      let started = launch()
      do {
        try started.listening.wait()
      } catch {
        end(started.running)
        throw SocketFailure(socket.path, Self.reason(error))
      }
      return started.running
    }
    do {
      if let refusal = try socket.admit(group: group) {
        logger.warning("the socket for commands serves its owner only", metadata: ["reason": "\(refusal)"])
      }
    } catch {
      end(started)
      throw error
    }
    running.withLock { $0 = started }
  }

  /// Ends within about two seconds: takes no more requests, and gives those that are under way that time.
  ///
  /// Not from a task: it blocks.
  package func stop() {
    feeds.close()
    let ending = running.withLock { running -> Running? in
      defer { running = nil }
      return running
    }
    if let ending { end(ending) }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as IOError: SocketFile.reason(error.errnoCode)
    case is UnixDomainSocketPathWrongType:
      "a file that is no socket is in its place; move it away, or name another path in [api]"
    default: "\(error)"
    }
  }

  private func launch() -> (running: Running, listening: EventLoopFuture<Void>) {
    let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    feeds.use(loops.next())
    let (listening, ended) = (loops.next().makePromise(of: Void.self), loops.next().makePromise(of: Void.self))
    // What the framework says of itself is of interest only where it goes wrong.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    var configuration = HTTP1Channel.Configuration(
      additionalChannelHandlers: [StalledPeer(patience: Limit.stall, logger: self.logger)], idleTimeout: Limit.idle)
    configuration.httpDecoder.maxHeaderFieldSize = Limit.header
    configuration.httpDecoder.maxHeaderListSize = Limit.header
    configuration.httpDecoder.maxHeaderFieldCount = 100
    let application = Application(
      responder: routes.router().buildResponder(), server: .http1(configuration: configuration),
      configuration: ApplicationConfiguration(
        address: .unixDomainSocket(path: socket.path), backlog: Limit.backlog,
        availableConnectionsDelegate: .maximum(Self.mostConnections, logger: quiet)),
      onServerRunning: { _ in listening.succeed() }, eventLoopGroupProvider: .shared(loops), logger: quiet)
    let services = ServiceGroup(configuration: ServiceGroupConfiguration(services: [application], logger: quiet))
    let task = Task.detached {
      do {
        try await services.run()
        listening.fail(CancellationError())
      } catch {
        listening.fail(error)
      }
      ended.succeed()
    }
    loops.next().scheduleTask(in: Limit.start) { listening.fail(ChannelError.connectTimeout(Limit.start)) }
    return (Running(loops: loops, services: services, task: task, ended: ended.futureResult), listening.futureResult)
  }

  private func end(_ running: Running) {
    Task.detached { await running.services.triggerGracefulShutdown() }
    if !Self.wait(for: running.ended, at: running.loops.next(), limit: Limit.stop) {
      running.task.cancel()
      guard Self.wait(for: running.ended, at: running.loops.next(), limit: .milliseconds(500)) else {
        // Its thread goes with the process; without it, whatever still answers would only complain.
        logger.warning("requests for the socket were still being answered when it was closed")
        return
      }
    }
    do { try running.loops.syncShutdownGracefully() } catch { logger.debug("the socket's thread: \(error)") }
  }

  /// Whether the future is fulfilled in time.
  private static func wait(for future: EventLoopFuture<Void>, at loop: any EventLoop, limit: TimeAmount) -> Bool {
    let decided = loop.makePromise(of: Bool.self)
    future.whenComplete { _ in decided.succeed(true) }
    let timeout = loop.scheduleTask(in: limit) { decided.succeed(false) }
    defer { timeout.cancel() }
    do { return try decided.futureResult.wait() } catch { return false }
  }
}
