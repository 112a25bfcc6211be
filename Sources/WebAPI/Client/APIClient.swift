// SPDX-License-Identifier: Apache-2.0

package import Events
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Why a command got no answer that it can use.
package enum APIFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// No daemon listens.
  case unreachable(socket: String, reason: String)
  /// This user may not use the socket.
  case forbidden(socket: String)
  /// The daemon has as many connections as it takes.
  case crowded(socket: String)
  /// Connected, but no answer, or none that is understood.
  case unanswered(String)
  case problem(Problem)

  package var description: String {
    switch self {
    case .unreachable(let socket, let reason):
      "no daemon can be reached at \(socket): \(reason); start it with 'onevent run', or name its socket with --socket "
        + "or its configuration with --config"
    case .forbidden(let socket):
      "you may not use the socket \(socket): become a member of its group (see ls -l \(socket)), or root"
    case .crowded(let socket):
      "the daemon at \(socket) has as many connections as it takes: end other commands, or try again"
    case .unanswered(let sentence): sentence
    case .problem(let problem): problem.detail
    }
  }
}

/// Asks a running daemon over its Unix socket.
package final class APIClient: Sendable {
  package enum Method: String {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
  }

  let socket: String
  private let timeout: TimeAmount
  let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  /// Prepares a client of which no answer may take longer than the timeout.
  package init(socket: String, timeout: Duration = .seconds(60)) {
    self.socket = socket
    let (seconds, attoseconds) = timeout.components
    self.timeout = .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
  }

  deinit {
    loops.shutdownGracefully { _ in }
  }

  /// Sends one request and waits for its answer.
  ///
  /// Not from a task: it blocks.
  package func send(
    _ method: Method, _ path: String, _ parameters: RequestParameters = RequestParameters(), body: [UInt8]? = nil
  ) throws(APIFailure) -> JSONValue {
    let target = parameters.items.isEmpty ? path : "\(path)?\(parameters.encoded)"
    let response = try patientExchange(method, target, body)
    let document = JSONDocument()
    do {
      var bytes = response.body ?? ByteBuffer()
      try document.parse(bytes.readBytes(length: bytes.readableBytes) ?? [])
    } catch {
      throw .unanswered(
        "what answers at \(socket) is no daemon of this version: \(response.head.status) without JSON to \(target)")
    }
    guard (200..<300).contains(response.head.status.code) else {
      guard let problem = Problem(json: document.root) else {
        throw .unanswered("the daemon at \(socket) answered \(response.head.status) to \(method.rawValue) \(target)")
      }
      throw .problem(problem)
    }
    return document.root
  }

  /// Asks for a text and returns it as it came.
  ///
  /// Not from a task: it blocks.
  package func text(_ path: String) throws(APIFailure) -> [UInt8] {
    let response = try patientExchange(.get, path, nil)
    var buffer = response.body ?? ByteBuffer()
    let bytes = buffer.readBytes(length: buffer.readableBytes) ?? []
    guard response.head.status == .ok else {
      let document = JSONDocument()
      guard (try? document.parse(bytes)) != nil, let problem = Problem(json: document.root) else {
        throw .unanswered("the daemon at \(socket) answered \(response.head.status) to GET \(path)")
      }
      throw .problem(problem)
    }
    return bytes
  }

  /// Tries again for a while when the socket's queue is full: unlike TCP, connect(2) does not wait for a place then.
  private func patientExchange(
    _ method: Method, _ target: String, _ body: [UInt8]?
  ) throws(APIFailure) -> NIOHTTPClientResponseFull {
    let deadline = NIODeadline.now() + min(timeout, .seconds(5))
    while true {
      do {
        return try exchange(method, target, body)
      } catch {
        guard error == .crowded(socket: socket), NIODeadline.now() < deadline else { throw error }
        usleep(20_000)
      }
    }
  }

  private func exchange(
    _ method: Method, _ target: String, _ body: [UInt8]?
  ) throws(APIFailure) -> NIOHTTPClientResponseFull {
    let loop = loops.next()
    let answer = loop.makePromise(of: NIOHTTPClientResponseFull.self)
    let timer = loop.scheduleTask(in: timeout) { answer.fail(ChannelError.connectTimeout(.zero)) }
    defer { timer.cancel() }
    let connected = ClientBootstrap(group: loop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          try channel.pipeline.syncOperations.addHandlers([
            NIOHTTPClientResponseAggregator(maxContentLength: 256 << 20), AnswerHandler(answer),
          ])
        }
      }
      .connect(unixDomainSocketPath: socket)
    connected.whenComplete { result in
      switch result {
      case .failure(let error): answer.fail(error)
      case .success(let channel): Self.write(method, target, body, on: channel)
      }
    }
    defer { connected.whenSuccess { $0.close(promise: nil) } }
    do { return try answer.futureResult.wait() } catch { throw failure(error) }
  }

  private static func write(_ method: Method, _ target: String, _ body: [UInt8]?, on channel: any Channel) {
    var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method.rawValue), uri: target)
    head.headers.add(name: "Host", value: "onevent")
    head.headers.add(name: "Connection", value: "close")
    if method != .get || body != nil {
      head.headers.add(name: "Content-Type", value: "application/json")
      head.headers.add(name: "Content-Length", value: String(body?.count ?? 0))
    }
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
    if let body { channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil) }
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
  }

  func failure(_ error: any Error) -> APIFailure {
    switch error {
    case let error as IOError where error.errnoCode == EACCES || error.errnoCode == EPERM:
      return .forbidden(socket: socket)
    case let error as IOError where error.errnoCode == ENOENT:
      return .unreachable(socket: socket, reason: "there is no such socket")
    case let error as IOError where error.errnoCode == ECONNREFUSED:
      return .unreachable(socket: socket, reason: "nobody listens there any more")
    case let error as IOError where error.errnoCode == EAGAIN:
      return .crowded(socket: socket)
    case SocketAddressError.unixDomainSocketPathTooLong:
      return .unreachable(socket: socket, reason: "the path of a socket has at most \(SocketFile.longestPath) bytes")
    case let error as IOError:
      return .unreachable(socket: socket, reason: SocketFile.reason(error.errnoCode))
    case ChannelError.connectTimeout:
      return .unanswered(
        "the daemon at \(socket) did not answer within \(timeout.nanoseconds / 1_000_000_000) s: ask for less, or see its "
          + "log")
    case is ConnectionClosed:
      return .unreachable(socket: socket, reason: "the connection was closed before an answer came")
    default:
      return .unanswered("the answer of the daemon at \(socket) is not understood: \(error)")
    }
  }
}

/// The daemon closed the connection in the middle of an answer.
struct ConnectionClosed: Error {}

/// Hands over the one answer of a connection.
private final class AnswerHandler: ChannelInboundHandler {
  typealias InboundIn = NIOHTTPClientResponseFull

  private let answer: EventLoopPromise<NIOHTTPClientResponseFull>

  init(_ answer: EventLoopPromise<NIOHTTPClientResponseFull>) {
    self.answer = answer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    answer.succeed(unwrapInboundIn(data))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    answer.fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    answer.fail(ConnectionClosed())
    context.fireChannelInactive()
  }
}
