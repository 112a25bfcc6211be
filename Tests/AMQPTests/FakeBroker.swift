// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture

@testable import AMQP

/// The broker of `fake_broker.py`, for the length of a test.
struct FakeBroker {
  enum Programme: String {
    case sweep, faults, normal, farewell
  }

  let port: UInt16
  private let directory: URL

  /// What it wrote down.
  var log: [String] {
    let text = try? String(contentsOf: directory.appendingPathComponent("log"), encoding: .utf8)
    return (text ?? "").split(separator: "\n").map(String.init)
  }

  static func run<Value>(
    _ programme: Programme, tls: (certificate: String, key: String, version: String)? = nil,
    _ body: (FakeBroker) async throws -> Value
  ) async throws -> Value {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-fake-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let portFile = directory.appendingPathComponent("port")

    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("fake_broker.py")
    let program = try Program(
      "/usr/bin/python3",
      [script.path, portFile.path, directory.appendingPathComponent("log").path, programme.rawValue]
        + (tls.map { [$0.certificate, $0.key, $0.version] } ?? []))
    defer {
      program.signal(SIGKILL)
      program.wait()
    }
    var port: UInt16?
    try await waitUntil("the fake broker listens") {
      port = (try? String(contentsOf: portFile, encoding: .utf8)).flatMap { UInt16($0) }
      return port != nil
    }
    return try await body(FakeBroker(port: port ?? 0, directory: directory))
  }

  func settings() -> ConsumerSettings {
    var settings = ConsumerSettings()
    settings.address.hosts = [.init(name: "127.0.0.1", port: port)]
    settings.queues = [QueueSettings(name: "q")]
    settings.heartbeat = .seconds(1)
    settings.connectTimeout = .seconds(5)
    return settings
  }

  /// For tests that count losses: a loaded machine must not add any of its own.
  func patientSettings() -> ConsumerSettings {
    var settings = settings()
    settings.heartbeat = .seconds(60)
    settings.connectTimeout = .seconds(60)
    return settings
  }
}

extension ConsumerTiming {
  /// For a thousand losses in a row.
  static var hurried: ConsumerTiming {
    var timing = ConsumerTiming.quick
    timing.backoff = Backoff(base: .milliseconds(2), cap: .milliseconds(4), healthyAfter: .seconds(60))
    return timing
  }
}
