// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Foundation

@testable import Settings

extension Configuration {
  /// All that a configuration means, without where it was written: one line for each thing.
  var summary: [String] {
    sources.flatMap(\.summary) + ["local \(local.name) \(local.isEnabled) \(local.mustBeNamed)"]
      + actions.flatMap(\.summary) + ["\(scripts)", "\(journal)", "\(api)", "\(log)"]
  }
}

extension SourceSettings {
  var summary: [String] {
    [
      "source \(name), consumed \(isConsumed), \(settle) \(consumerTimeout)",
      "\(consumer.address.hosts) \(consumer.address.user) \(consumer.address.password) \(consumer.address.virtualHost)",
      "\(consumer.address.authentication) \(String(describing: consumer.address.tls)) \(consumer.connectionName)",
      "queues \(consumer.queues.map(\.summary)) prefetch \(consumer.prefetch)",
      "\(consumer.heartbeat) \(consumer.connectTimeout) \(consumer.maxMessageSize) \(consumer.maxUnsettledBytes)",
      "format \(mapping.format) type \(mapping.type?.description ?? "-") id \(mapping.id?.description ?? "-") time "
        + (mapping.time?.description ?? "-"),
      "subject \(mapping.subject.map(\.description)) objects \(mapping.objects.map { "\($0.kind):\($0.path)" })",
      "ignore \(ignore.map(\.description))",
    ]
  }
}

extension QueueSettings {
  var summary: String {
    switch declaration {
    case .passive: "\(name) \(bindings)"
    case .create(let durable, let autoDelete, let type, let arguments):
      "\(name) \(bindings) \(durable) \(autoDelete) \(type ?? "-") \(arguments.sorted { $0.key < $1.key })"
    }
  }
}

extension Action {
  var summary: [String] {
    [
      "action \(name) \(mode) sources \(sources ?? ["all"])",
      "events \(events.patterns.map(\.description)) but \(events.exclusions.map(\.description)) "
        + "unmatched \(events.unmatched) tags \(tags)",
      "filter \(filter?.paths.map(\.description) ?? []) accepts \(acceptedSamples)",
      "command \(command.path) \(command.words.map { String(decoding: $0, as: UTF8.self) })",
      "parameters \(parameters.map(\.description))",
      "environment parameters \(environmentParameters.map { "\($0.name)=\($0.parameter)" })",
      "environment \(environment.map { String(decoding: $0, as: UTF8.self) })",
      "\(standardInput) \(dashPolicy) \(workingDirectory) \(timeout) \(killAfter) \(warnAfter)",
      "\(maxConcurrent ?? 0) \(orderBy?.description ?? "none") \(String(describing: maxEventAge))",
      "\(retry) \(onInterrupt) \(onSuspend)",
    ]
  }

  /// The sample notifications that the action takes: what its filter means.
  var acceptedSamples: [String] {
    let matcher = Matcher(ActionTable([self]))
    let decoder = EventDecoder(EventMapping(), inflatedLimit: 1 << 20)
    return Fixture.files("notifications").filter { name in
      guard let text = try? Fixture.text("notifications/\(name)") else { return false }
      let body = Array(text.utf8)
      return body.withUnsafeBytes { bytes in
        guard let event = try? decoder.decode(bytes, Envelope(source: "default")) else { return false }
        var indexes: [Int] = []
        matcher.match(event, into: &indexes)
        return !indexes.isEmpty
      }
    }
  }
}
