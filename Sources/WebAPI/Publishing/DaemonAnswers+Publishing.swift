// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension DaemonAnswers {
  /// Stores the events of a request, all together or none, and answers once they are durable.
  ///
  /// Created, with one event or `{"events": […]}`; OK where nothing is new, since all were duplicates or ignored.
  func publish(_ call: Route.Call) async throws(Problem) -> Reply {
    try call.parameters.check(known: [])
    let fields = call.head.headerFields.map { (name: $0.name.rawName, value: $0.value) }
    let request = try PublishRequest(call.body, contentType: call.header(.contentType), headers: fields)
    let events: [PublishedEvent]
    do {
      events = try await control.publish(request.publications)
    } catch {
      throw Problem(error, isBatch: request.isBatch)
    }
    var reply = Reply(
      request.isBatch ? .object([("events", .list(events.map(\.json)))]) : events.first?.json ?? .object([]))
    if events.contains(where: { $0.number != nil && !$0.isDuplicate }) { reply.status = 201 }
    if !request.isBatch, let number = events.first?.number {
      reply.headers.append(("Location", "/api/v1/events/\(number)"))
    }
    return reply
  }
}

extension Problem {
  /// How long a publisher does best to wait, in seconds, where there is no room at present.
  private static let patience = 1

  fileprivate init(_ refusal: PublishRefusal, isBatch: Bool) {
    switch refusal {
    case .invalid(let index, let sentence):
      self = EventPlace(index: isBatch ? index : nil).problem("", sentence)
      if !isBatch { field = nil }
    case .tooLarge(let index, let sentence):
      self = EventPlace(index: isBatch ? index : nil).problem("", sentence)
      kind = .tooLarge
      if !isBatch { field = nil }
    case .off(let sentence): self.init(.refused, sentence)
    case .busy(let sentence):
      self.init(.busy, sentence)
      retryAfter = Self.patience
    case .unavailable(let sentence):
      self.init(.journalUnavailable, sentence)
      retryAfter = Self.patience
    }
  }
}
