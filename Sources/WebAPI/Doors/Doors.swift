// SPDX-License-Identifier: Apache-2.0

import Events
import Synchronization

/// What the TCP ports share: who may come in, by which names they are called, who is in, and how often each asks.
package final class Doors: Sendable {
  private struct State {
    var tokens: [AccessToken]
    var hosts: Set<String>
    var sessions = Sessions()
    var rate = RequestRate()
  }

  private let state: Mutex<State>
  package let refusals: Refusals

  /// `hosts` are the names, beside `localhost`, by which clients may call the ports.
  package init(tokens: [AccessToken], hosts: [String], refusals: Refusals) {
    state = Mutex(State(tokens: tokens, hosts: Set(hosts.map { $0.lowercased() })))
    self.refusals = refusals
  }

  /// Takes over what a reload has read; sessions whose tokens are gone have ended when it returns.
  package func adopt(tokens: [AccessToken], hosts: [String]) {
    state.withLock { state in
      state.tokens = tokens
      state.hosts = Set(hosts.map { $0.lowercased() })
      state.sessions.keep(tokens: Set(tokens.map(\.digest)))
    }
  }

  /// Whether clients may call a port so: by an address, by `localhost`, or by a name that is configured.
  ///
  /// A page of another site can have its own name lead here (DNS rebinding), but then the request names that site.
  func knows(_ host: HostName) -> Bool {
    host.isAddress || host.name == "localhost" || state.withLock { $0.hosts.contains(host.name) }
  }

  /// Takes one request of a client; returns how long it has to wait where it sends too many.
  func take(_ client: String) -> Duration? {
    state.withLock { $0.rate.take(client, now: .now) }
  }

  /// The bearer of a token; nil where it is none.
  func bearer(of token: String) -> Caller? {
    caller(Digest(of: token), .token)
  }

  private func caller(_ digest: Digest, _ proof: Caller.Proof) -> Caller? {
    state.withLock { state in
      // Looks at all of them: which one it is shall not show in the time that it takes.
      var found: Caller?
      for token in state.tokens where token.digest == digest {
        found = Caller(name: token.name, role: token.role, proof: proof)
      }
      return found
    }
  }

  /// Whose session it is; nil where there is none, or its token is gone.
  func holder(ofSession secret: String) -> Caller? {
    switch state.withLock({ $0.sessions.ground(of: secret, now: .now) }) {
    case .token(let digest): caller(digest, .session)
    case .link: Caller(name: "link", role: .operate, proof: .session)
    case nil: nil
    }
  }

  /// Exchanges a token for the secret of a session; nil where it is none.
  func beginSession(token: String) -> String? {
    guard bearer(of: token) != nil else { return nil }
    return state.withLock { $0.sessions.begin(.token(Digest(of: token)), now: .now) }
  }

  func endSession(_ secret: String) {
    state.withLock { $0.sessions.end(secret) }
  }

  /// Makes the secret of a link that opens a session with the role operate, once and within a minute.
  package func makeLink() -> String {
    state.withLock { $0.sessions.makeLink(now: .now) }
  }

  /// Exchanges a link for the secret of a session; nil where it was used, is too old, or never was.
  func redeem(link: String) -> String? {
    state.withLock { $0.sessions.redeem(link: link, now: .now) }
  }
}
