// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Everything that can be asked, and who may ask it.
///
/// `openapi.json` describes each of these; a test holds the two against each other.
struct Routes: Sendable {
  let daemon: DaemonAnswers
  let feeds: LiveFeeds
  let door: Door

  var all: [Route] { page + entering + looking + following + deciding }

  /// The files of the page hold nothing that is worth a token; what they show, they ask for.
  private var page: [Route] {
    [
      Route(.get, "/", needs: .read) { call throws(Problem) in try PageAnswers.shipped.file("index.html", call) },
      Route(.get, "/assets/{file}", needs: .open) { call throws(Problem) in
        try PageAnswers.shipped.file(call.part("file"), call)
      },
    ]
  }

  private var entering: [Route] {
    let login = LoginAnswers(door: door)
    return [
      Route(.get, "/openapi.json", needs: .open) { _ in
        Reply(PackageResources.openapi_json, contentType: "application/json")
      },
      Route(.get, "/login", needs: .open) { call in login.form(call) },
      Route(.post, "/login", needs: .open, bodyLimit: 4 << 10) { call in login.login(call) },
      Route(.post, "/logout", needs: .open, bodyLimit: 4 << 10) { call in login.logout(call) },
      Route(.get, "/api/v1/session", needs: .read) { call in login.session(call) },
    ]
  }

  private var looking: [Route] {
    let (daemon, history) = (daemon, daemon.history)
    return [
      Route(.get, "/healthz", needs: .open) { _ throws(Problem) in try await daemon.liveness() },
      Route(.get, "/readyz", needs: .open) { _ throws(Problem) in try await daemon.readiness() },
      Route(.get, "/metrics", needs: .read) { _ in await daemon.metrics() },
      Route(.get, "/api/v1/status", needs: .read) { _ in await daemon.status() },
      Route(.get, "/api/v1/latest", needs: .read) { _ throws(Problem) in try await history.latest() },
      Route(.get, "/api/v1/events", needs: .read) { call throws(Problem) in
        try await history.events(call.parameters)
      },
      Route(.get, "/api/v1/events/unmatched", needs: .read) { call throws(Problem) in
        try await daemon.unmatched(call.parameters)
      },
      Route(.get, "/api/v1/events/unmatched/{event}", needs: .read) { call throws(Problem) in
        try await daemon.unmatched(call.part("event"))
      },
      Route(.get, "/api/v1/events/{event}", needs: .read) { call throws(Problem) in
        try await history.event(call.part("event"))
      },
      Route(.get, "/api/v1/events/{event}/matches", needs: .read) { call throws(Problem) in
        try await daemon.matches(ofEvent: call.part("event"))
      },
      Route(.get, "/api/v1/actions", needs: .read) { _ throws(Problem) in try await daemon.actions() },
      Route(.get, "/api/v1/actions/{action}", needs: .read) { call throws(Problem) in
        try await daemon.action(call.part("action"))
      },
      Route(.get, "/api/v1/groups", needs: .read) { _ in await daemon.groups() },
      Route(.get, "/api/v1/runs", needs: .read) { call throws(Problem) in try await history.runs(call.parameters) },
      Route(.get, "/api/v1/runs/{run}", needs: .read) { call throws(Problem) in
        try await history.run(call.part("run"))
      },
      Route(.get, "/api/v1/runs/{run}/output", needs: .read) { call throws(Problem) in
        try await daemon.output(ofRun: call.part("run"), call.parameters)
      },
      Route(.get, "/api/v1/types", needs: .read) { call throws(Problem) in try await daemon.types(call.parameters) },
    ]
  }

  private var following: [Route] {
    [StreamKind.events, .runs].map { [feeds] kind in
      Route(.get, "/api/v1/\(kind.rawValue)/stream", needs: .read) { call throws(Problem) in
        let last = HTTPField.Name("Last-Event-ID").flatMap(call.header)
        return Reply(try feeds.open(kind, call.parameters, last: last))
      }
    }
  }

  private var deciding: [Route] {
    let daemon = daemon
    return [
      Route(.post, "/api/v1/events", needs: .publish, bodyLimit: WebServer.Limit.publication) { call throws(Problem) in
        try await daemon.publish(call)
      },
      Route(.post, "/api/v1/runs/retry", needs: .operate) { call throws(Problem) in
        try await daemon.decide(.retry, call.body)
      },
      Route(.post, "/api/v1/runs/discard", needs: .operate) { call throws(Problem) in
        try await daemon.decide(.discard, call.body)
      },
      Route(.post, "/api/v1/runs/{run}/retry", needs: .operate) { call throws(Problem) in
        try await daemon.decide(.retry, named: [call.part("run")])
      },
      Route(.post, "/api/v1/runs/{run}/discard", needs: .operate) { call throws(Problem) in
        try await daemon.decide(.discard, named: [call.part("run")])
      },
      Route(.post, "/api/v1/replay", needs: .operate) { call throws(Problem) in try await daemon.replay(call.body) },
      Route(.post, "/api/v1/events/{event}/replay", needs: .operate) { call throws(Problem) in
        try await daemon.replay(event: call.part("event"), call.body)
      },
      Route(.put, "/api/v1/actions/{action}/status", needs: .operate) { call throws(Problem) in
        try await daemon.setStatus(ofAction: call.part("action"), call.body)
      },
      Route(.put, "/api/v1/status", needs: .operate) { call throws(Problem) in
        try await daemon.setStatus(ofAction: nil, call.body)
      },
      Route(.post, "/api/v1/reload", needs: .operate) { _ throws(Problem) in try await daemon.reload() },
      Route(.post, "/api/v1/clock/confirm", needs: .operate) { _ throws(Problem) in try await daemon.confirmClock() },
    ]
  }
}
