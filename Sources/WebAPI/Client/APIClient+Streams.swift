// SPDX-License-Identifier: Apache-2.0

package import Events
import NIOCore
import NIOHTTP1
import NIOPosix

/// What a stream tells.
package enum StreamNews {
  /// Only how far it is, as the id says.
  case progress(String)
  /// An event or a run, as a summary of at most 300 bytes of JSON.
  case row(JSONValue)
  /// Something before this was deleted before it was seen, or the journal is another one than before.
  case reset(JSONValue)
  /// This client was too slow: the stream ends here, and goes on where it ended when it is asked for again.
  case behind
}

extension APIClient {
  /// Follows a stream until the daemon ends it.
  ///
  /// - Parameters:
  ///   - path: Of the stream.
  ///   - parameters: What is wanted of it.
  ///   - id: Where to go on; it is kept up to date, so that the next call goes on where this one ended.
  ///   - handle: Takes the news one by one; while it does, nothing more is read.
  /// - Throws: Why there is no stream, or why it was cut off.
  package func follow(
    _ path: String, _ parameters: RequestParameters, after id: inout String?, _ handle: (StreamNews) -> Void
  ) async throws(APIFailure) {
    let target = parameters.items.isEmpty ? path : "\(path)?\(parameters.encoded)"
    do {
      let channel = try await connect()
      try await channel.executeThenClose { inbound, outbound in
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target)
        head.headers.add(name: "Host", value: "onevent")
        head.headers.add(name: "Accept", value: "text/event-stream")
        if let id { head.headers.add(name: "Last-Event-ID", value: id) }
        try await outbound.write(contentsOf: [.head(head), .end(nil)])
        try await read(inbound, target, &id, handle)
      }
    } catch let failure as APIFailure {
      throw failure
    } catch {
      throw failure(error)
    }
  }

  private typealias StreamChannel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  private func connect() async throws -> StreamChannel {
    try await ClientBootstrap(group: loops).connect(unixDomainSocketPath: socket) { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        try channel.pipeline.syncOperations.addHandlers(
          IdleStateHandler(readTimeout: Self.longestSilence), SilenceHandler())
        return try StreamChannel(wrappingChannelSynchronously: channel)
      }
    }
  }

  /// A daemon that says nothing for so long, not even a heartbeat, is taken for gone.
  private static var longestSilence: TimeAmount { .seconds(60) }

  private func read(
    _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>, _ target: String, _ id: inout String?,
    _ handle: (StreamNews) -> Void
  ) async throws {
    var status = HTTPResponseStatus.ok
    var refusal: [UInt8] = []
    var parser = StreamParser()
    for try await part in inbound {
      switch part {
      case .head(let head): status = head.status
      case .body(let buffer) where status == .ok:
        try parser.take(buffer) { message in
          id = message.id ?? id
          if let news = StreamNews(message) { handle(news) }
        }
      case .body(let buffer): refusal += buffer.readableBytesView.prefix(max(0, 64 << 10 - refusal.count))
      case .end:
        guard status == .ok else { throw problem(in: refusal, status, target) }
        return
      }
    }
    throw ConnectionClosed()
  }

  private func problem(in body: [UInt8], _ status: HTTPResponseStatus, _ target: String) -> APIFailure {
    let document = JSONDocument()
    guard (try? document.parse(body)) != nil, let problem = Problem(json: document.root) else {
      return .unanswered("the daemon at \(socket) answered \(status) to GET \(target)")
    }
    return .problem(problem)
  }
}

extension StreamNews {
  /// Nil where it is something that this version does not know.
  init?(_ message: StreamParser.Message) {
    guard let name = message.name else {
      guard let id = message.id else { return nil }
      self = .progress(id)
      return
    }
    let document = JSONDocument()
    guard (try? document.parse(message.data)) != nil else { return nil }
    switch name {
    case StreamKind.events.messageName, StreamKind.runs.messageName: self = .row(document.root)
    case "reset": self = .reset(document.root)
    case "behind": self = .behind
    default: return nil
    }
  }
}

/// Closes a connection on which nothing comes any more.
private final class SilenceHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }
}
