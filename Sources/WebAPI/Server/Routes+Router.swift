// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
import NIOCore

extension Routes {
  /// Leads requests to the routes' answers, past the door.
  func responder() -> RouterResponder<CallContext> {
    let router = Router(context: CallContext.self, options: [.autoGenerateHeadEndpoints])
    let (door, all) = (door, all)
    router.add(middleware: ProblemMiddleware(routes: all))
    router.add(middleware: DoorMiddleware(door: door))
    let bodies = BodyBudget()
    for route in all {
      router.on(RouterPath(route.path), method: route.method) { request, context in
        try door.admit(context.caller, to: route, request.head, from: context.knock)
        let size = route.bodySize(announced: request.headers[.contentLength])
        try bodies.take(size)
        defer { bodies.giveBack(size) }
        let reply = try await route.answer(try await Route.Call(request, context, route, door))
        return Response(reply.accepted(by: request.headers[.accept]))
      }
    }
    return router.buildResponder()
  }
}

extension Response {
  init(_ reply: Reply) {
    self.init(
      status: HTTPResponse.Status(code: reply.status), headers: [.contentType: reply.contentType],
      body: ResponseBody(reply))
    for header in reply.headers {
      guard let name = HTTPField.Name(header.name) else { continue }
      headers.append(HTTPField(name: name, value: header.value))
    }
  }

  init(_ problem: Problem) {
    self.init(
      status: HTTPResponse.Status(code: problem.kind.status), headers: [.contentType: "application/problem+json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: problem.json.encoded)))
    if problem.kind == .unauthorized { headers[.wwwAuthenticate] = "Bearer realm=\"onevent\"" }
    if let seconds = problem.retryAfter { headers[.retryAfter] = String(seconds) }
  }
}

extension ResponseBody {
  fileprivate init(_ reply: Reply) {
    guard let stream = reply.stream else {
      self.init(byteBuffer: ByteBuffer(bytes: reply.body))
      return
    }
    self.init { writer in
      try await stream.run { @concurrent buffer in try await writer.write(buffer) }
      try await writer.finish(nil)
    }
  }
}

/// Finds out who asks, before anything is answered.
private struct DoorMiddleware: RouterMiddleware {
  typealias Context = CallContext

  let door: Door

  @concurrent
  func handle(
    _ request: Request, context: CallContext, next: @concurrent (Request, CallContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.caller = try door.look(at: request.head, from: context.knock)
    return try await next(request, context)
  }
}

/// Says every error as problem details, and gives every answer the headers that protect it.
private struct ProblemMiddleware: RouterMiddleware {
  typealias Context = CallContext

  let routes: [Route]

  // The library's closures run where they like.
  @concurrent
  func handle(
    _ request: Request, context: CallContext, next: @concurrent (Request, CallContext) async throws -> Response
  ) async throws -> Response {
    var response: Response
    do {
      response = try await next(request, context)
    } catch let problem as Problem {
      response = problem.kind == .unauthorized && Self.isLook(request) ? Self.login : Response(problem)
    } catch let error as HTTPError where error.status == .notFound {
      response = missing(request)
    }
    response.protect()
    return response
  }

  /// Whether a person looks at the page, for whom there is the form.
  private static func isLook(_ request: Request) -> Bool {
    request.method == .get && request.uri.path == "/" && request.headers[.accept]?.contains("text/html") == true
  }

  private static let login = Response(LoginAnswers.seeOther("/login"))

  /// What is said where no route takes a request: that there is no such path, or that it knows other methods only.
  private func missing(_ request: Request) -> Response {
    let methods = routes.filter { $0.takes(path: request.uri.path) }.flatMap { route in
      route.method == .get ? ["GET", "HEAD"] : [route.method.rawValue]
    }
    guard methods.isEmpty else {
      var response = Response(
        Problem(
          .wrongMethod,
          "\(request.uri.path) knows \(methods.joined(separator: ", ")), and not \(request.method.rawValue)"))
      response.headers[.allow] = methods.joined(separator: ", ")
      return response
    }
    return Response(
      Problem(
        .notFound,
        "there is no \(request.method.rawValue) \(request.uri.path) here; GET /openapi.json describes everything that there "
          + "is"))
  }
}
