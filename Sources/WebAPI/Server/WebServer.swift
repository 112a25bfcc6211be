// SPDX-License-Identifier: Apache-2.0

package import Events
import HummingbirdCore
package import Journal
package import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Answers HTTP on a Unix socket, for the commands and whoever else may use it, and on TCP ports where they are asked for.
///
/// Whoever may open the socket may look and operate: its mode is 0660, owner and group. On a port, tokens decide.
package final class WebServer: Sendable {
  /// Bounds what one client, or many, can take from the daemon.
  enum Limit {
    /// Bytes of a body; a route may have its own.
    static let body = 1 << 20
    /// Of events that are published: thousands at a time are faster than one by one.
    static let publication = 8 << 20
    /// Bytes of all headers together, and how many fields they may be.
    static let header = 16 << 10
    static let headers = 100
    /// Of requests that are answered at once, at each address.
    static let connections = 64
    /// Streams of events and runs, besides.
    static let streams = 1_024
    /// How long a peer may take nothing of what is sent to it.
    static let stall = TimeAmount.seconds(30)
    /// Those that wait for one of these.
    static let backlog = 128
    /// From the connection to the end of the first headers.
    static let head = TimeAmount.seconds(10)
    /// For a body, whatever its size.
    static let bodyTime = TimeAmount.seconds(30)
    /// From an answer to the end of the next headers.
    static let idle = TimeAmount.seconds(30)
    /// For which, and bytes of which, a refused request is still taken, so that its sender reads the answer.
    static let drain = TimeAmount.seconds(2)
    static let drained = 16 << 20
    static let start = TimeAmount.seconds(60)
    static let stop = TimeAmount.seconds(2)
  }

  /// How many clients may be connected at once to each address.
  package static let mostConnections = Limit.connections + Limit.streams

  private let socket: SocketFile?
  private let group: String?
  private let socketListener: Listener?
  private let ports: [(address: PortAddress, listener: Listener)]
  private let doors: Doors
  private let feeds: LiveFeeds
  /// The one thread that reads and writes for all clients, while something listens.
  private let loops = Mutex<MultiThreadedEventLoopGroup?>(nil)
  private let logger: Logger

  /// Prepares a server for what `start` opens.
  ///
  /// The members of `group` may use the socket, without one the owner's group; `doors` decide about the ports;
  /// `mapping` says how the bodies of a source are read.
  package init(
    journal: any JournalReading, control: any DaemonControl, feeds: LiveFeeds, socket path: String?, group: String?,
    ports addresses: [PortAddress] = [], doors: Doors,
    mapping: @escaping @Sendable (_ source: String) -> EventMapping = { _ in EventMapping() },
    groups: @escaping @Sendable () -> EventGroups = { EventGroups() }, logger: Logger
  ) {
    socket = path.map(SocketFile.init)
    self.group = group
    self.doors = doors
    self.logger = logger
    self.feeds = feeds
    let history = HistoryAnswers(journal, groups: groups, mapping: mapping)
    let answers = DaemonAnswers(history: history, control: control)
    socketListener = path.map { path in
      Listener(
        at: .unixDomainSocket(path: path), responder: Routes(daemon: answers, feeds: feeds, door: .socket).responder(),
        refusals: nil, logger: logger)
    }
    ports = addresses.map { address in
      let responder = Routes(daemon: answers, feeds: feeds, door: .port(doors)).responder()
      return (
        address,
        Listener(
          at: .hostname(address.host, port: address.port), responder: responder, refusals: doors.refusals,
          logger: logger)
      )
    }
  }

  /// Returns once everything listens that can; called once.
  ///
  /// A port that cannot be opened is told in the log, and the others go on. Not from a task: it blocks.
  ///
  /// - Throws: `SocketFailure` when the socket cannot be made; the ports are open all the same.
  package func start() throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    loops.withLock { $0 = group }
    feeds.use(group.next())
    if !ports.filter({ open($0.address, $0.listener, on: group) }).isEmpty {
      let minute = TimeAmount.minutes(1)
      group.next().scheduleRepeatedTask(initialDelay: minute, delay: minute) { [doors] _ in doors.refusals.turn() }
    }
    do {
      try openSocket(on: group)
    } catch {
      if ports.isEmpty { stop() }
      throw error
    }
  }

  private func openSocket(on group: MultiThreadedEventLoopGroup) throws {
    guard let socket, let socketListener else { return }
    try socket.whileFree {
      do {
        try socketListener.start(on: group)
      } catch {
        throw SocketFailure(socket.path, Listener.reason(error))
      }
    }
    do {
      if let refusal = try socket.admit(group: self.group) {
        logger.warning("the socket for commands serves its owner only", metadata: ["reason": "\(refusal)"])
      }
    } catch {
      socketListener.stop()
      throw error
    }
  }

  /// Whether a port could be opened.
  private func open(_ address: PortAddress, _ listener: Listener, on group: MultiThreadedEventLoopGroup) -> Bool {
    do {
      try listener.start(on: group)
      logger.notice("the API is served over TCP to those with a token", metadata: ["address": "\(address)"])
      return true
    } catch {
      logger.error(
        "nobody can ask this daemon over TCP: the port cannot be opened; the rest goes on",
        metadata: ["address": "\(address)", "reason": "\(Listener.reason(error))"])
      return false
    }
  }

  /// Ends within about two seconds for each address: takes no more requests, and gives those that are under way that
  /// time.
  ///
  /// Not from a task: it blocks.
  package func stop() {
    feeds.close()
    let listeners = ports.map(\.listener) + (socketListener.map { [$0] } ?? [])
    let haveEnded = listeners.map { $0.stop() }.allSatisfy { $0 }
    let group = loops.withLock { loops -> MultiThreadedEventLoopGroup? in
      defer { loops = nil }
      return loops
    }
    doors.refusals.turn()
    // Else its thread goes with the process; without it, whatever still answers would only complain.
    guard haveEnded, let group else { return }
    do { try group.syncShutdownGracefully() } catch { logger.debug("the API's thread: \(error)") }
  }
}

/// An address and port at which TCP is listened.
package struct PortAddress: Sendable, Equatable, CustomStringConvertible {
  package var host: String
  package var port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
