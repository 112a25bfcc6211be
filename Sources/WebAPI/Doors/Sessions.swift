// SPDX-License-Identifier: Apache-2.0

import Events

/// The sessions of browsers: a secret for each, in memory only, for a limited time and of a limited number.
struct Sessions: Sendable {
  /// What a session stands for.
  enum Ground: Sendable, Equatable {
    /// The token that it was exchanged for; when that goes, the session ends.
    case token(Digest)
    /// A link that works once.
    case link
  }

  static let lifetime = Duration.seconds(12 * 3600)
  static let linkLifetime = Duration.seconds(60)
  /// Of sessions and of links; past it the oldest one ends.
  static let limit = 1_000

  private struct Entry {
    var ground: Ground
    var end: ContinuousClock.Instant
  }

  // By digest: how long it takes to find one says nothing about its secret.
  private var sessions: [Digest: Entry] = [:]
  private var links: [Digest: ContinuousClock.Instant] = [:]

  /// Begins a session.
  ///
  /// - Returns: The secret that the cookie holds.
  mutating func begin(_ ground: Ground, now: ContinuousClock.Instant) -> String {
    sessions = sessions.filter { $0.value.end > now }
    if sessions.count >= Self.limit, let oldest = sessions.min(by: { $0.value.end < $1.value.end }) {
      sessions[oldest.key] = nil
    }
    let secret = Self.secret()
    sessions[Digest(of: secret)] = Entry(ground: ground, end: now + Self.lifetime)
    return secret
  }

  /// What a session stands for; nil where there is none, or none any more.
  func ground(of secret: String, now: ContinuousClock.Instant) -> Ground? {
    guard let entry = sessions[Digest(of: secret)], entry.end > now else { return nil }
    return entry.ground
  }

  mutating func end(_ secret: String) {
    sessions[Digest(of: secret)] = nil
  }

  /// Ends the sessions whose tokens are not among these.
  mutating func keep(tokens: Set<Digest>) {
    sessions = sessions.filter { entry in
      switch entry.value.ground {
      case .link: true
      case .token(let digest): tokens.contains(digest)
      }
    }
  }

  /// Makes the secret of a link that opens a session, once and within a minute.
  mutating func makeLink(now: ContinuousClock.Instant) -> String {
    links = links.filter { $0.value > now }
    if links.count >= Self.limit, let oldest = links.min(by: { $0.value < $1.value }) { links[oldest.key] = nil }
    let secret = Self.secret()
    links[Digest(of: secret)] = now + Self.linkLifetime
    return secret
  }

  /// Exchanges a link for a session; nil where the link was used, is too old, or never was.
  mutating func redeem(link: String, now: ContinuousClock.Instant) -> String? {
    guard let end = links.removeValue(forKey: Digest(of: link)), end > now else { return nil }
    return begin(.link, now: now)
  }

  /// 256 random bits in hexadecimal.
  private static func secret() -> String {
    // The kernel's generator: getrandom(2).
    var generator = SystemRandomNumberGenerator()
    return (0..<4).map { _ in
      let digits = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
