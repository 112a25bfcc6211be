// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Testing

@testable import WebAPI

/// Who comes in at a port, and what he may do there.
@Suite struct DoorTests {
  private let log = RecordedLog()
  private let doors: Doors
  private var door: Door { .port(doors) }
  private var knock: Knock { Knock(remote: nil, port: 8080) }

  init() {
    doors = Doors(tokens: AccessToken.samples, hosts: ["Hub.example.org"], refusals: Refusals(logger: log.logger))
  }

  private func head(
    _ method: HTTPRequest.Method = .get, host: String? = "localhost:8080", _ fields: [(HTTPField.Name, String)] = []
  ) -> HTTPRequest {
    var head = HTTPRequest(method: method, scheme: "http", authority: host, path: "/")
    for (name, value) in fields { head.headerFields[name] = value }
    return head
  }

  private func refusal(_ head: HTTPRequest) -> Problem.Kind? {
    do {
      _ = try door.look(at: head, from: knock)
      return nil
    } catch {
      return error.kind
    }
  }

  @Test(
    "addresses, localhost and configured names are known, whatever the port; every other name is refused",
    arguments: [
      ("localhost", true), ("LOCALHOST:1", true), ("127.0.0.1:8080", true), ("192.0.2.7", true), ("[::1]:8080", true),
      ("hub.example.org", true), ("HUB.example.ORG.:443", true), ("evil.example", false), ("", false),
      ("localhost.evil.example", false), ("127.0.0.1.evil.example", false), ("evil@localhost", false),
      ("localhost:99999", false), ("localhost:", false), ("[localhost]", false), ("::1", false), (":8080", false),
    ])
  func hosts(host: String, isKnown: Bool) {
    #expect(refusal(head(host: host)) == (isKnown ? nil : .misdirected))
  }

  @Test("a request without a host is refused")
  func noHost() {
    #expect(refusal(head(host: nil)) == .misdirected)
  }

  @Test(
    "a write must come from our own page, or from no page at all; a look may come from anywhere",
    arguments: [
      ("http://localhost:8080", true), ("https://LOCALHOST:8080", true), ("http://localhost:9090", false),
      ("http://localhost", false), ("http://evil.example", false), ("http://evil.example:8080", false),
      ("null", false), ("", false), ("localhost:8080", false), ("http://localhost:8080.evil.example", false),
    ])
  func origins(origin: String, isOurs: Bool) {
    for method in [HTTPRequest.Method.post, .put, .delete] {
      #expect(refusal(head(method, [(.origin, origin)])) == (isOurs ? nil : .forbidden))
    }
    #expect(refusal(head(.get, [(.origin, origin)])) == nil)
    #expect(refusal(head(.post)) == nil)
  }

  @Test("a token makes its bearer known; what is none is refused, and no token is nobody")
  func tokens() throws {
    for role in Role.allCases {
      for scheme in ["Bearer", "bearer  "] {
        let caller = try door.look(
          at: head(.get, [(.authorization, "\(scheme) \(AccessToken.text(role))")]), from: knock)
        #expect(caller == Caller(name: "the \(role.rawValue)er", role: role, proof: .token))
      }
    }
    #expect(try door.look(at: head(), from: knock) == nil)
    for wrong in ["Bearer", "Bearer x", "Bearer \(AccessToken.text(.read)) y"] {
      #expect(refusal(head(.get, [(.authorization, wrong)])) == .unauthorized)
    }
    // Another scheme is meant for somebody else.
    #expect(try door.look(at: head(.get, [(.authorization, "Basic \(AccessToken.text(.read))")]), from: knock) == nil)
  }

  @Test("a role reaches what it includes, and nothing more", arguments: Role.allCases)
  func roles(role: Role) {
    for need in Role.allCases {
      let route = Route(.get, "/x", needs: .role(need)) { _ in Reply(.null) }
      let caller = Caller(name: "x", role: role, proof: .token)
      let kind = Result { () throws(Problem) in try door.admit(caller, to: route, head(), from: knock) }.failure?.kind
      #expect(kind == (role >= need ? nil : .forbidden))
    }
    let open = Route(.get, "/x", needs: .open) { _ in Reply(.null) }
    #expect(throws: Never.self) { try door.admit(nil, to: open, head(), from: knock) }
  }

  @Test("nobody has no role, and is told how to get one")
  func nobody() {
    let route = Route(.get, "/x", needs: .read) { _ in Reply(.null) }
    let problem = Result { () throws(Problem) in try door.admit(nil, to: route, head(), from: knock) }.failure
    #expect(problem?.kind == .unauthorized)
    #expect(problem?.detail.contains("/login") == true)
  }

  @Test("a session looks by its cookie alone, and writes with our header only")
  func sessions() throws {
    let secret = try #require(doors.beginSession(token: AccessToken.text(.operate)))
    let cookie: (HTTPField.Name, String) = (.cookie, "a=b; onevent-8080=\(secret); c=d")
    let caller = try door.look(at: head(.get, [cookie]), from: knock)
    #expect(caller == Caller(name: "the operateer", role: .operate, proof: .session))
    let route = Route(.post, "/x", needs: .operate) { _ in Reply(.null) }
    let bare = Result { () throws(Problem) in
      try door.admit(caller, to: route, head(.post, [cookie]), from: knock)
    }
    #expect(bare.failure?.kind == .forbidden)
    let marker = try #require(HTTPField.Name("X-Onevent"))
    #expect(throws: Never.self) {
      try door.admit(caller, to: route, head(.post, [cookie, (marker, "1")]), from: knock)
    }
    // Another port's cookie is another session.
    #expect(try door.look(at: head(.get, [cookie]), from: Knock(remote: nil, port: 8081)) == nil)
    doors.endSession(secret)
    #expect(try door.look(at: head(.get, [cookie]), from: knock) == nil)
  }

  @Test("a token that leaves the file takes its sessions with it, another keeps its own, with its new role")
  func reload() throws {
    let gone = try #require(doors.beginSession(token: AccessToken.text(.operate)))
    let kept = try #require(doors.beginSession(token: AccessToken.text(.read)))
    var token = AccessToken.samples[0]
    token.role = .publish
    doors.adopt(tokens: [token], hosts: ["other.example.org"])
    #expect(doors.holder(ofSession: gone) == nil)
    #expect(doors.bearer(of: AccessToken.text(.operate)) == nil)
    #expect(doors.holder(ofSession: kept)?.role == .publish)
    #expect(refusal(head(host: "hub.example.org")) == .misdirected)
    #expect(refusal(head(host: "other.example.org")) == nil)
    doors.adopt(tokens: AccessToken.samples, hosts: [])
    #expect(doors.holder(ofSession: gone) == nil)
  }

  @Test("the Unix socket lets everybody do everything, by whatever name")
  func socket() throws {
    let caller = try Door.socket.look(at: head(.post, host: "evil.example", [(.origin, "http://x")]), from: knock)
    #expect(caller == Caller(name: "socket", role: .operate, proof: .socket))
  }

  @Test("a client that sends too many is told when to come again")
  func rate() {
    var problem: Problem?
    for _ in 0..<1_100 where problem == nil {
      problem = Result { () throws(Problem) in try door.look(at: head(), from: knock) }.failure
    }
    #expect(problem?.kind == .busy)
    #expect(problem?.retryAfter == 1)
  }
}

extension Result {
  fileprivate var failure: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
