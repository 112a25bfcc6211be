// SPDX-License-Identifier: Apache-2.0

import Events
import Synchronization
import WebAPI

/// One stream that `tail` prints, over as many lives of the daemon as there are.
struct TailedStream: Sendable {
  enum Kind: String {
    case events, runs
  }

  let kind: Kind
  let parameters: RequestParameters
  let isJSON: Bool

  /// Follows the stream until something happens that waiting does not mend.
  func follow(_ client: APIClient, _ watch: DaemonWatch) async -> APIFailure {
    var id: String?
    while true {
      var isBehind = false
      do throws(APIFailure) {
        try await client.follow("/api/v1/\(kind.rawValue)/stream", parameters, after: &id) { news in
          watch.isThere()
          switch news {
          case .row(let row): printRow(row)
          case .reset(let reset): complain(sentence(reset))
          case .behind: isBehind = true
          case .progress: break
          }
        }
        if isBehind { continue }
        watch.isGone("the daemon ended the stream of \(kind.rawValue)")
      } catch {
        // Before the first answer nobody knows that there is anything to wait for.
        guard id != nil, error.mayPass else { return error }
        watch.isGone(error.description)
      }
      try? await Task.sleep(for: .seconds(1))
    }
  }

  private func sentence(_ reset: JSONValue) -> String {
    let newest = reset.integer(of: "newest") ?? 0
    if reset.integer(of: "after") == newest {
      return "the journal begins anew: what was printed so far of \(kind.rawValue) is of another one"
    }
    return "some \(kind.rawValue) were deleted from the journal before they could be printed"
  }

  private func printRow(_ row: JSONValue) {
    let line = isJSON ? row.json : kind == .events ? eventLine(row) : runLine(row)
    writeOutput(Array(line.utf8) + [UInt8(ascii: "\n")])
  }

  private func eventLine(_ row: JSONValue) -> String {
    var cells = [
      row.time("received"), "event e\(row.shown("event"))", row.summarized("type"),
      "subject \(row.summarized("subject"))", row.summarized("result"),
    ]
    let tags = row.list(of: "tags").map(\.text)
    if !tags.isEmpty { cells.append("tags \(tags.joined(separator: ", "))") }
    return cells.joined(separator: "  ").printable
  }

  private func runLine(_ row: JSONValue) -> String {
    let cells = [
      row.time(row.member(named: "ended") == nil ? "created" : "ended"), "run \(row.shown("run"))",
      row.shown("run_id"), "event e\(row.shown("event"))", row.summarized("action"), row.shown("state"),
    ]
    let outcome = row.text(of: "outcome").map { " (\($0))" } ?? ""
    return (cells.joined(separator: "  ") + outcome).printable
  }
}

extension JSONValue {
  /// The scalar with this key of a summary; `…` where it was left out because it is long.
  fileprivate func summarized(_ key: String) -> String {
    member(Array(key.utf8)) == nil ? "…" : shown(key)
  }
}

extension APIFailure {
  /// Whether the daemon may only be away for a while.
  fileprivate var mayPass: Bool {
    switch self {
    case .unreachable, .crowded, .unanswered: true
    case .problem(let problem): problem.kind == .busy || problem.kind == .notReady
    case .forbidden: false
    }
  }
}

/// Tells, once each, that the daemon is gone and that it is back, whichever stream notices.
final class DaemonWatch: Sendable {
  private let isMissed = Mutex(false)

  func isGone(_ reason: String) {
    let isNews = isMissed.withLock { isMissed in
      defer { isMissed = true }
      return !isMissed
    }
    if isNews { complain("the daemon is gone (\(reason)); waiting for it") }
  }

  func isThere() {
    let isNews = isMissed.withLock { isMissed in
      defer { isMissed = false }
      return isMissed
    }
    if isNews { complain("the daemon is back") }
  }
}
