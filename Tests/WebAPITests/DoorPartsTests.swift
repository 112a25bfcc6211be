// SPDX-License-Identifier: Apache-2.0

import Events
import Testing

@testable import WebAPI

/// What the doors are made of: sessions, links, rates and what is told of refusals.
@Suite struct DoorPartsTests {
  private let start = ContinuousClock.now
  private let token = Sessions.Ground.token(Digest(of: "x"))

  @Test("a session lasts twelve hours and not a second longer")
  func lifetime() {
    var sessions = Sessions()
    let secret = sessions.begin(token, now: start)
    #expect(sessions.ground(of: secret, now: start + .seconds(12 * 3600 - 1)) == token)
    #expect(sessions.ground(of: secret, now: start + .seconds(12 * 3600)) == nil)
    #expect(sessions.ground(of: secret + "0", now: start) == nil)
    #expect(sessions.ground(of: "", now: start) == nil)
  }

  @Test("secrets have 256 bits and are never the same")
  func secrets() {
    var sessions = Sessions()
    let secrets = (0..<500).map { _ in sessions.begin(token, now: start) }
    #expect(Set(secrets).count == 500)
    #expect(secrets.allSatisfy { $0.utf8.count == 64 && $0.allSatisfy(\.isHexDigit) })
  }

  @Test("the thousand and first session ends the oldest one, and no other")
  func bound() {
    var sessions = Sessions()
    let secrets = (0...Sessions.limit).map { sessions.begin(token, now: start + .seconds($0)) }
    let now = start + .seconds(2_000)
    #expect(sessions.ground(of: secrets[0], now: now) == nil)
    #expect(secrets.dropFirst().allSatisfy { sessions.ground(of: $0, now: now) == token })
  }

  @Test("a link opens one session, once, within a minute")
  func links() throws {
    var sessions = Sessions()
    let (used, late) = (sessions.makeLink(now: start), sessions.makeLink(now: start))
    let redeemed = sessions.redeem(link: used, now: start + .seconds(59))
    let secret = try #require(redeemed)
    #expect(sessions.ground(of: secret, now: start + .seconds(60)) == .link)
    #expect(sessions.redeem(link: used, now: start + .seconds(59)) == nil)
    #expect(sessions.redeem(link: late, now: start + .seconds(60)) == nil)
    #expect(sessions.redeem(link: "", now: start) == nil)
    // No token stands behind it that could go.
    sessions.keep(tokens: [])
    #expect(sessions.ground(of: secret, now: start) == .link)
  }

  @Test("a client may send what it saved up, then what comes back in time; others are not concerned")
  func rate() {
    var rate = RequestRate(burst: 3, perSecond: 2, limit: 10)
    for _ in 0..<3 { #expect(rate.take("a", now: start) == nil) }
    #expect(rate.take("a", now: start) == .milliseconds(500))
    #expect(rate.take("b", now: start) == nil)
    #expect(rate.take("a", now: start + .milliseconds(500)) == nil)
    #expect(rate.take("a", now: start + .milliseconds(500)) != nil)
    // Never more than the burst, however long nothing came.
    let later = start + .seconds(3600)
    for _ in 0..<3 { #expect(rate.take("a", now: later) == nil) }
    #expect(rate.take("a", now: later) != nil)
  }

  @Test("however many addresses there are, only so many are remembered, and busy ones stay refused")
  func rateBound() {
    var rate = RequestRate(burst: 1, perSecond: 0.001, limit: 3)
    for client in ["a", "b", "c"] { #expect(rate.take(client, now: start) == nil) }
    for client in ["a", "b", "c"] { #expect(rate.take(client, now: start) != nil) }
    for number in 0..<1_000 { #expect(rate.take("\(number)", now: start) == nil) }
    // Those whose buckets are full again are forgotten first.
    var quiet = RequestRate(burst: 1, perSecond: 1, limit: 2)
    _ = quiet.take("idle", now: start)
    _ = quiet.take("busy", now: start + .seconds(2))
    _ = quiet.take("new", now: start + .seconds(2))
    #expect(quiet.take("busy", now: start + .seconds(2)) != nil)
  }

  @Test("a kind of refusal is told at once, then once a minute with its count, then no more")
  func refusals() {
    let log = RecordedLog()
    let refusals = Refusals(logger: log.logger)
    for _ in 0..<100 { refusals.note(.token, "192.0.2.1") }
    refusals.note(.host, "192.0.2.2")
    #expect(log.facts("kind") == ["token", "host"])
    #expect(log.facts("client") == ["192.0.2.1", "192.0.2.2"])
    refusals.turn()
    #expect(log.facts("kind") == ["token", "host", "token"])
    #expect(log.facts("count") == ["1", "1", "99"])
    // It was told in this minute, so that the next is only counted.
    refusals.note(.token, "192.0.2.1")
    #expect(log.messages.count == 3)
    refusals.turn()
    #expect(log.facts("count") == ["1", "1", "99", "1"])
    refusals.turn()
    refusals.turn()
    #expect(log.messages.count == 4)
    #expect(refusals.totals == [.token: 101, .host: 1])
  }

  @Test("a digest is read from the digits that sha256sum prints, and from nothing else")
  func digests() {
    // FIPS 180-4's own example.
    let digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(Digest(hexadecimal: digits) == Digest(of: "abc"))
    #expect(Digest(hexadecimal: digits.uppercased())?.description == digits)
    #expect(Digest(hexadecimal: digits.dropLast()) == nil)
    #expect(Digest(hexadecimal: digits.dropLast() + "g") == nil)
    #expect(Digest(hexadecimal: String(repeating: "+1", count: 32)) == nil)
    #expect(Digest(of: "abc") != Digest(of: "abd"))
  }
}
