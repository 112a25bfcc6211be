// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Stands between a connection and what answers it: gives slow clients an end, and those that are refused their answer.
///
/// - A client has `Limit.head` from the connection to the end of its first headers, then `Limit.idle` from the end of
///   an answer to the end of the next headers; and `Limit.bodyTime` for a body. See `StalledPeer` for answers.
/// - An answer that is given before the request was read whole ends the connection: what is still to come would have to
///   be read for nothing. Our side is closed first and the rest taken for a while, or TCP could drop the answer.
/// - What is no HTTP, or has too large headers, is answered here: nothing behind this handler ever sees it.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private enum Phase {
    /// Nothing of a request has come that is not answered.
    case waiting
    /// The headers have come, the body has not come whole.
    case reading
    /// The request has come whole.
    case answering
    /// Answered before it came whole; when the answer is out, nothing more is read.
    case refusing
    /// The answer is out, and the client has a while to read it.
    case draining
  }

  private var phase = Phase.waiting
  /// Requests whose answers are not out; more than one where a client does not wait for them.
  private var unanswered = 0
  private var deadline: Scheduled<Void>?
  /// Bytes of the present body.
  private var received = 0
  private let refusals: Refusals?

  init(refusals: Refusals?) {
    self.refusals = refusals
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { expect(within: WebServer.Limit.head, context, tells: true) }
  }

  func channelActive(context: ChannelHandlerContext) {
    expect(within: WebServer.Limit.head, context, tells: true)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  private func stop() {
    deadline?.cancel()
    deadline = nil
  }

  private func expect(within limit: TimeAmount, _ context: ChannelHandlerContext, tells: Bool) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { [self] in
      if tells { note(.slow, context) }
      context.close(promise: nil)
    }
  }

  private func note(_ kind: Refusals.Kind, _ context: ChannelHandlerContext) {
    refusals?.note(kind, Knock(context.channel).client)
  }

  // MARK: What comes in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if phase == .draining {
      if case .body(let buffer) = unwrapInboundIn(data) {
        received += buffer.readableBytes
        if received > WebServer.Limit.drained { context.close(promise: nil) }
      }
      return
    }
    switch unwrapInboundIn(data) {
    case .head:
      (phase, received) = (.reading, 0)
      unanswered += 1
      expect(within: WebServer.Limit.bodyTime, context, tells: true)
    case .body(let buffer):
      received += buffer.readableBytes
      // Whatever answers reads no more than its own limit, and this is what nobody reads.
      if received > WebServer.Limit.drained {
        note(.size, context)
        context.close(promise: nil)
        return
      }
    case .end:
      if phase == .reading { phase = .answering }
      deadline?.cancel()
      deadline = nil
    }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A connection that ends in the middle of its headers is no mistake of anybody.
    guard let error = error as? HTTPParserError, phase == .waiting, error != .invalidEOFState, context.channel.isActive
    else { return context.fireErrorCaught(error) }
    let isLarge = error == .headerOverflow
    note(isLarge ? .size : .malformed, context)
    let problem =
      isLarge
      ? Problem(
        .headersTooLarge,
        "the headers have more than \(WebServer.Limit.header) bytes or \(WebServer.Limit.headers) fields")
      : Problem(.invalid, "this is no request of HTTP/1.1: \(error)")
    var response = Response(problem)
    response.protect()
    response.headers[.connection] = "close"
    phase = .refusing
    context.write(wrapOutboundOut(.head(response.head)), promise: nil)
    context.write(wrapOutboundOut(.body(ByteBuffer(bytes: problem.json.encoded))), promise: nil)
    write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
    context.flush()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if phase == .draining, case ChannelEvent.inputClosed? = event as? ChannelEvent {
      return context.close(promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: What goes out

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      guard phase == .reading, unanswered == 1, head.status.kind != .informational else { break }
      phase = .refusing
      head.headerFields[.connection] = "close"
      return context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body: break
    case .end:
      let isLast = phase == .refusing
      if !isLast {
        unanswered -= 1
        guard unanswered == 0 else { break }
        phase = .waiting
        expect(within: WebServer.Limit.idle, context, tells: false)
        break
      }
      phase = .draining
      received = 0
      let written = promise ?? context.eventLoop.makePromise(of: Void.self)
      let context = NIOLoopBound(context, eventLoop: context.eventLoop)
      written.futureResult.whenComplete { _ in context.value.close(mode: .output, promise: nil) }
      expect(within: WebServer.Limit.drain, context.value, tells: false)
      context.value.write(data, promise: written)
      return context.value.flush()
    }
    context.write(data, promise: promise)
  }
}

extension Response {
  /// What keeps a browser from doing with an answer what it is not for; an answer may say its own.
  mutating func protect() {
    for (name, value) in Self.protection where headers[name] == nil { headers[name] = value }
  }

  // With no-referrer a browser would say `Origin: null` of the login's form, which is refused as any other site is.
  private static let protection: [(HTTPField.Name, String)] = [
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-store"),
  ].compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
}
