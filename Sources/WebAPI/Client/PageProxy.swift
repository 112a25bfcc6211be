// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOPosix

/// Lets a browser, which cannot open a Unix socket, use the daemon's: a port of this machine alone, for one person.
///
/// It stands in the command and not in the daemon: what comes through it has the rights of whoever started the command,
/// nothing listens once that ends, and the daemon needs neither a port nor a token for it. Who may come in is decided
/// by the same doors as at the daemon's ports; the only way to a session is a link that works once.
package final class PageProxy: Sendable {
  private let doors: Doors
  private let listener: Listener
  private let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  /// Prepares a port before the daemon's socket; 0 = any that is free.
  package init(socket: String, port: Int, logger: Logger) {
    doors = Doors(tokens: [], hosts: [], refusals: Refusals(logger: logger))
    listener = Listener(
      at: .hostname("127.0.0.1", port: port), responder: PageResponder(doors: doors, socket: socket),
      refusals: doors.refusals, logger: logger)
  }

  /// Opens the port; called once, not from a task: it blocks.
  ///
  /// - Returns: The link that opens the page, once and within a minute.
  /// - Throws: `PageFailure` with the reason.
  package func start() throws(PageFailure) -> String {
    do {
      let port = try listener.start(on: loops) ?? 0
      return "http://127.0.0.1:\(port)/?key=\(doors.makeLink())"
    } catch {
      throw PageFailure(description: "the page's port cannot be opened: \(Listener.reason(error))")
    }
  }

  /// Closes the port; not from a task: it blocks.
  package func stop() {
    guard listener.stop() else { return }
    try? loops.syncShutdownGracefully()
  }
}

/// Why the page cannot be shown, as a sentence.
package struct PageFailure: Error, CustomStringConvertible {
  package let description: String
}

/// Hands requests on to the daemon's socket, and its answers back as they come.
private struct PageResponder: HTTPResponder {
  typealias Context = CallContext

  let doors: Doors
  let socket: String

  private static let bodyLimit = 8 << 20
  /// What is between a browser and us alone, or would tell the daemon who it is.
  private static let own: Set<String> = [
    "connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "expect", "content-length", "host",
    "cookie", "authorization", "origin", "referer",
  ]

  @concurrent
  func respond(to request: Request, context: CallContext) async throws -> Response {
    var response: Response
    do {
      response = try await answer(request, context)
    } catch let problem as Problem {
      response = Response(problem)
    } catch is NIOTooManyBytesError {
      response = Response(Problem(.tooLarge, "the body is larger than \(Self.bodyLimit) bytes"))
    }
    response.protect()
    return response
  }

  private func answer(_ request: Request, _ context: CallContext) async throws -> Response {
    let door = Door.port(doors)
    let caller = try door.look(at: request.head, from: context.knock)
    if request.method == .get, request.uri.path == "/", let key = request.uri.queryParameters["key"] {
      guard let session = doors.redeem(link: String(key)) else {
        // Whoever is in already has only asked for the same link again.
        if caller != nil { return Response(LoginAnswers.seeOther("/")) }
        var reply = LoginAnswers.page(
          "<p role=\"alert\">This link was used already, or is older than a minute. End <code>onevent page</code> and start "
            + "it again for a new one.</p>")
        reply.status = 403
        return Response(reply)
      }
      var reply = LoginAnswers.seeOther("/")
      reply.headers.append(context.knock.setCookie(session, request.head))
      return Response(reply)
    }
    guard let caller else {
      throw Problem(.unauthorized, "open the link that 'onevent page' printed")
    }
    try door.requireMarker(of: caller, request.head, from: context.knock)
    let body = try await request.body.collect(upTo: Self.bodyLimit)
    return try await forward(request.head, body, context)
  }

  /// Asks the daemon, on a connection of its own that ends with the answer or with the browser's.
  private func forward(_ head: HTTPRequest, _ body: ByteBuffer, _ context: CallContext) async throws -> Response {
    let (content, source) = HummingbirdCore.RequestBody.makeStream()
    let (heads, promise) = AsyncThrowingStream<HTTPResponse, any Error>.makeStream()
    let request = outgoing(head, body)
    let exchange = Task {
      do {
        try await connect(context.channel.eventLoop).executeThenClose { inbound, outbound in
          try await outbound.write(contentsOf: [.head(request), .body(body), .end(nil)])
          for try await part in inbound {
            switch part {
            case .head(let head): promise.yield(head)
            case .body(let buffer): await source.yield(buffer)
            case .end: return
            }
          }
        }
        source.finish()
        promise.finish()
      } catch {
        source.finish(error)
        promise.finish(throwing: error)
      }
    }
    // A stream has no end of its own.
    context.channel.closeFuture.whenComplete { _ in exchange.cancel() }
    do {
      for try await answer in heads {
        let fields = answer.headerFields.filter { $0.name != .connection && $0.name != .transferEncoding }
        return Response(
          status: answer.status, headers: HTTPFields(fields), body: ResponseBody(asyncSequence: content))
      }
      throw ChannelError.eof
    } catch {
      exchange.cancel()
      throw Problem(.notReady, "the daemon does not answer at \(socket): \(Listener.reason(error))")
    }
  }

  private func outgoing(_ head: HTTPRequest, _ body: ByteBuffer) -> HTTPRequest {
    var request = HTTPRequest(method: head.method, scheme: nil, authority: "onevent", path: head.path)
    for field in head.headerFields where !Self.own.contains(field.name.canonicalName) {
      request.headerFields.append(field)
    }
    request.headerFields[.connection] = "close"
    if body.readableBytes > 0 || head.method == .post || head.method == .put {
      request.headerFields[.contentLength] = String(body.readableBytes)
    }
    return request
  }

  private func connect(_ loop: any EventLoop) async throws -> NIOAsyncChannel<HTTPResponsePart, HTTPRequestPart> {
    try await ClientBootstrap(group: loop).connect(unixDomainSocketPath: socket) { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPClientCodec())
        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
      }
    }
  }
}
