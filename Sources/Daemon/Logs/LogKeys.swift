// SPDX-License-Identifier: Apache-2.0

/// The only spelling of the keys in log lines.
enum LogKey {
  static let action = "action"
  static let age = "age"
  static let attempt = "attempt"
  static let config = "config"
  static let digest = "digest"
  static let duration = "duration"
  static let event = "event"
  static let eventID = "event_id"
  static let eventType = "event_type"
  static let exchange = "exchange"
  static let finding = "finding"
  static let first = "first"
  static let host = "host"
  static let outcome = "outcome"
  static let output = "output"
  static let pid = "pid"
  static let queue = "queue"
  static let reason = "reason"
  static let routingKey = "routing_key"
  static let run = "run"
  static let size = "size"
  static let source = "source"
  static let stream = "stream"
  static let subject = "subject"
}
