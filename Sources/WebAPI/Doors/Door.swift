// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hummingbird
import NIOCore

/// Where requests come in, and what is asked of them there.
enum Door: Sendable {
  /// The Unix socket: its file's mode decides who comes in, and whoever does may do everything.
  case socket
  /// A TCP port: everybody on the network, and every page in a browser, can knock.
  case port(Doors)

  /// The header that writes of a browser's session carry: no other site's form or image can send it.
  static let marker = "X-Onevent"

  var doors: Doors? {
    if case .port(let doors) = self { doors } else { nil }
  }

  /// Looks at a request before anything else does.
  ///
  /// - Returns: Who asks; nil = somebody without token or session, for whom the open routes are.
  /// - Throws: Why nothing is answered, whatever was asked.
  func look(at head: HTTPRequest, from knock: Knock) throws(Problem) -> Caller? {
    guard let doors else { return Caller(name: "socket", role: .operate, proof: .socket) }
    func refuse(_ kind: Refusals.Kind, _ problem: Problem) -> Problem {
      doors.refusals.note(kind, knock.client)
      return problem
    }
    if let wait = doors.take(knock.client) {
      var problem = Problem(.busy, "this client sends too many requests: 200 a second, 1 000 at once")
      problem.retryAfter = Int(wait.components.seconds) + 1
      throw refuse(.rate, problem)
    }
    let authority = head.authority ?? ""
    guard let host = HostName(authority), doors.knows(host) else {
      throw refuse(
        .host,
        Problem(
          .misdirected,
          "this is not the host '\(authority.prefix(80))'; a name by which it may be called stands in "
            + "'hosts' of [api]"))
    }
    // RFC 6454: a browser says which page a write comes from; programs say nothing.
    if Self.writes(head.method), let origin = head.headerFields[.origin], !Self.isSame(origin, host) {
      throw refuse(.origin, Problem(.forbidden, "a page of another site, '\(origin.prefix(80))', may not write here"))
    }
    // Another scheme is meant for whatever stands before this port.
    if let token = head.headerFields[.authorization].flatMap(Self.bearerToken) {
      guard let caller = doors.bearer(of: token) else {
        throw refuse(.token, Problem(.unauthorized, "the token in Authorization is none of this daemon's token_file"))
      }
      return caller
    }
    guard let secret = knock.session(head) else { return nil }
    return doors.holder(ofSession: secret)
  }

  /// Lets a caller have what a route needs, or says why not.
  func admit(_ caller: Caller?, to route: Route, _ head: HTTPRequest, from knock: Knock) throws(Problem) {
    guard case .role(let role) = route.needs else { return }
    guard let caller else {
      let hasEnded = knock.session(head) != nil
      doors?.refusals.note(hasEnded ? .token : .unknown, knock.client)
      throw Problem(
        .unauthorized,
        hasEnded
          ? "the session has ended; log in again at /login"
          : "this needs a token: Authorization: Bearer TOKEN, or /login")
    }
    guard caller.role >= role else {
      doors?.refusals.note(.role, knock.client)
      throw Problem(
        .forbidden, "this needs the role \(role.rawValue), and \(caller.name) has the role \(caller.role.rawValue)")
    }
    try requireMarker(of: caller, head, from: knock)
  }

  /// Refuses what a page of another site could have a browser send with its cookie.
  func requireMarker(of caller: Caller, _ head: HTTPRequest, from knock: Knock) throws(Problem) {
    guard caller.proof == .session, Self.writes(head.method) else { return }
    guard let name = HTTPField.Name(Self.marker), head.headerFields[name] == "1" else {
      doors?.refusals.note(.origin, knock.client)
      throw Problem(.forbidden, "with a session, a write needs the header \(Self.marker): 1")
    }
  }

  private static func writes(_ method: HTTPRequest.Method) -> Bool { method != .get && method != .head }

  /// Whether an origin is the host that was called; the scheme is that of whatever stands before this port.
  private static func isSame(_ origin: String, _ host: HostName) -> Bool {
    guard let scheme = ["http://", "https://"].first(where: { origin.lowercased().hasPrefix($0) }) else { return false }
    return HostName(origin.dropFirst(scheme.count)) == host
  }

  private static func bearerToken(_ authorization: String) -> String? {
    let scheme = authorization.prefix { $0 != " " }
    guard scheme.lowercased() == "bearer" else { return nil }
    return String(authorization.dropFirst(scheme.count).drop { $0 == " " })
  }
}

/// Where a request knocked, and from where.
struct Knock: Sendable {
  /// The client's address; of IPv6 the network, since one client has a whole one.
  var client: String
  /// Our port; nil on a Unix socket.
  var port: Int?

  init(_ channel: any Channel) {
    self.init(remote: channel.remoteAddress, port: channel.localAddress?.port)
  }

  init(remote: SocketAddress?, port: Int?) {
    self.port = port
    client = remote?.ipAddress ?? "unix"
    var address = in6_addr()
    // What an IPv4 client is for a port of both kinds, ::ffff:192.0.2.1, is one client.
    guard !client.hasPrefix("::ffff:"), inet_pton(AF_INET6, client, &address) == 1 else { return }
    client = withUnsafeBytes(of: address) { bytes in
      stride(from: 0, to: 8, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
        .joined(separator: ":") + "::/64"
    }
  }

  /// Browsers keep cookies by host, whatever the port: each port has its own name.
  var cookie: String { "onevent-\(port ?? 0)" }

  /// The secret of the session that a browser sends.
  func session(_ head: HTTPRequest) -> String? {
    guard let cookies = head.headerFields[.cookie] else { return nil }
    for pair in cookies.split(separator: ";") {
      let pair = pair.drop { $0 == " " }
      if pair.hasPrefix("\(cookie)=") { return String(pair.dropFirst(cookie.utf8.count + 1)) }
    }
    return nil
  }

  /// What has a browser keep a session, or forget it; `Secure` where it came over TLS.
  func setCookie(_ secret: String?, _ head: HTTPRequest) -> (name: String, value: String) {
    let isSecure = head.headerFields[.origin]?.lowercased().hasPrefix("https://") == true
    let age = secret == nil ? 0 : Sessions.lifetime.components.seconds
    return (
      "Set-Cookie",
      "\(cookie)=\(secret ?? ""); Path=/; Max-Age=\(age); HttpOnly; SameSite=Strict\(isSecure ? "; Secure" : "")"
    )
  }
}
