// SPDX-License-Identifier: Apache-2.0

import Events
import Logging
import Synchronization

@testable import WebAPI

extension AccessToken {
  /// A token for each role; its text is the role's name, twice.
  static let samples = Role.allCases.map { role in
    AccessToken(name: "the \(role.rawValue)er", role: role, digest: Digest(of: text(role)))
  }

  static func text(_ role: Role) -> String { "\(role.rawValue)-\(role.rawValue)-0123456789" }
}

/// Keeps what is logged.
final class RecordedLog: Sendable {
  private let kept = Mutex<[(message: String, facts: [String: String])]>([])

  /// Messages, in their order.
  var messages: [String] { kept.withLock { $0.map(\.message) } }

  /// A fact of every line that has it.
  func facts(_ name: String) -> [String] { kept.withLock { $0.compactMap { $0.facts[name] } } }

  var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: RecordedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let facts = (event.metadata ?? [:]).mapValues { "\($0)" }
      log.kept.withLock { $0.append((event.message.description, facts)) }
    }
  }
}
