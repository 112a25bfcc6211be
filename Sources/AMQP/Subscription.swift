// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One queue of a consumer, and how far it has come with it.
struct Subscription {
  enum Phase: Equatable {
    /// Not known to exist: to be looked for.
    case absent
    /// Exists and is not consumed.
    case present
    /// basic.consume is sent.
    case requested
    case active
    /// basic.cancel is sent.
    case cancelling
  }

  let queue: QueueSettings
  var phase = Phase.absent
  /// Whether its absence has been told.
  var missingTold = false
  /// What has been told of it and still holds.
  var problemsTold: [String] = []
  /// How often in a row the broker closed the channel for consuming it.
  var refusals = 0
  /// Left alone until then.
  var notBefore: Instant?
}

/// All queues of a consumer, over all its connections.
struct Subscriptions {
  var all: [Subscription]

  init(_ queues: [QueueSettings]) {
    all = queues.map { Subscription(queue: $0) }
  }

  /// The connection is gone, and with it what was known.
  mutating func connectionLost() {
    for index in all.indices { all[index].phase = .absent }
  }

  /// Names a subscription towards the broker; only within one channel, so the place in the list will do.
  static func tag(of index: Int) -> String { "onevent.\(index)" }

  /// The subscription that a consumer tag names, without making a string of it.
  @inline(__always)
  static func index(ofTag tag: UnsafeBufferPointer<UInt8>, among count: Int) -> Int? {
    let prefix: StaticString = "onevent."
    let length = prefix.utf8CodeUnitCount
    guard tag.count > length, tag.count <= length + 6, let base = tag.baseAddress,
      memcmp(base, prefix.utf8Start, length) == 0
    else { return nil }
    var number = 0
    for byte in tag.dropFirst(length) {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      number = number * 10 + Int(byte - 0x30)
    }
    return number < count ? number : nil
  }

  /// Enters what a look found.
  ///
  /// - Parameters:
  ///   - report: From a look that may have begun before the present connection.
  ///   - observe: Told what is news.
  mutating func enter(_ report: QueueLook.Report, observe: (ConsumerEvent) -> Void) {
    for (queue, finding) in report.findings {
      for index in all.indices where all[index].queue.name == queue {
        var problems: [String] = []
        switch finding {
        case .found(let bindingProblems):
          if all[index].phase == .absent { all[index].phase = .present }
          all[index].missingTold = false
          problems = bindingProblems
        case .missing:
          if !all[index].missingTold { observe(.queueMissing(queue: queue)) }
          all[index].missingTold = true
        case .refused(let words):
          problems = [words]
        }
        for problem in problems where !all[index].problemsTold.contains(problem) { observe(.warning(problem)) }
        all[index].problemsTold = problems
      }
    }
  }

  /// The broker closed the channel for consuming a queue: it is left alone for a while, longer each time.
  mutating func consumeRefused(_ index: Int, until: (_ refusals: Int) -> Instant) {
    all[index].phase = .absent
    all[index].notBefore = until(all[index].refusals)
    all[index].refusals = min(all[index].refusals + 1, 10)
  }

  /// Tells when there is something to look for.
  ///
  /// - Parameters:
  ///   - looks: The next look for what is absent.
  ///   - bindings: The next round of bindings.
  /// - Returns: The first moment at which `toLookFor` has something; the distant future when it never has.
  func nextDate(looks: Instant, bindings: Instant) -> Instant {
    var date = Instant.distantFuture
    for subscription in all {
      let earliest = subscription.notBefore ?? Instant(nanoseconds: 0)
      if subscription.phase == .absent { date = min(date, max(looks, earliest)) }
      if !subscription.queue.bindings.isEmpty { date = min(date, max(bindings, earliest)) }
    }
    return date
  }

  /// What has to be looked for at this moment.
  func toLookFor(at now: Instant, bindings: Bool) -> [QueueSettings] {
    all.filter { subscription in
      if let notBefore = subscription.notBefore, now < notBefore { return false }
      return subscription.phase == .absent || (bindings && !subscription.queue.bindings.isEmpty)
    }.map(\.queue)
  }
}
