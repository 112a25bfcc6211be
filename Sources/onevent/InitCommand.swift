// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Glibc

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Writes a first configuration.",
    discussion: """
      Onto standard output, or into a new file with --output; a file that exists is never overwritten. With --from, \
      the action is made for a captured event: its type, and its paths to choose from.
      """)

  @Option(
    help: ArgumentHelp("A captured event (a body as it was on the bus), or - for standard input.", valueName: "event"))
  var from: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String?

  func run() throws {
    let text = Self.broker + (try action())
    guard let output else {
      print(text, terminator: "")
      return
    }
    let descriptor = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else {
      complain("cannot write \(output): \(String(cString: strerror(errno)))")
      throw ExitCode.inputOutput
    }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count else {
      complain("cannot write \(output): \(String(cString: strerror(errno)))")
      throw ExitCode.inputOutput
    }
    complain("wrote \(output); next: onevent check -c \(output)")
  }

  private func action() throws -> String {
    guard let from else { return Self.leaseAction }
    var options = EventOptions()
    options.event = from
    options.routingKey = ""
    options.exchange = ""
    return try options.withEvent(of: nil) { event in
      Self.action(for: event)
    }
  }

  /// An action for one event, with every path of its payload as a comment.
  static func action(for event: Event) -> String {
    let paths = event.addressablePaths().filter { !$0.path.hasPrefix("@") }
    let scalars = paths.filter { path, value in
      if case .json(let json) = value { return json.kind != .object && json.kind != .array && path.utf8.count < 60 }
      return false
    }
    let chosen = ["node_name", "uuid", "name", "instance_id"].filter { name in scalars.contains { $0.path == name } }
    let parameters = chosen.isEmpty ? scalars.prefix(2).map(\.path) : Array(chosen.prefix(2))
    let list = scalars.map { "#   \($0.path) = \(shortened($0.value.json, to: 60))" }.joined(separator: "\n")
    let name = event.type.split(separator: ".").suffix(2).joined(separator: "-")
    return """

      # What this event holds; any of these paths can be passed to the script or asked for by a condition:
      \(list)
      [\(name.isEmpty ? "action" : name)]
      events = \(event.type)
      # Prints its arguments, and so shows them in the log. Name your own program here.
      script = /bin/echo \(event.type)
      script_params = \(parameters.joined(separator: ", "))
      # filter_params = {"\(parameters.first ?? "path")": "^expected$"}

      """
  }

  private static let broker = """
    # onevent: runs scripts when events arrive. Try it: onevent check -c FILE; onevent explain -c FILE EVENT
    [DEFAULT]
    user = guest
    password = guest
    host = localhost
    port = 5672
    # Queues are only looked for, never declared; one that does not exist yet is taken up when it appears.
    queues = esi_leap_versioned_notifications.info, esi_leap_versioned_notifications.error

    """

  private static let leaseAction = """

    # For every lease that ESI Leap has fulfilled for the purpose "test". /bin/echo prints its arguments, and so shows
    # them in the log; name your own program in its place.
    [fulfill]
    events = esi_leap.lease.fulfill.end
    script = /bin/echo lease begins
    script_params = node_name, uuid
    filter_params = {"purpose": "^test$"}

    # The end of a lease, by expiry too, is announced as delete.
    [delete]
    events = esi_leap.lease.delete.end
    script = /bin/echo lease ends
    script_params = node_name, uuid

    """
}
