// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Glibc

/// A captured event, and what its envelope would have said.
struct EventOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("A file with the body of a notification as it was on the bus, or - for standard input."))
  var event: String

  @Option(help: ArgumentHelp("The routing key that the event came with.", valueName: "key"))
  var routingKey = ""

  @Option(help: ArgumentHelp("The exchange that the event came through.", valueName: "name"))
  var exchange = ""

  /// Decodes the event; what cannot be read ends the command with 74, what cannot be decoded with 65.
  func withEvent<R>(mapping: EventMapping, source: String, _ body: (Event) throws -> R) throws -> R {
    let bytes = try readBytes(event)
    var envelope = Envelope(source: source)
    envelope.routingKey = routingKey
    envelope.exchange = exchange
    envelope.received = Int64(time(nil)) * 1_000_000_000
    let decoder = EventDecoder(mapping, inflatedLimit: 16 << 20)
    return try bytes.withUnsafeBytes { buffer in
      do {
        return try body(try decoder.decode(buffer, envelope))
      } catch let failure as DecodingFailure {
        complain("cannot decode \(event == "-" ? "standard input" : event): \(failure)")
        throw ExitCode.data
      }
    }
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
