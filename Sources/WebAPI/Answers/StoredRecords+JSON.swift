// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

extension StoredEvent {
  func members(_ document: JSONDocument, _ groups: EventGroups) -> [(key: String, value: JSONTree)] {
    let group = groups.group(ofType: type)
    return [
      ("event", .integer(number)), ("source", .text(source)), ("type", .text(type)), ("id", .optional(id)),
      ("time", .optional(time)), ("received", .instant(received)), ("subject", .optional(subject)),
      ("objects", .stored(objects.utf8, document)), ("result", .text(result.rawValue)), ("reason", .optional(reason)),
      ("settle", .text(settle.rawValue)), ("size", .integer(size)), ("tags", .stored((tags ?? "[]").utf8, document)),
      ("cause", .optional(cause, JSONTree.integer)), ("group", .optional(group?.name)),
      ("level", .optional(group?.level.rawValue)),
    ]
  }
}

extension StoredRun {
  var members: [(key: String, value: JSONTree)] {
    [
      ("run", .integer(number)), ("run_id", .text(id)), ("event", .integer(event)), ("type", .text(eventType)),
      ("subject", .optional(subject)), ("action", .text(action)), ("state", .text(state.rawValue)),
      ("attempts", .integer(attempts)), ("unclean", .integer(unclean)), ("change", .integer(change)),
      ("created", .instant(created)), ("started", .optional(started, JSONTree.instant)),
      ("ended", .optional(ended, JSONTree.instant)),
      ("due", .optional(due, JSONTree.instant)), ("outcome", .optional(outcome)), ("reason", .optional(reason)),
      ("replay", .boolean(isReplay)), ("aside", .boolean(isAside)),
    ]
  }
}

extension StoredAttempt {
  /// The duration is in seconds.
  var json: JSONTree {
    .object([
      ("attempt", .integer(attempt)), ("started", .instant(started)), ("ended", .optional(ended, JSONTree.instant)),
      ("duration", .optional(duration, JSONTree.seconds)), ("outcome", .optional(outcome)),
      ("code", .optional(code, JSONTree.integer)), ("reason", .optional(reason)), ("program", .text(program)),
      ("arguments", .list(arguments.map(JSONTree.bytes))), ("directory", .text(directory)),
      ("revision", .text(revision)), ("pid", .optional(pid, JSONTree.integer)),
      ("stdout", .optional(standardOutput, \.json)), ("stderr", .optional(standardError, \.json)),
    ])
  }
}

extension StoredOutput {
  var json: JSONTree {
    .object([("head", .bytes(head)), ("tail", .bytes(tail)), ("dropped", .integer(dropped))])
  }
}

extension StoredType {
  var members: [(key: String, value: JSONTree)] {
    [
      ("type", .text(name)), ("seen", .integer(seen)), ("matched", .integer(matched)), ("first", .instant(first)),
      ("last", .instant(last)), ("source", .optional(source)),
    ]
  }
}
