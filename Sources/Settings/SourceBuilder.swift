// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Events
import Glibc

/// Makes a source of its section.
struct SourceBuilder {
  /// Runs at once, over all actions.
  let maxConcurrent: Int
  let environment: [String: String]
  let report: Report

  func build(_ section: Section) -> SourceSettings {
    if section.speaksPython { ListenerDifferences(section: section, report: report).lookForSpaces() }
    _ = section.value(SourceKeys.type, report)
    // In [DEFAULT] it is said of the actions.
    if section.title != "[DEFAULT]", !section.value(SourceKeys.enabled, report) {
      report.problem(
        at: section.position(of: SourceKeys.enabled),
        "'enabled = no' is for the source of type local; one of type amqp is not consumed where no enabled action takes "
          + "its events")
    }
    let settle = section.value(SourceKeys.settle, report)
    var consumer = ConsumerSettings()
    consumer.connectionName = "onevent \(section.name)"
    let parts = BrokerParts(section, environment: environment, report)
    consumer.address = parts.address
    consumer.queues = queues(section)
    consumer.prefetch = UInt16(
      clamping: section.value(SourceKeys.prefetch, report)?.value ?? defaultPrefetch(settle))
    consumer.heartbeat = section.value(SourceKeys.heartbeat, report)
    consumer.connectTimeout = section.value(SourceKeys.connectTimeout, report)
    // Separate keys stand above the URL.
    if section.setting("heartbeat") == nil, let heartbeat = parts.heartbeat { consumer.heartbeat = heartbeat }
    if section.setting("connect_timeout") == nil, let timeout = parts.connectTimeout {
      consumer.connectTimeout = timeout
    }
    consumer.maxMessageSize = section.value(SourceKeys.maxMessageSize, report)
    consumer.maxUnsettledBytes = section.value(SourceKeys.maxUnsettledBytes, report)
    return SourceSettings(
      name: section.name, position: section.position, consumer: consumer,
      mapping: MappingBuilder(report: report).build(section),
      ignore: section.value(SourceKeys.ignoreEvents, report).map { EventPattern($0.text.text) },
      settle: settle, consumerTimeout: section.value(SourceKeys.consumerTimeout, report), isConsumed: true)
  }

  /// Enough that commits are shared by many events, or that no free place waits for the broker.
  private func defaultPrefetch(_ settle: SourceSettings.Settle) -> Int {
    switch settle {
    case .journal: 500
    case .run: 2 * maxConcurrent
    }
  }

  // MARK: Queues

  private func queues(_ section: Section) -> [QueueSettings] {
    let names = section.value(SourceKeys.queues, report) ?? []
    let patterns = section.value(SourceKeys.bind, report) ?? []
    let bindings = patterns.compactMap { binding($0) }
    if names.isEmpty, patterns.isEmpty, report.problems.isEmpty || section.setting("queues") == nil {
      report.problem(
        at: section.setting("queues")?.position ?? section.position,
        "\(section.title) names nothing to take events from; write 'queues = NAME, …' or 'bind = exchange:pattern, …'")
    }
    let creation = creation(section)
    let isCreated = section.value(SourceKeys.declare, report) == .create
    var queues: [QueueSettings] = []
    for name in names {
      SourceAdvice(report: report).look(atQueue: name.text)
      guard !queues.contains(where: { $0.name == name.text.text }) else {
        report.problem(at: name.position, "the queue '\(shortened(name.text.text))' is listed twice")
        continue
      }
      var queue = QueueSettings(name: name.text.text)
      if isCreated { queue.declaration = creation }
      queues.append(queue)
    }
    if !bindings.isEmpty {
      let name = section.value(SourceKeys.queue, report) ?? "onevent.\(section.name)"
      if queues.contains(where: { $0.name == name }) {
        report.problem(
          at: section.position(of: SourceKeys.bind), "the own queue of 'bind', '\(name)', is listed in 'queues' too")
      }
      var own = QueueSettings(name: name)
      own.declaration = creation
      own.bindings = bindings
      queues.append(own)
    } else if !isCreated {
      warnOfUnused(section)
    }
    return queues
  }

  private func warnOfUnused(_ section: Section) {
    for key in ["queue", "queue_type", "queue_arguments", "durable", "auto_delete"] {
      guard let setting = section.setting(key) else { continue }
      report.finding(
        .warning, at: setting.position,
        "'\(key)' has no effect: nothing is declared without 'bind' or 'declare = create'")
    }
  }

  private func binding(_ item: ConfigList.Item) -> QueueSettings.Binding? {
    let parts = item.text.text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      report.problem(
        at: item.position,
        "'bind' has the entry '\(shortened(item.text.text))'; expected exchange:pattern, such as openstack:\(LeaseEvents.topic).*"
      )
      return nil
    }
    SourceAdvice(report: report).look(atTopic: String(parts[1]), item.position)
    return QueueSettings.Binding(exchange: String(parts[0]), pattern: String(parts[1]))
  }

  private func creation(_ section: Section) -> QueueSettings.Declaration {
    let durable = section.value(SourceKeys.durable, report)
    let autoDelete = section.value(SourceKeys.autoDelete, report)
    let type = section.value(SourceKeys.queueType, report)
    if let type, type.value == .quorum, durable?.value == false || autoDelete {
      report.problem(
        at: type.position,
        "a quorum queue is always durable and never deletes itself; remove 'durable = no' and 'auto_delete'")
    }
    if let durable, !durable.value {
      report.finding(
        .warning, at: durable.position,
        "a queue that is not durable loses its messages when the broker restarts, and RabbitMQ 4.3 refuses to make one")
    }
    var arguments: [String: String] = [:]
    for pair in section.value(SourceKeys.queueArguments, report) {
      guard arguments.updateValue(pair.value.text, forKey: pair.name.text) == nil else {
        report.problem(at: pair.name.position, "'\(shortened(pair.name.text))' stands twice in 'queue_arguments'")
        continue
      }
    }
    return .create(
      durable: durable?.value ?? true, autoDelete: autoDelete, type: type?.value.rawValue, arguments: arguments)
  }
}

extension ConfigText {
  /// The path that the text is; nil = the report says why it is none.
  func fieldPath(_ report: Report) -> FieldPath? {
    do throws(FieldPathError) {
      return try FieldPath(text)
    } catch {
      report.problem(at: position(atUTF8: error.offset), "'\(shortened(text))' is no path: \(error.reason)")
      return nil
    }
  }
}
