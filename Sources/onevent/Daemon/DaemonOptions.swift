// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Glibc
import Settings
import WebAPI

/// Where the daemon listens, when the configuration does not say so.
struct SocketOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The daemon's socket; default: ONEVENT_SOCKET, else the one that the configuration names.", valueName: "path"))
  var socket: String?

  /// The socket's path, by what is closest at hand.
  func path(_ options: ConfigurationOptions) throws -> String {
    if let socket = socket ?? processEnvironment()["ONEVENT_SOCKET"], !socket.isEmpty { return socket }
    return try options.socket()
  }
}

/// How a command reaches the daemon.
struct DaemonOptions: ParsableArguments {
  @OptionGroup var socket: SocketOptions
  @OptionGroup var options: ConfigurationOptions

  /// The daemon; whether it is there shows when it is asked.
  func daemon() throws -> DaemonConnection {
    DaemonConnection(APIClient(socket: try socket.path(options)))
  }

  /// The daemon, or the journal that it left.
  func history() throws -> History { History(try daemon(), options) }
}

/// A running daemon, as commands ask it: what it refuses is told and ends the command.
struct DaemonConnection {
  let client: APIClient

  init(_ client: APIClient) {
    self.client = client
  }

  func get(_ path: String, _ parameters: RequestParameters = RequestParameters()) throws -> JSONValue {
    try send(.get, path, parameters)
  }

  /// Sends a request; the body's members have JSON text as their values.
  func send(
    _ method: APIClient.Method, _ path: String, _ parameters: RequestParameters = RequestParameters(),
    body: [(key: String, json: String)]? = nil
  ) throws -> JSONValue {
    let text = body.map { members in "{\(members.map { "\(quoted($0.key)):\($0.json)" }.joined(separator: ","))}" }
    do {
      return try client.send(method, path, parameters, body: text.map { Array($0.utf8) })
    } catch {
      if case .problem(let problem) = error { problem.problems.forEach(complain) }
      complain(error.description)
      throw error.exitCode
    }
  }
}

extension APIFailure {
  /// The exit code that says what kind of failure it is.
  var exitCode: ExitCode {
    switch self {
    case .unreachable, .unanswered, .crowded: .unavailable
    case .forbidden: .permission
    case .problem(let problem):
      switch problem.kind {
      case .notFound, .refused: .no
      case .invalid, .wrongMethod: .usage
      case .tooLarge, .headersTooLarge, .unsupportedType: .data
      case .unauthorized, .forbidden, .misdirected: .permission
      case .busy: .unavailable
      case .configuration: .configuration
      case .journalUnavailable: .inputOutput
      case .notReady: .unavailable
      case .internal: .internalError
      }
    }
  }
}
