// SPDX-License-Identifier: Apache-2.0

extension DaemonStatus {
  var json: JSONTree {
    .object([
      ("version", .text(version)), ("pid", .integer(Int64(pid))), ("started", .instant(started)),
      ("revision", .text(revision)), ("configured", .instant(configured)),
      ("reload_failure", .optional(reloadFailure)), ("files", .list(files.map(JSONTree.text))),
      ("suspended", .boolean(isSuspended)),
      ("stopping", .boolean(isStopping)), ("stuck", .list(stuck.map(JSONTree.text))),
      ("sources", .list(sources.map(\.json))), ("actions", .list(actions.map(\.json))),
      ("pending", .integer(Int64(pending))), ("running", .integer(Int64(running))),
      ("waiting", .integer(Int64(waiting))), ("held", .integer(Int64(held))), ("failed", .integer(Int64(failed))),
      (
        "journal",
        .object([
          ("path", .text(journalPath)), ("bytes", .integer(journalBytes)), ("trouble", .optional(journalTrouble)),
          ("retention_suspended", .optional(retentionSuspended)),
        ])
      ),
      ("counters", .object(counters.sorted { $0.key < $1.key }.map { ($0.key, .integer(Int64($0.value))) })),
    ])
  }
}

extension DaemonStatus.Source {
  fileprivate var json: JSONTree {
    .object([
      ("source", .text(name)), ("state", .text(state)), ("host", .optional(host)),
      ("queues", .object(queues.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })),
      ("reason", .optional(reason)), ("since", .instant(since)),
    ])
  }
}

extension DaemonStatus.Action {
  fileprivate var json: JSONTree {
    .object([
      ("action", .text(name)), ("status", .text(status)), ("pending", .integer(Int64(pending))),
      ("running", .integer(Int64(running))), ("waiting", .integer(Int64(waiting))),
      ("matched", .integer(Int64(matched))),
    ])
  }
}

extension ReplayResult {
  var json: JSONTree {
    .object([
      ("dry_run", .boolean(isDryRun)), ("events", .integer(Int64(events))),
      (
        "items",
        .list(
          items.map { item in
            .object([
              ("event", .integer(item.event)), ("type", .text(item.type)), ("action", .text(item.action)),
              ("run", .optional(item.run, JSONTree.integer)), ("run_id", .optional(item.runID)),
              ("state", .text(item.state)),
            ])
          })
      ),
      (
        "unmatched",
        .list(
          unmatched.sorted { $0.key < $1.key }.map { event, reason in
            .object([("event", .integer(event)), ("reason", .text(reason))])
          })
      ),
    ])
  }
}

extension UnmatchedEvent {
  var members: [(key: String, value: JSONTree)] {
    [
      ("unmatched", .integer(Int64(clamping: number))), ("source", .text(source)), ("type", .text(type)),
      ("received", .instant(received)), ("size", .integer(Int64(body.count))),
    ]
  }
}
