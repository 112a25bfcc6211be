// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// The questions that the API documents, each with the index that has to find its rows.
struct Question: Sendable {
  var name: String
  /// A part of the plan; nil = the whole table is read in its order, and the first rows are the answer.
  var index: String?
  var query = EventQuery()
  var aggregate: AggregateQuery?

  init(_ name: String, _ index: String?, _ change: (inout EventQuery) -> Void) {
    self.name = name
    self.index = index
    change(&query)
  }

  init(_ name: String, aggregate: AggregateQuery) {
    self.name = name
    self.aggregate = aggregate
  }

  /// Lists of a journal of so many events.
  static func lists(events: Int64) -> [Question] {
    let node = LoadEvents.node(77)
    let (middle, end) = (LoadEvents.start + events / 2 * LoadEvents.pace, LoadEvents.start + events * LoadEvents.pace)
    return [
      Question("newest", nil) { _ in },
      Question("limit=1000", nil) { $0.limit = 1_000 },
      Question("type=baremetal.node.power_set.end", "events_type") { $0.type = "baremetal.node.power_set.end" },
      Question("type=baremetal.#", "events_type") { $0.type = "baremetal.#" },
      Question("type=… (seldom)", "events_type") { $0.type = "*.*.console_set.*" },
      Question("group or level (a fifth of all types)", "events_type") { query in
        query.isWantedType = { $0.hasPrefix("room.") }
      },
      Question("tag=room", "g USING PRIMARY KEY") { $0.tags = ["room"] },
      Question("tag=alarm&tag=alarm:hot", "g USING PRIMARY KEY") { $0.tags = ["alarm", "alarm:hot"] },
      Question("tag=inspected", "g USING PRIMARY KEY") { $0.tags = ["inspected"] },
      Question("node=…", "o USING PRIMARY KEY") { $0.objects = [ObjectName(kind: "node", name: node)] },
      Question("object=… (any kind)", "o USING PRIMARY KEY") { $0.objects = [ObjectName(kind: nil, name: node)] },
      Question("node=…&type=…&until=…", "o USING PRIMARY KEY") { query in
        query.objects = [ObjectName(kind: "node", name: node)]
        query.type = "esi_leap.#"
        query.until = middle
      },
      Question("subject=…", "o USING PRIMARY KEY") { $0.subject = node },
      Question("subject=… (no object)", "o USING PRIMARY KEY") { $0.subject = "sensor-12" },
      Question("source=local", "events_source") { $0.source = "local" },
      Question("source=lab (seldom)", "events_source") { $0.source = "lab" },
      Question("value=42.42", "events_value") { $0.value = ValueRange(equal: 42.42) },
      Question("value_gt=99.95", "events_value") { $0.value = ValueRange(above: 99.95) },
      Question("value_gte=50 (half of them)", nil) { $0.value = ValueRange(least: 50) },
      Question("action=seldom", "runs_ended") { $0.action = "seldom" },
      Question("action=observe-1 (a quarter)", nil) { $0.action = "observe-1" },
      Question("state=discarded", "runs_ended") { $0.state = .discarded },
      Question("state=failed (none)", "runs_attention") { $0.state = .failed },
      Question("since=-2h", "INTEGER PRIMARY KEY") { $0.since = end - 7_200_000_000_000 },
      Question("until=(the middle)", "INTEGER PRIMARY KEY") { $0.until = middle },
      Question("before=(the middle)&tag=room", "g USING PRIMARY KEY") { query in
        query.before = events / 2
        query.tags = ["room"]
      },
      Question("text=… (one lease)", nil) { $0.text = WordSearch("lease \(events / 2)") },
      Question("text=… (one node)", nil) { $0.text = WordSearch(node) },
      Question("text=training run (most)", nil) { $0.text = WordSearch("training run") },
      Question("text=active&tag=inspected (none)", nil) { query in
        query.text = WordSearch("active")
        query.tags = ["inspected"]
      },
    ]
  }

  static func aggregates(events: Int64) -> [Question] {
    func question(_ name: String, _ change: (inout AggregateQuery) -> Void) -> Question {
      var query = AggregateQuery(EventQuery())
      change(&query)
      return Question(name, aggregate: query)
    }
    let hour: Int64 = 3_600_000_000_000
    return [
      question("count") { _ in },
      question("count by=type") { $0.key = .type { $0 } },
      question("count by=type every=1h") { query in
        query.key = .type { $0 }
        query.every = hour
      },
      question("count by=subject") { $0.key = .subject },
      question("count by=action") { $0.key = .action },
      question("count every=5m") { $0.every = hour / 12 },
      question("average value, tag=room, every=1h") { query in
        query.events.tags = ["room"]
        query.measure = .value
        query.every = hour
      },
      question("max value, all events") { $0.measure = .value },
      question("max inlet.celsius, type=room.*") { query in
        query.events.type = "room.*"
        query.measure = .path("inlet.celsius")
      },
      question("sum properties.cpus, the last day") { query in
        query.events.since = LoadEvents.start + events * LoadEvents.pace - 24 * hour
        query.measure = .path("properties.cpus")
      },
      question("count, text=training") { $0.events.text = WordSearch("training") },
    ]
  }
}

extension ValueRange {
  init(equal: Double? = nil, above: Double? = nil, least: Double? = nil) {
    self.init()
    self.equal = equal
    self.above = above
    self.least = least
  }
}
