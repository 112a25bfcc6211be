// SPDX-License-Identifier: Apache-2.0

/// A pattern of event types in the way of AMQP topics: `*` is one word, `#` zero or more, words end at dots.
package struct EventPattern: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  /// Reads a pattern; any text is one.
  package init(_ text: String) {
    description = text
  }

  /// Whether a type matches; agrees with RabbitMQ's topic exchange.
  package func matches(_ type: String) -> Bool { fatalError("stub") }
}

/// The `events` key of an action.
package struct EventSelection: Sendable {
  package var patterns: [EventPattern] = []
  package var exclusions: [EventPattern] = []
  /// `@unmatched`: events that no other action accepted.
  package var unmatched = false

  package init() {}
}
