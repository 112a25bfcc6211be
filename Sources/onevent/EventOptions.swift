// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Glibc
import Settings
import WebAPI

/// A captured event, and what its envelope would have said; or one that the daemon recorded.
struct EventOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A file with the body of a notification as it was on the bus, - for standard input, or a recorded event: 17 (or "
        + "e17), u17 for one that events --unmatched lists. A file of such a name is written ./17."))
  var event: String

  @Option(help: ArgumentHelp("The routing key that the event came with.", valueName: "key"))
  var routingKey = ""

  @Option(help: ArgumentHelp("The exchange that the event came through.", valueName: "name"))
  var exchange = ""

  @OptionGroup var socket: SocketOptions

  /// Decodes the event; what cannot be read ends the command with 74, what cannot be decoded with 65.
  ///
  /// The file is read where no recorded event is given.
  func withEvent<R>(
    of source: EventReading?, _ recorded: RecordedEvent? = nil, _ body: (Event) throws -> R
  ) throws -> R {
    var bytes = try recorded?.body ?? readBytes(event)
    var envelope = recorded?.envelope ?? Envelope(source: source?.name ?? "default")
    if recorded == nil, source?.isLocal == true {
      do {
        let publication = try Publication(parsing: bytes)
        (bytes, envelope.contentType) = (publication.body, publication.contentType)
      } catch {
        complain("cannot read \(event == "-" ? "standard input" : event) as an event that is published: \(error)")
        throw ExitCode.data
      }
    }
    if recorded == nil { envelope.received = Int64(time(nil)) * 1_000_000_000 }
    if !routingKey.isEmpty { envelope.routingKey = routingKey }
    if !exchange.isEmpty { envelope.exchange = exchange }
    let decoder = EventDecoder(source?.mapping ?? EventMapping(), inflatedLimit: 16 << 20)
    return try bytes.withUnsafeBytes { buffer in
      do {
        return try body(try decoder.decode(buffer, envelope))
      } catch let failure as DecodingFailure {
        complain("cannot decode \(event == "-" ? "standard input" : event): \(failure)")
        throw ExitCode.data
      }
    }
  }

  /// The event that the daemon recorded, where a number names one; nil where a file is meant.
  func recorded(_ options: ConfigurationOptions) throws -> RecordedEvent? {
    guard let name = EventName(argument: event) else { return nil }
    let daemon = DaemonConnection(APIClient(socket: try socket.path(options)))
    return try RecordedEvent(name, History(daemon, options))
  }
}

/// An event as it was recorded: its body, and what its source said beside it.
struct RecordedEvent {
  let envelope: Envelope
  let body: [UInt8]

  /// Asks for it; ends the command where it is not there.
  init(_ name: EventName, _ history: History) throws {
    let answer: JSONValue
    switch name {
    case .stored(let number): answer = try history.event(number)
    case .unmatched(let number): answer = try history.unmatched(number)
    }
    guard let body = answer.bytes(of: "body") else {
      complain("the body of this event is no longer kept")
      throw ExitCode.no
    }
    self.body = body
    envelope = Envelope(
      stored: Array((answer.member(named: "envelope")?.json ?? "{}").utf8), source: answer.shown("source"),
      received: Event.nanoseconds(ofInstant: answer.shown("received")) ?? 0)
  }
}

/// Reads a file, or standard input for `-`; at most 64 MiB.
func readBytes(_ path: String) throws -> [UInt8] {
  let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw unreadable(path) }
  defer { if path != "-" { close(descriptor) } }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(descriptor, &chunk, chunk.count)
    if count == 0 { return bytes }
    if count < 0 {
      if errno == EINTR { continue }
      throw unreadable(path)
    }
    bytes += chunk[..<count]
    guard bytes.count <= 64 << 20 else {
      complain("cannot take \(path): it is larger than 64 MiB, the largest body that is read")
      throw ExitCode.data
    }
  }
}

private func unreadable(_ path: String) -> ExitCode {
  complain("cannot read \(path): \(String(cString: strerror(errno)))")
  return .inputOutput
}
