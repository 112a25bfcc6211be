// SPDX-License-Identifier: Apache-2.0

package import Foundation
import ProgramFixture

/// A private RabbitMQ for tests, run by `scripts/broker`.
package final class Broker: Sendable {
  /// Where it keeps data, log and `env`.
  package let directory: URL
  /// The loopback port for AMQP.
  package let port: UInt16
  /// The loopback port for AMQP over TLS; nil when it was started without certificates.
  package let tlsPort: UInt16?
  /// The Erlang node's name, as `rabbitmqctl` shows it.
  package let node: String

  /// Where a client connects as `guest` to the virtual host `/`.
  package var url: String { "amqp://guest:guest@127.0.0.1:\(port)" }

  /// The broker that all tests of a process share.
  ///
  /// It is the one in the directory that the environment variable `ONEVENT_TEST_BROKER` names, as `scripts/test` sets
  /// it, else one that is started at the first use and stopped when the process exits. Tests that share it use names
  /// of their own (`uniqueName`), and never stop it: see `withPrivate`.
  package static func shared() throws -> Broker { try sharedResult.get() }

  private static let sharedResult = Result { try findOrStart() }

  private static func findOrStart() throws -> Broker {
    if let directory = ProcessInfo.processInfo.environment["ONEVENT_TEST_BROKER"], !directory.isEmpty {
      return try Broker(startedIn: URL(fileURLWithPath: directory))
    }
    let broker = try Broker.start()
    // Nothing is left to tell a failure to: the process is ending.
    atexit { try? Broker.shared().remove() }
    return broker
  }

  /// Starts a broker for one test, which may stop, kill and starve it, and removes it afterwards.
  ///
  /// At most two of these run at once: each takes 150 MB, and they start slowly side by side.
  ///
  /// `config` are lines for `rabbitmq.conf`, such as `heartbeat = 5`, `plugins` such as `rabbitmq_auth_mechanism_ssl`;
  /// with certificates the broker listens for TLS too.
  package static func withPrivate<Value>(
    config: [String] = [], plugins: [String] = [], certificates: TestCertificates? = nil,
    _ body: (Broker) async throws -> Value
  ) async throws -> Value {
    await PrivateBrokers.shared.enter()
    let result: Result<Value, any Error>
    do {
      let broker = try await outsideOfThePool {
        try Broker.start(config: config, plugins: plugins, certificates: certificates)
      }
      do {
        result = .success(try await body(broker))
      } catch {
        result = .failure(error)
      }
      try await outsideOfThePool { try broker.remove() }
    } catch {
      await PrivateBrokers.shared.leave()
      throw error
    }
    await PrivateBrokers.shared.leave()
    return try result.get()
  }

  /// Makes a name that no other test uses, for a queue, an exchange, a user or a virtual host.
  package func uniqueName(_ kind: String = "queue") -> String {
    "\(kind)-\(String(UInt64.random(in: .min ... .max), radix: 16))"
  }

  private init(startedIn directory: URL) throws {
    self.directory = directory
    let facts = try BrokerScript.facts(in: directory)
    guard let port = facts["PORT"].flatMap(UInt16.init), let node = facts["NODE"] else {
      throw BrokerScriptError(description: "\(directory.path)/env does not say PORT and NODE of a started broker")
    }
    self.port = port
    self.node = node
    tlsPort = facts["TLS_PORT"].flatMap(UInt16.init)
  }

  private static func start(
    config: [String] = [], plugins: [String] = [], certificates: TestCertificates? = nil
  ) throws -> Broker {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-broker-\(UUID().uuidString)")
    var arguments = config.flatMap { ["--config", $0] } + plugins.flatMap { ["--plugin", $0] }
    if let certificates { arguments += ["--tls", certificates.directory.path] }
    do {
      try BrokerScript.run("start", directory, arguments)
      return try Broker(startedIn: directory)
    } catch {
      try? FileManager.default.removeItem(at: directory)
      throw error
    }
  }

  /// Ends the broker the quick way: nobody needs its data again, and it would wait for clients of failed tests.
  private func remove() throws {
    try BrokerScript.run("kill", directory)
    try BrokerScript.run("stop", directory)
    try FileManager.default.removeItem(at: directory)
  }
}

/// Lets in two at a time.
private actor PrivateBrokers {
  static let shared = PrivateBrokers()
  private var free = 2
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func leave() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}
