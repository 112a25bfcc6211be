// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
import NIOCore

/// The library shows the type, but not its name.
typealias HTTPField = HTTPFields.Element

/// One thing that can be asked: by which method and path, who may ask it, and what answers.
struct Route: Sendable {
  /// Whom a route is for.
  enum Need: Sendable, Equatable {
    /// Everybody who reaches the port, without a token: says nothing that is worth one.
    case open
    /// Those with this role, or one that includes it.
    case role(Role)

    static let read = Need.role(.read)
    static let publish = Need.role(.publish)
    static let operate = Need.role(.operate)
  }

  /// A request, as far as answers depend on it.
  struct Call: Sendable {
    var parameters: RequestParameters
    /// The parts of the path that vary, by name, percent-decoded.
    var path: [String: String]
    var head: HTTPRequest
    var body: [UInt8]
    /// Nil only on an open route, for somebody whom the door does not know.
    var caller: Caller?
    var knock: Knock

    func part(_ name: String) -> String { path[name] ?? "" }

    /// The value of a header; nil where the request has none.
    func header(_ name: HTTPField.Name) -> String? { head.headerFields[name] }
  }

  typealias Answer = @Sendable (Call) async throws(Problem) -> Reply

  var method: HTTPRequest.Method
  /// With its varying parts in braces, as OpenAPI writes it: `/api/v1/runs/{run}`.
  var path: String
  var needs: Need
  /// The bytes that a body may have; only POST and PUT have one.
  var bodyLimit: Int
  var answer: Answer

  init(
    _ method: HTTPRequest.Method, _ path: String, needs: Need, bodyLimit: Int = WebServer.Limit.body,
    _ answer: @escaping Answer
  ) {
    self.method = method
    self.path = path
    self.needs = needs
    self.bodyLimit = bodyLimit
    self.answer = answer
  }

  /// The bytes that the body of a request may turn out to have, by what it announces.
  ///
  /// More than the limit is refused without being read.
  func bodySize(announced length: String?) -> Int {
    guard method == .post || method == .put else { return 0 }
    guard let length = length.flatMap(Int.init) else { return bodyLimit }
    return length > bodyLimit ? 0 : max(0, length)
  }

  /// The path's parts; nil stands for one that varies.
  var segments: [Substring?] {
    path.split(separator: "/").map { $0.hasPrefix("{") ? nil : $0 }
  }

  /// Whether a request's path is one of this route's.
  func takes(path: String) -> Bool {
    let (own, asked) = (segments, path.split(separator: "/"))
    return own.count == asked.count && zip(own, asked).allSatisfy { $0 == nil || $0 == $1 }
  }
}

extension Route.Call {
  /// Reads a request, with its body where the route takes one.
  ///
  /// - Throws: `Problem` when the body is too large.
  init(_ request: Request, _ context: CallContext, _ route: Route, _ door: Door) async throws {
    (caller, knock) = (context.caller, context.knock)
    parameters = RequestParameters(
      request.uri.queryParameters.map { RequestParameters.Item(String($0.key), String($0.value)) })
    path = [:]
    for (name, value) in context.parameters {
      // The library decodes the values of a query, but not the parts of a path.
      path[String(name)] = URI("/?part=\(value)").queryParameters["part"].map(String.init) ?? String(value)
    }
    head = request.head
    body = []
    guard request.method == .post || request.method == .put else { return }
    func tooLarge() -> Problem {
      door.doors?.refusals.note(.size, context.knock.client)
      return Problem(.tooLarge, "the body is larger than \(route.bodyLimit) bytes; send or ask for less at a time")
    }
    let announced = request.headers[.contentLength].flatMap(Int.init)
    // What is announced is believed at once, so that nobody has to send it first.
    if let announced, announced > route.bodyLimit { throw tooLarge() }
    do {
      body = Array(try await request.body.collect(upTo: route.bodyLimit).readableBytesView)
    } catch is NIOTooManyBytesError {
      throw tooLarge()
    }
    // The library takes a connection that ends for the end of the body.
    guard announced ?? body.count == body.count else {
      throw Problem(.invalid, "the body ended after \(body.count) of \(announced ?? 0) bytes")
    }
  }
}
