// SPDX-License-Identifier: Apache-2.0

import AMQP
package import Events

/// How what a source brings becomes events, whatever brings it.
package struct EventReading: Sendable {
  /// Of the source.
  package var name: String
  package var mapping: EventMapping
  /// Types that are dropped right after decoding, and counted.
  package var ignore: [EventPattern]
  /// The bytes that an event may have.
  package var maxMessageSize: Int
  /// Whether its events are handed to the daemon itself.
  package var isLocal = false

  /// Of the daemon's own events.
  static let own = EventReading(
    name: OwnEventType.source, mapping: .own, ignore: [], maxMessageSize: LocalSourceSettings.largestMessage)
}

/// The source of the events that are handed to the daemon itself: `POST /api/v1/events` and `onevent send`.
///
/// There is always exactly one; `[source:NAME]` with `type = local` changes it, names it, or switches it off.
package struct LocalSourceSettings: Sendable {
  /// What a request with many events may hold, and so the most that one may have.
  package static let largestMessage = 8 << 20

  package var name = "local"
  /// Whether it takes events.
  package var isEnabled = true
  /// Whether its events reach only actions that name it: so it is where another source is configured.
  package var mustBeNamed = false
  package var mapping = EventMapping()
  /// Types that are dropped right after decoding, and counted.
  package var ignore: [EventPattern] = []
  package var maxMessageSize = 1 << 20

  package init() {}

  package var reading: EventReading {
    EventReading(name: name, mapping: mapping, ignore: ignore, maxMessageSize: maxMessageSize, isLocal: true)
  }
}

extension SourceSettings {
  package var reading: EventReading {
    EventReading(name: name, mapping: mapping, ignore: ignore, maxMessageSize: consumer.maxMessageSize)
  }
}

extension Configuration {
  /// Of every source, in the order of the files, behind them the local one and the daemon's own events.
  package var readings: [EventReading] { sources.map(\.reading) + [local.reading, .own] }

  /// The actions as events of every source are matched with them.
  package var table: ActionTable { ActionTable(actions, reserved: local.mustBeNamed ? local.name : nil) }
}
