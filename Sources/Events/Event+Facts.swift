// SPDX-License-Identifier: Apache-2.0

extension Event {
  /// The value behind a name of the envelope.
  func fact(_ fact: FieldPath.Fact) -> FieldValue {
    switch fact {
    case .type: return typeValue
    case .source: return .text(envelope.source)
    case .routingKey: return .text(envelope.routingKey)
    case .exchange: return .text(envelope.exchange)
    case .queue: return .text(envelope.queue)
    case .redelivered: return .boolean(envelope.redelivered)
    case .tags: return .list(tags)
    case .subject: return subjectValue
    case .id:
      let sent = sentFact("message_id", "id", local: "id", decoder.mapping.id, alternative: "_unique_id")
      guard sent.isMissing, let id = envelope.messageID else { return sent }
      return .text(id)
    case .time:
      let sent = sentFact("timestamp", "time", local: "timestamp", decoder.mapping.time)
      // Who hands an event over says when it happened, or that it is now.
      guard form == .local, sent.isMissing else { return sent }
      return .text(Self.instant(envelope.received))
    case .publisher: return sentFact("publisher_id", "source", local: nil, nil)
    case .priority: return sentFact("priority", nil, local: nil, nil)
    }
  }

  /// A fact that the sender puts into the body or the headers, each format under its own name.
  private func sentFact(
    _ oslo: StaticString, _ cloudEvent: String?, local: StaticString?, _ mapped: FieldPath?,
    alternative: StaticString? = nil
  ) -> FieldValue {
    switch form {
    case .oslo:
      if let value = message.member(oslo), value.isName { return .json(value) }
      guard let alternative, let value = message.member(alternative), value.isName else { return .missing }
      return .json(value)
    case .cloudEventStructured:
      guard let cloudEvent, let value = message.member(Array(cloudEvent.utf8)), value.isName else { return .missing }
      return .json(value)
    case .cloudEventBinary:
      guard let cloudEvent else { return .missing }
      return envelope.cloudEventAttribute(cloudEvent).named
    case .local, .plain, .tags, .text:
      if form == .local, let local, let value = message.member(local), value.isName { return .json(value) }
      guard let mapped, !mapped.isDerived else { return .missing }
      return value(at: mapped).named
    }
  }

  private var subjectValue: FieldValue {
    if form == .local, let subject = message.member("subject"), subject.isName { return .json(subject) }
    if !decoder.mapping.subject.isEmpty { return firstNamed(decoder.mapping.subject) }
    switch form {
    case .oslo: return withFamily { family in family.map { firstNamed($0.subject) } ?? .missing }
    case .cloudEventStructured: return message.member("subject").map { FieldValue.json($0).named } ?? .missing
    case .cloudEventBinary: return envelope.cloudEventAttribute("subject").named
    case .local, .plain, .tags, .text: return .missing
    }
  }

  /// The object of a kind that the event names.
  func object(_ kind: String) -> FieldValue {
    if form == .local, let name = message.member("objects")?.member(Array(kind.utf8)), name.isName {
      return .json(name)
    }
    let mapped = decoder.mapping.objects
    if !mapped.isEmpty { return firstNamed(mapped.lazy.filter { $0.kind == kind }.map(\.path)) }
    if let name = objectMap?.member(Array(kind.utf8)), name.isName { return .json(name) }
    switch form {
    case .oslo:
      return withFamily { family in
        guard let object = family?.objects.first(where: { $0.kind == kind }) else { return .missing }
        return firstNamed(object.paths)
      }
    case .cloudEventStructured, .cloudEventBinary: return kind == "subject" ? subjectValue : .missing
    case .local, .plain, .tags, .text: return .missing
    }
  }

  /// The kinds of objects that an event like this may name, in the order of the configuration.
  var objectKinds: [String] {
    let mapped = decoder.mapping.objects
    if !mapped.isEmpty || form == .local {
      var kinds = namedObjectKinds
      for object in mapped where !kinds.contains(object.kind) { kinds.append(object.kind) }
      return kinds
    }
    if let map = objectMap {
      var kinds: [String] = []
      map.forEachDistinctMember { key, _ in kinds.append(String(decoding: key, as: UTF8.self)) }
      return kinds
    }
    switch form {
    case .oslo: return withFamily { $0?.objects.map(\.kind) ?? [] }
    case .cloudEventStructured, .cloudEventBinary: return ["subject"]
    case .local, .plain, .tags, .text: return []
    }
  }

  /// The event's own map of its objects, where its source says that it has one.
  private var objectMap: JSONValue? {
    guard let path = decoder.mapping.objectMap, case .json(let map) = value(at: path), map.kind == .object else {
      return nil
    }
    return map
  }

  private func firstNamed(_ paths: some Sequence<FieldPath>) -> FieldValue {
    for path in paths where !path.isDerived {
      let found = value(at: path)
      if !found.named.isMissing { return found }
    }
    return .missing
  }

  /// A value of the sender's context: oslo's `_context_*` keys, the further attributes of a CloudEvent.
  func context(_ path: FieldPath) -> FieldValue {
    switch form {
    case .oslo: return path.find(in: message.raw).map(FieldValue.json) ?? .missing
    case .cloudEventStructured:
      let prefix = FieldPath.contextPrefix.utf8.count
      return path.find(in: message.raw, skipping: prefix).map(FieldValue.json) ?? .missing
    case .cloudEventBinary:
      let name = String(decoding: path.keys.dropFirst(FieldPath.contextPrefix.utf8.count), as: UTF8.self)
      return envelope.cloudEventAttribute(name)
    case .local, .plain, .tags, .text: return .missing
    }
  }
}

extension FieldPath {
  /// Whether the path leads to what other paths of the mapping decide: in the mapping itself it finds nothing.
  fileprivate var isDerived: Bool {
    switch root {
    case .object: true
    case .fact(let fact): fact == .subject || fact == .id || fact == .time || fact == .tags
    case .payload, .raw, .context, .header: false
    }
  }
}

extension FieldValue {
  var isMissing: Bool {
    guard case .missing = self else { return false }
    return true
  }

  /// The value where it can name something, else missing.
  ///
  /// Allocates nothing.
  var named: FieldValue {
    switch self {
    case .json(let value): value.isName ? self : .missing
    case .text(let text), .number(let text): text.isEmpty ? .missing : self
    case .missing, .boolean, .null, .list: .missing
    }
  }
}
