// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// Makes the local source: of its section, where it has one.
struct LocalSourceBuilder {
  let report: Report

  /// The keys that say something of a source without a broker.
  private static let keys: Set<String> = [
    "type", "enabled", "event_id", "event_time", "ignore_events", "max_message_size", "objects", "subject",
  ]

  /// Makes it of what is written in its section itself: what `[DEFAULT]` says of sources is said of brokers.
  ///
  /// Of several `sections` of type local the first counts, and the further ones are told; `others` are the sections of
  /// the other sources.
  func build(_ sections: [Section], others: [Section]) -> LocalSourceSettings {
    var local = LocalSourceSettings()
    local.mustBeNamed = !others.isEmpty
    if let first = sections.first {
      read(first, into: &local)
      for further in sections.dropFirst() {
        report.problem(
          at: further.position,
          "\(further.title) is a second source of type local; there is one, \(first.title) at \(first.position): write all "
            + "of it there")
      }
    }
    if local.isEnabled, let other = others.first(where: { $0.name == local.name }) {
      report.problem(
        at: other.position,
        "the source '\(shortened(local.name))' is of type amqp, and the source of local events has that name too; write "
          + "'type = local' if that is the one meant, or rename it, or name the other one with [source:NAME] and "
          + "'type = local'")
    }
    return local
  }

  private func read(_ section: Section, into local: inout LocalSourceSettings) {
    var own = section
    own.layers = section.layers.suffix(1)
    let known = Self.keys.sorted().joined(separator: ", ")
    for setting in own.layers.flatMap(\.values) where !Self.keys.contains(setting.key) {
      // What no source knows was told already.
      guard KeyTable.knows(setting.key, in: .source) else { continue }
      report.problem(
        at: setting.position,
        "'\(setting.key)' is for sources of type amqp; a source of type local has \(known)")
    }
    local.name = section.name
    local.isEnabled = own.value(SourceKeys.enabled, report)
    local.mapping = MappingBuilder(report: report).build(own)
    local.ignore = own.value(SourceKeys.ignoreEvents, report).map { EventPattern($0.text.text) }
    guard let setting = own.setting(SourceKeys.maxMessageSize.name) else { return }
    local.maxMessageSize = own.value(SourceKeys.maxMessageSize, report)
    if local.maxMessageSize > LocalSourceSettings.largestMessage {
      report.problem(
        at: setting.valuePosition,
        "'max_message_size' of a source of type local is at most "
          + "\(Quantity.text(bytes: LocalSourceSettings.largestMessage)), the most that a request may have")
    }
  }
}
