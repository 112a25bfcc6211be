// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// What a person who knows ESI Leap would say of the names of queues and topics.
struct SourceAdvice {
  let report: Report

  /// Looks at the name of a queue, which oslo.messaging makes of topic and priority.
  func look(atQueue name: ConfigText) {
    if name.text == LeaseEvents.topic {
      report.finding(
        .hint, at: name.position,
        "oslo.messaging names queues 'topic.priority': ESI Leap's are '\(name.text).info' and '\(name.text).error'")
    } else {
      look(atTopic: name.text, name.position)
    }
  }

  /// Looks at a routing key or pattern.
  func look(atTopic key: String, _ position: SourcePosition) {
    guard key.hasPrefix("esi") else { return }
    let topic = String(key.prefix { $0 != "." })
    guard topic != LeaseEvents.topic, NearestName.to(topic, in: [LeaseEvents.topic]) != nil else { return }
    report.finding(
      .warning, at: position,
      "'\(shortened(topic))' is not the topic that ESI Leap sends to unless it is set up so; its default is '\(LeaseEvents.topic)'"
    )
  }
}
