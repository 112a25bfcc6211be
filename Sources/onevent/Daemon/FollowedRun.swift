// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Glibc
import WebAPI

/// A run whose output is printed while its script runs.
struct FollowedRun {
  private let daemon: DaemonConnection
  private let name: String

  init(_ daemon: DaemonConnection, _ name: String) {
    self.daemon = daemon
    self.name = name
  }

  /// Prints until the run has ended; throws `ExitCode.no` when it did not succeed.
  func follow() throws {
    let first = try daemon.get("/api/v1/runs/\(name)")
    let path = "/api/v1/runs/\(first.shown("run"))/output"
    var lines = LineEscaper(escapes: Terminal.output.width != nil)
    var position: (attempt: Int64, offset: Int64) = (0, 0)
    var told = ""
    while true {
      var parameters = RequestParameters()
      parameters.append("after", String(position.offset))
      let answer = try daemon.get(path, parameters)
      let attempt = answer.integer(of: "attempt") ?? 0
      if attempt != position.attempt, answer.flag("live") {
        // Each attempt begins its output anew.
        let isFirst = position.attempt == 0
        let isBehind = position.offset > 0
        position = (attempt, 0)
        if !isFirst { complain("run \(first.shown("run")): attempt \(attempt) begins") }
        if isBehind { continue }
      }
      let offset = answer.integer(of: "offset") ?? position.offset
      if offset > position.offset { complain("\(offset - position.offset) bytes came too fast to be kept") }
      lines.write(answer.bytes(of: "output") ?? [])
      position.offset = answer.integer(of: "next") ?? position.offset
      let state = answer.shown("state")
      if !answer.flag("live") {
        if Self.endStates.contains(state) { return try end(state) }
        // What has ended is about to be recorded; what only now begins is about to be seen.
        if state != told, state != "running" { complain("run \(first.shown("run")) is \(state)") }
        told = state
      }
      if answer.bytes(of: "output")?.isEmpty ?? true { usleep(Self.interval) }
    }
  }

  private func end(_ state: String) throws {
    let run = try daemon.get("/api/v1/runs/\(name)")
    let details = run.text(of: "reason") ?? run.text(of: "outcome")
    complain("run \(run.shown("run")) \(state)\(details.map { ": \($0)" } ?? "")")
    guard state == "succeeded" else { throw ExitCode.no }
  }

  /// States in which nothing more is printed until a person decides.
  private static let endStates: Set<String> = [
    "succeeded", "failed", "refused", "held", "expired", "observed", "discarded",
  ]
  /// Microseconds between two questions.
  private static let interval: UInt32 = 200_000
}

/// Writes what a script printed: as it is into a file or pipe, without control characters onto a terminal.
private struct LineEscaper {
  let escapes: Bool
  /// The beginning of a character, of which the rest is to come.
  private var pending: [UInt8] = []

  init(escapes: Bool) {
    self.escapes = escapes
  }

  mutating func write(_ bytes: [UInt8]) {
    guard escapes else { return writeOutput(bytes) }
    pending += bytes
    let whole = pending.count - Self.cutLength(pending)
    let text = String(decoding: pending.prefix(whole), as: UTF8.self)
    pending.removeFirst(whole)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printableLine }
    writeOutput(Array(lines.joined(separator: "\n").utf8))
  }

  /// How many bytes at the end begin a character and do not end it: at most three.
  private static func cutLength(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where bytes.count >= length {
      let byte = bytes[bytes.count - length]
      if byte & 0xC0 == 0x80 { continue }
      let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return needed > length ? length : 0
    }
    return 0
  }
}
