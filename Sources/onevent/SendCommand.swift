// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

struct SendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send",
    abstract: "Hands an event to the running daemon, or publishes one onto the bus.",
    discussion: """
      The event is stored by the daemon when the command ends, whether an action matched it or not. No broker is needed.

        onevent send door.opened --value 1 --tag site:north --object node=n-1
        onevent send lease.begin --subject n-1 --payload '{"purpose": "test"}'

      With --amqp it goes onto the bus instead: the message is persistent and mandatory, and the broker's confirmation is \
      waited for; an event that no queue takes is an error. It is wrapped as an oslo.messaging 2.0 notification, as \
      OpenStack services send them; --raw publishes the payload as it is.

        onevent send esi_leap.lease.fulfill.end --amqp --routing-key esi_leap_versioned_notifications.info \\
          --payload '{"node_name": "node-1", "purpose": "test"}'
      """)

  @Argument(help: "The type of the event, such as door.opened.")
  var type: String

  @Option(
    help: ArgumentHelp(
      "The payload: JSON text (any text with --raw), @FILE for a file that holds it, - for standard input.",
      valueName: "json"))
  var payload: String?

  @Option(help: ArgumentHelp("A file that holds the payload, or - for standard input.", valueName: "file"))
  var payloadFile: String?

  @Option(help: ArgumentHelp("A value, JSON text: it becomes the payload's member value.", valueName: "json"))
  var value: String?

  @Option(name: .customLong("tag"), help: ArgumentHelp("A tag; may repeat.", valueName: "tag"))
  var tags: [String] = []

  @Option(
    help: ArgumentHelp("What the event is about: events with one subject are handled in order.", valueName: "name"))
  var subject: String?

  @Option(
    name: .customLong("object"),
    help: ArgumentHelp("Something that the event names, such as node=n-1; may repeat.", valueName: "kind=name"))
  var objects: [String] = []

  @Option(help: ArgumentHelp("Its id: an event with the same id and content is taken once.", valueName: "id"))
  var id: String?

  @Option(help: ArgumentHelp("When it happened, as ISO 8601 with its offset; default: now.", valueName: "instant"))
  var time: String?

  @Flag(help: "Print what the daemon answers as one JSON object.")
  var json = false

  @OptionGroup(title: "Onto the bus") var bus: BusOptions
  @OptionGroup var daemon: DaemonOptions

  func validate() throws {
    guard payload == nil || payloadFile == nil else {
      throw ValidationError("--payload and --payload-file exclude each other.")
    }
    if bus.amqp {
      let others = [
        (value != nil, "--value"), (!tags.isEmpty, "--tag"), (subject != nil, "--subject"),
        (!objects.isEmpty, "--object"), (id != nil, "--id"), (time != nil, "--time"), (json, "--json"),
      ].filter(\.0).map(\.1)
      guard others.isEmpty else {
        throw ValidationError("\(others.joined(separator: ", ")) cannot go with --amqp: say it in the payload.")
      }
    } else if !bus.given.isEmpty {
      throw ValidationError(
        "\(bus.given.joined(separator: ", ")) goes with --amqp only, which publishes onto the bus instead of handing the "
          + "event to the running daemon.")
    }
  }

  func run() throws {
    let payload = try payloadBytes()
    guard !bus.amqp else {
      return try BusPublishing(bus: bus, options: daemon.options).publish(type, payload: payload ?? Array("{}".utf8))
    }
    let answer = try daemon.daemon().send(.post, "/api/v1/events", body: try members(payload))
    guard !json else { return print(answer.json) }
    guard let number = answer.integer(of: "event") else {
      return print("\(type) is ignored by the daemon (ignore_events): it is not stored")
    }
    if answer.flag("duplicate") {
      print("event \(number) was there before, with the same id and content: nothing happens again")
    } else {
      let matched = answer.text(of: "result") == "matched"
      print("event \(number) stored\(matched ? "" : "; no action takes it (see 'onevent explain \(number)')")")
    }
  }

  private func payloadBytes() throws -> [UInt8]? {
    if let payloadFile { return try readBytes(payloadFile) }
    guard let payload else { return nil }
    if payload == "-" { return try readBytes(payload) }
    return payload.hasPrefix("@") ? try readBytes(String(payload.dropFirst())) : Array(payload.utf8)
  }

  private func members(_ payload: [UInt8]?) throws -> [(key: String, json: String)] {
    var members = [(key: "type", json: quoted(type))]
    if !tags.isEmpty { members.append(("tags", "[\(tags.map(quoted).joined(separator: ","))]")) }
    for (key, text) in [("subject", subject), ("id", id), ("timestamp", time)] {
      if let text { members.append((key, quoted(text))) }
    }
    if !objects.isEmpty {
      let objects = try objects.map { object in
        guard let equals = object.firstIndex(of: "="), equals > object.startIndex else {
          complain("--object \(object): expected a kind and a name, such as node=n-1")
          throw ExitCode.usage
        }
        return "\(quoted(String(object[..<equals]))):\(quoted(String(object[object.index(after: equals)...])))"
      }
      members.append(("objects", "{\(objects.joined(separator: ","))}"))
    }
    if let payload { members.append(("payload", try checked(payload, "the payload"))) }
    if let value { members.append(("value", try checked(Array(value.utf8), "--value"))) }
    return members
  }

  /// The text, where it is JSON: a mistake is told here, where its place is one that the user knows.
  private func checked(_ bytes: [UInt8], _ what: String) throws -> String {
    let document = JSONDocument()
    do {
      try document.parse(bytes)
    } catch {
      complain("\(what) is not JSON: \(error); a text is written in double quotes")
      throw ExitCode.data
    }
    return document.root.json
  }
}
