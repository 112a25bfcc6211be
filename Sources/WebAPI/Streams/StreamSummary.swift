// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// What a stream says of an event or a run: one line of JSON, of at most 300 bytes.
///
/// What would make it longer is left out, the longest member first; whoever needs it asks for the record by its number.
/// A member that is null is known to be none, one that is missing was left out.
struct StreamSummary {
  static let limit = 300

  private struct Member {
    var name: String
    var json: [UInt8]
    /// Whether it stays, however little room there is.
    var isFixed: Bool

    /// With the quotes, the colon and the comma.
    var size: Int { name.utf8.count + json.count + 4 }
  }

  private var members: [Member] = []

  private mutating func append(_ name: String, _ value: JSONTree, isFixed: Bool = false) {
    members.append(Member(name: name, json: value.encoded, isFixed: isFixed))
  }

  /// The JSON text.
  var json: [UInt8] {
    var kept = members
    // The braces take two bytes, the last member no comma.
    var size = kept.reduce(1) { $0 + $1.size }
    while size > Self.limit {
      let longest = kept.indices.filter { !kept[$0].isFixed }.max { kept[$0].size < kept[$1].size }
      guard let longest else { break }
      size -= kept[longest].size
      kept.remove(at: longest)
    }
    return JSONTree.object(kept.map { ($0.name, .written($0.json)) }).encoded
  }
}

extension StreamSummary {
  /// Of an event; JSON that is stored is checked in the memory of the document.
  init(_ event: StoredEvent, group: EventGroup?, _ document: JSONDocument) {
    append("event", .integer(event.number), isFixed: true)
    append("type", .text(event.type))
    append("received", .instant(event.received), isFixed: true)
    append("source", .text(event.source))
    append("subject", .optional(event.subject))
    append("result", .text(event.result.rawValue), isFixed: true)
    append("group", .optional(group?.name))
    append("level", .optional(group?.level.rawValue), isFixed: true)
    append("tags", .stored((event.tags ?? "[]").utf8, document))
  }

  /// Of a run, with when it was accepted as long as it has not ended, and when it ended once it has.
  init(_ run: StoredRun) {
    append("run", .integer(run.number), isFixed: true)
    append("run_id", .text(run.id), isFixed: true)
    append("event", .integer(run.event), isFixed: true)
    append("action", .text(run.action))
    append("state", .text(run.state.rawValue), isFixed: true)
    append("attempts", .integer(run.attempts), isFixed: true)
    append("change", .integer(run.change), isFixed: true)
    append("type", .text(run.eventType))
    append("subject", .optional(run.subject))
    append("outcome", .optional(run.outcome))
    if let ended = run.ended {
      append("ended", .instant(ended))
    } else {
      append("created", .instant(run.created))
    }
  }
}
