// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
import NIOCore

extension Routes {
  /// Leads requests to the routes' answers.
  func router() -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self, options: [.autoGenerateHeadEndpoints])
    router.add(middleware: ProblemMiddleware(routes: all))
    let bodies = BodyBudget()
    for route in all {
      router.on(RouterPath(route.path), method: route.method) { request, context in
        let size = route.bodySize(announced: request.headers[.contentLength])
        try bodies.take(size)
        defer { bodies.giveBack(size) }
        let reply = try await route.answer(try await Route.Call(request, context, bodyLimit: route.bodyLimit))
        return Response(reply.accepted(by: request.headers[.accept]))
      }
    }
    return router
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

/// Says every error as problem details.
private struct ProblemMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext

  let routes: [Route]

  // The library's closures run where they like.
  @concurrent
  func handle(
    _ request: Request, context: BasicRequestContext,
    next: @concurrent (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let problem as Problem {
      return Response(problem)
    } catch let error as HTTPError where error.status == .notFound {
      return missing(request)
    }
  }

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
        "there is no \(request.method.rawValue) \(request.uri.path) here; there are /healthz, /readyz, /metrics and, below "
          + "/api/v1, status, latest, events, runs, types, replay, actions/NAME/status, reload and clock/confirm"))
  }
}
