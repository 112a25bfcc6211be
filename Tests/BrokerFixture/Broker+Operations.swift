// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProgramFixture

extension Broker {
  /// Runs `rabbitmqctl` against the broker and returns what it printed.
  ///
  /// Takes about half a second: look through a `BrokerSession` where AMQP has the answer.
  @discardableResult
  package func ctl(_ arguments: String...) async throws -> String {
    let directory = directory
    return try await outsideOfThePool { try BrokerScript.run("ctl", directory, arguments) }
  }

  /// Stops the broker as an operator does; `restart` starts it again.
  package func stop() async throws { try await act("stop") }
  /// Ends the broker as a crash does.
  ///
  /// Of a durable queue that was declared a moment ago the broker's own record may not be on the disk yet, although it
  /// has confirmed it; no client can do anything about that, so it is written first.
  package func kill() async throws {
    try await ctl("eval", "mnesia:sync_log().")
    try await act("kill")
  }
  /// Starts the broker again with its ports and data, and waits until it takes connections.
  package func restart() async throws { try await act("restart") }

  /// Sends a signal to the broker, such as `SIGSTOP`, which makes it silent with its connections open.
  package func signal(_ number: Int32) throws {
    guard let pid = try BrokerScript.facts(in: directory)["PID"].flatMap(pid_t.init), pid > 1 else {
      throw BrokerScriptError(description: "\(directory.path)/env does not say the broker's PID")
    }
    guard Foundation.kill(pid, number) == 0 else {
      throw BrokerScriptError(description: "signal \(number) to broker \(pid): \(String(cString: strerror(errno)))")
    }
    // kill(2) returns before every thread has stopped, and one may still answer.
    while number == SIGSTOP, try !isStopped(pid) { usleep(1_000) }
  }

  private func isStopped(_ pid: pid_t) throws -> Bool {
    let tasks = "/proc/\(pid)/task"
    return try FileManager.default.contentsOfDirectory(atPath: tasks).allSatisfy { task in
      let status = try String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8)
      // The state follows the name, which stands in parentheses and may hold anything.
      return status[(status.lastIndex(of: ")") ?? status.startIndex)...].dropFirst(2).first == "T"
    }
  }

  /// Opens a connection of the test's own; it is closed when the session goes.
  package func session(
    virtualHost: String = "/", user: String = "guest", password: String = "guest"
  ) throws -> BrokerSession {
    try BrokerSession(port: port, virtualHost: virtualHost, user: user, password: password)
  }

  /// Creates a virtual host in which `guest` may do everything, and deletes it after the body.
  package func withVirtualHost<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let name = uniqueName("vhost")
    try await ctl("add_vhost", name)
    try await ctl("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(name))
    } catch {
      result = .failure(error)
    }
    try await ctl("delete_vhost", name)
    return try result.get()
  }

  /// Messages of a queue as the broker's management counts them; nil when there is no such queue.
  ///
  /// - Returns: Those ready to be delivered, and those delivered but not settled.
  package func messages(
    in queue: String, virtualHost: String = "/"
  ) async throws -> (ready: Int, unacknowledged: Int)? {
    let table = try await ctl(
      "list_queues", "-p", virtualHost, "--no-table-headers", "name", "messages_ready", "messages_unacknowledged")
    for line in table.split(separator: "\n") {
      let columns = line.split(separator: "\t")
      if columns.count == 3, columns[0] == queue, let ready = Int(columns[1]), let unsettled = Int(columns[2]) {
        return (ready, unsettled)
      }
    }
    return nil
  }

  /// The names that clients gave to their connections.
  package func connectionNames() async throws -> [String] {
    try await ctl("list_connections", "--no-table-headers", "user_provided_name")
      .split(separator: "\n").map(String.init)
  }

  private func act(_ command: String) async throws {
    let directory = directory
    _ = try await outsideOfThePool { try BrokerScript.run(command, directory) }
  }
}
