// SPDX-License-Identifier: Apache-2.0

import Events
import Hummingbird
import HummingbirdCore
import NIOCore

/// Which path and method asks what.
struct Routes: Sendable {
  let daemon: DaemonAnswers

  /// A request, as far as answers depend on it.
  struct Call {
    var parameters: RequestParameters
    /// The parts of the path that vary, by name, percent-decoded.
    var path: [String: String]
    var body: [UInt8]

    func part(_ name: String) -> String { path[name] ?? "" }
  }

  typealias Answer = @Sendable (Call) async throws(Problem) -> Reply

  func router() -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self, options: [.autoGenerateHeadEndpoints])
    router.add(middleware: ProblemMiddleware())
    addLooking(router)
    addDeciding(router)
    return router
  }

  private func addLooking(_ router: Router<BasicRequestContext>) {
    let (daemon, history) = (daemon, daemon.history)
    add(router, .get, "/healthz") { _ throws(Problem) in try await daemon.liveness() }
    add(router, .get, "/readyz") { _ throws(Problem) in try await daemon.readiness() }
    add(router, .get, "/metrics") { _ in await daemon.metrics() }
    add(router, .get, "/api/v1/status") { _ in await daemon.status() }
    add(router, .get, "/api/v1/latest") { _ throws(Problem) in try await history.latest() }
    add(router, .get, "/api/v1/events") { call throws(Problem) in try await history.events(call.parameters) }
    add(router, .get, "/api/v1/events/unmatched") { call throws(Problem) in
      try await daemon.unmatched(call.parameters)
    }
    add(router, .get, "/api/v1/events/unmatched/:event") { call throws(Problem) in
      try await daemon.unmatched(call.part("event"))
    }
    add(router, .get, "/api/v1/events/:event") { call throws(Problem) in try await history.event(call.part("event")) }
    add(router, .get, "/api/v1/runs") { call throws(Problem) in try await history.runs(call.parameters) }
    add(router, .get, "/api/v1/runs/:run") { call throws(Problem) in try await history.run(call.part("run")) }
    add(router, .get, "/api/v1/runs/:run/output") { call throws(Problem) in
      try await daemon.output(ofRun: call.part("run"), call.parameters)
    }
    add(router, .get, "/api/v1/types") { call throws(Problem) in try await daemon.types(call.parameters) }
  }

  private func addDeciding(_ router: Router<BasicRequestContext>) {
    let daemon = daemon
    add(router, .post, "/api/v1/runs/retry") { call throws(Problem) in try await daemon.decide(.retry, call.body) }
    add(router, .post, "/api/v1/runs/discard") { call throws(Problem) in try await daemon.decide(.discard, call.body) }
    add(router, .post, "/api/v1/runs/:run/retry") { call throws(Problem) in
      try await daemon.decide(.retry, named: [call.part("run")])
    }
    add(router, .post, "/api/v1/runs/:run/discard") { call throws(Problem) in
      try await daemon.decide(.discard, named: [call.part("run")])
    }
    add(router, .post, "/api/v1/replay") { call throws(Problem) in try await daemon.replay(call.body) }
    add(router, .post, "/api/v1/events/:event/replay") { call throws(Problem) in
      try await daemon.replay(event: call.part("event"), call.body)
    }
    add(router, .put, "/api/v1/actions/:action/status") { call throws(Problem) in
      try await daemon.setStatus(ofAction: call.part("action"), call.body)
    }
    add(router, .put, "/api/v1/status") { call throws(Problem) in
      try await daemon.setStatus(ofAction: nil, call.body)
    }
    add(router, .post, "/api/v1/reload") { _ throws(Problem) in try await daemon.reload() }
    add(router, .post, "/api/v1/clock/confirm") { _ throws(Problem) in try await daemon.confirmClock() }
  }

  private func add(
    _ router: Router<BasicRequestContext>, _ method: HTTPRequest.Method, _ path: RouterPath, _ answer: @escaping Answer
  ) {
    router.on(path, method: method) { request, context in
      Response(try await answer(try await Call(request, context)))
    }
  }
}

extension Routes.Call {
  init(_ request: Request, _ context: BasicRequestContext) async throws {
    parameters = RequestParameters(
      request.uri.queryParameters.map { RequestParameters.Item(String($0.key), String($0.value)) })
    path = [:]
    for (name, value) in context.parameters {
      // The library decodes the values of a query, but not the parts of a path.
      path[String(name)] = URI("/?part=\(value)").queryParameters["part"].map(String.init) ?? String(value)
    }
    body = []
    guard request.method == .post || request.method == .put else { return }
    do {
      body = Array(try await request.body.collect(upTo: WebServer.Limit.body).readableBytesView)
    } catch is NIOTooManyBytesError {
      throw Problem(.tooLarge, "the body is larger than \(WebServer.Limit.body) bytes; ask for less at a time")
    }
  }
}

extension Response {
  fileprivate init(_ reply: Reply) {
    self.init(
      status: .ok, headers: [.contentType: reply.contentType],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
    if let next = reply.next { headers[values: .init("Link") ?? .location] = ["<\(next)>; rel=\"next\""] }
  }

  fileprivate init(_ problem: Problem) {
    self.init(
      status: HTTPResponse.Status(code: problem.kind.status), headers: [.contentType: "application/problem+json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: problem.json.encoded)))
  }
}

/// Says every error as problem details.
private struct ProblemMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext

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
      return Response(
        Problem(
          .notFound,
          "there is no \(request.method.rawValue) \(request.uri.path) here; there are /healthz, /readyz, /metrics and, below "
            + "/api/v1, status, latest, events, runs, types, replay, actions/NAME/status, reload and clock/confirm"))
    }
  }
}
