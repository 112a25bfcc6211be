// SPDX-License-Identifier: Apache-2.0

/// How many requests each client may send: a bucket for each address, which fills up steadily.
struct RequestRate: Sendable {
  /// Requests that a client may save up, and those that come back in a second.
  let burst: Double
  let perSecond: Double
  /// Addresses that are remembered; past it those with a full bucket are forgotten, then any.
  let limit: Int

  private struct Bucket {
    var level: Double
    var time: ContinuousClock.Instant
  }

  private var buckets: [String: Bucket] = [:]

  init(burst: Double = 1_000, perSecond: Double = 200, limit: Int = 4_096) {
    self.burst = burst
    self.perSecond = perSecond
    self.limit = limit
  }

  /// Takes one request of a client.
  ///
  /// - Returns: How long the client has to wait, where it has sent too many; nil = it may go on.
  mutating func take(_ client: String, now: ContinuousClock.Instant) -> Duration? {
    var level = buckets[client].map { min(burst, $0.level + seconds(now - $0.time) * perSecond) } ?? burst
    let wait: Duration?
    if level >= 1 {
      level -= 1
      wait = nil
    } else {
      wait = .seconds((1 - level) / perSecond)
    }
    if buckets[client] == nil, buckets.count >= limit { makeRoom(now) }
    buckets[client] = Bucket(level: level, time: now)
    return wait
  }

  private mutating func makeRoom(_ now: ContinuousClock.Instant) {
    buckets = buckets.filter { $0.value.level + seconds(now - $0.value.time) * perSecond < burst }
    // All of them are busy: whoever is forgotten begins with a full bucket, and memory stays bounded.
    while buckets.count >= limit, let any = buckets.keys.first { buckets[any] = nil }
  }

  private func seconds(_ duration: Duration) -> Double {
    let (seconds, attoseconds) = duration.components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}
