// SPDX-License-Identifier: Apache-2.0

import Events
import HummingbirdCore

/// The way of a browser into a TCP port: a token is exchanged for a cookie.
struct LoginAnswers: Sendable {
  let door: Door

  /// The form; who needs none is led on.
  func form(_ call: Route.Call) -> Reply {
    guard door.doors != nil, call.caller == nil else { return Self.seeOther("/") }
    return Self.page(Self.form)
  }

  /// Exchanges `token=…` of the form for a session.
  func login(_ call: Route.Call) -> Reply {
    guard let doors = door.doors else { return Self.seeOther("/") }
    let form = URI("/?\(String(decoding: call.body, as: UTF8.self))").queryParameters
    // Blanks and line ends come with what is copied.
    let token = (form["token"] ?? "").trimmed
    guard let secret = doors.beginSession(token: token) else {
      doors.refusals.note(.token, call.knock.client)
      var refusal = Self.page("<p role=\"alert\">This token is none of this daemon's.</p>\n" + Self.form)
      refusal.status = 403
      return refusal
    }
    var reply = Self.seeOther("/")
    reply.headers.append(call.knock.setCookie(secret, call.head))
    return reply
  }

  func logout(_ call: Route.Call) -> Reply {
    if let secret = call.knock.session(call.head) { door.doors?.endSession(secret) }
    var reply = Self.seeOther("/login")
    reply.headers.append(call.knock.setCookie(nil, call.head))
    return reply
  }

  /// Who asks: what a page needs to know of itself.
  func session(_ call: Route.Call) -> Reply {
    Reply(
      .object([
        ("name", .optional(call.caller?.name)), ("role", .optional(call.caller?.role.rawValue)),
        ("proof", .optional(call.caller?.proof.rawValue)),
      ]))
  }

  static func seeOther(_ path: String) -> Reply {
    var reply = Reply([], contentType: "text/plain; charset=utf-8")
    reply.status = 303
    reply.headers.append(("Location", path))
    return reply
  }

  /// A page that needs nothing else: its style is let in by its digest, and nothing can run.
  static func page(_ content: String) -> Reply {
    var reply = Reply(
      Array(
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>onevent</title>
        <style>\(style)</style>
        <main>
        <h1>onevent</h1>
        \(content)
        </main>
        </html>

        """.utf8), contentType: "text/html; charset=utf-8")
    reply.headers.append(
      (
        "Content-Security-Policy",
        "default-src 'none'; style-src '\(styleDigest)'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
      ))
    return reply
  }

  private static let form = """
    <form method="post" action="/login">
    <label for="token">Token</label>
    <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
    <button>Log in</button>
    </form>
    """

  private static let style = """
    :root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
    main{max-width:22rem;margin:15vh auto 0;padding:0 1rem}
    h1{font-size:1.25rem}
    form{display:grid;gap:.5rem}
    input,button{font:inherit;padding:.5rem .75rem}
    """
  private static let styleDigest = "sha256-" + Digest(of: style).base64
}

extension StringProtocol {
  fileprivate var trimmed: String {
    let blank: (Character) -> Bool = { $0.isWhitespace }
    let start = drop(while: blank)
    return String(start.reversed().drop(while: blank).reversed())
  }
}
