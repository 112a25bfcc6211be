// SPDX-License-Identifier: Apache-2.0

import Events
import Journal

/// Why a request is not answered as asked: RFC 9457, "problem details".
package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of problem it is; the last part of its `type`, `urn:onevent:problem:KIND`.
  package enum Kind: String, Sendable, CaseIterable {
    /// A parameter, member or path that says something impossible.
    case invalid
    case notFound = "not-found"
    /// The path is known, but not with this method.
    case wrongMethod = "wrong-method"
    /// Nobody knows who asks: a token is needed, or another one.
    case unauthorized
    /// Who asks may not.
    case forbidden
    /// The port was called by a name that is not its own.
    case misdirected
    case headersTooLarge = "headers-too-large"
    /// The state of things does not allow it.
    case refused
    case tooLarge = "too-large"
    /// A body of a type that is not read.
    case unsupportedType = "unsupported-type"
    /// There is no room at present; later there is.
    case busy
    /// The files of the configuration are refused.
    case configuration
    /// The journal cannot be written or read at present.
    case journalUnavailable = "journal-unavailable"
    /// The daemon is not, or not yet, doing its work.
    case notReady = "not-ready"
    case `internal`

    package var status: Int {
      switch self {
      case .invalid: 400
      case .unauthorized: 401
      case .forbidden: 403
      case .notFound: 404
      case .wrongMethod: 405
      case .refused: 409
      case .tooLarge: 413
      case .unsupportedType: 415
      case .misdirected: 421
      case .busy: 429
      case .configuration: 422
      case .headersTooLarge: 431
      case .journalUnavailable, .notReady: 503
      case .internal: 500
      }
    }

    var title: String {
      switch self {
      case .invalid: "The request is not understood"
      case .notFound: "There is no such thing"
      case .wrongMethod: "This cannot be done here"
      case .unauthorized: "It is not known who asks"
      case .forbidden: "This is not allowed"
      case .misdirected: "This host has another name"
      case .headersTooLarge: "The headers are too large"
      case .refused: "This cannot be done now"
      case .tooLarge: "The request is too large"
      case .unsupportedType: "The body is of a type that is not read"
      case .busy: "There is no room for this now"
      case .configuration: "The configuration is refused"
      case .journalUnavailable: "The journal cannot be used at present"
      case .notReady: "The daemon is not ready"
      case .internal: "The daemon made a mistake"
      }
    }
  }

  package var kind: Kind
  /// A sentence that names what is wrong and what to do.
  package var detail: String
  /// The parameter or member that is at fault.
  package var field: String?
  /// What it said.
  package var value: String?
  /// Everything that is wrong, a sentence each with its place, where there is more than one thing.
  package var problems: [String] = []
  /// Seconds after which it may be tried again; nil = nothing is known of that.
  package var retryAfter: Int?

  package init(_ kind: Kind, _ detail: String, field: String? = nil, value: String? = nil) {
    self.kind = kind
    self.detail = detail
    self.field = field
    self.value = value
  }

  package var description: String { detail }

  /// A parameter that says something else than what is expected.
  static func invalid(_ field: String, _ value: String, expected: String) -> Problem {
    let shown = value.count <= 80 ? value : "\(value.prefix(80))…"
    return Problem(.invalid, "\(field) is '\(shown)'; expected \(expected)", field: field, value: shown)
  }

  var json: JSONTree {
    var members: [(key: String, value: JSONTree)] = [
      ("type", .text("urn:onevent:problem:\(kind.rawValue)")), ("title", .text(kind.title)),
      ("status", .integer(Int64(kind.status))), ("detail", .text(detail)),
    ]
    if let field { members.append(("field", .text(field))) }
    if let value { members.append(("value", .text(value))) }
    if !problems.isEmpty { members.append(("problems", .list(problems.map(JSONTree.text)))) }
    return .object(members)
  }
}

extension Problem {
  init(_ error: JournalError) {
    if case .tooManyRows = error {
      self.init(.invalid, error.description)
      return
    }
    self.init(.journalUnavailable, error.description)
  }

  init(_ error: ControlError) {
    switch error {
    case .notFound(let sentence): self.init(.notFound, sentence)
    case .refused(let sentence): self.init(.refused, sentence)
    case .unavailable(let sentence): self.init(.journalUnavailable, sentence)
    case .configuration(let problems):
      let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
      self.init(.configuration, "the configuration is refused, and the one before goes on: \(count)")
      self.problems = problems
    }
  }

  /// Reads `application/problem+json`; nil where it is none.
  init?(json: JSONValue) {
    guard let type = json.text(of: "type"), let detail = json.text(of: "detail"),
      let kind = Kind.allCases.first(where: { type == "urn:onevent:problem:\($0.rawValue)" })
    else { return nil }
    self.init(kind, detail, field: json.text(of: "field"), value: json.text(of: "value"))
    problems = json.list(of: "problems").compactMap(\.text)
  }
}

/// Does something with the journal or the daemon, and says as a problem why it could not.
func asking<Value>(
  _ work: () async throws(JournalError) -> Value
) async throws(Problem) -> Value {
  do { return try await work() } catch { throw Problem(error) }
}

/// Has the daemon do something, and says as a problem why it did not.
func having<Value>(
  _ work: () async throws(ControlError) -> Value
) async throws(Problem) -> Value {
  do { return try await work() } catch { throw Problem(error) }
}
