// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

/// A daemon with a queue of its own, and what the commands say of it.
struct ToolsScene {
  let scene: Scene
  let broker: Broker
  let session: BrokerSession
  let queue: String
  let daemon: DaemonProcess

  static func with(_ actions: String, _ body: (ToolsScene) async throws -> Void) async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, durable: true)
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        host = 127.0.0.1
        port = \(broker.port)
        queues = \(queue)

        \(actions)
        """)
      let daemon = try scene.run()
      try await daemon.waitFor("queue is consumed")
      try await body(ToolsScene(scene: scene, broker: broker, session: session, queue: queue, daemon: daemon))
      try session.deleteQueue(queue)
    }
  }

  func publish(_ purposes: String...) throws {
    for purpose in purposes { try session.publish([try leaseBody(purpose: purpose)], routingKey: queue) }
  }

  /// The command's output; fails where its exit code is another.
  @discardableResult
  func text(_ arguments: [String], status: Int32 = 0) async throws -> String {
    let result = try await command(arguments)
    #expect(result.status == status, "\(arguments): \(result.errors)")
    return result.output
  }

  /// The objects that a command prints, one on each line.
  func rows(_ arguments: String...) async throws -> [[String: Any]] {
    try await text(arguments + ["--json"]).split(separator: "\n").compactMap { line in
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }
  }

  func command(_ arguments: [String]) async throws -> CommandResult {
    try await scene.run(command: arguments + ["-c", "onevent.conf"])
  }

  /// Waits until the run with this number is in a state.
  func wait(for state: String, ofRun run: Int) async throws {
    try await waitUntil("run \(run) is \(state)") {
      try await rows("runs").contains { $0["run"] as? Int == run && $0["state"] as? String == state }
    }
  }
}
