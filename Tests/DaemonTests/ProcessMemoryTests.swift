// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Daemon

@Suite("The process's memory")
struct ProcessMemoryTests {
  @Test("What the start has used of the program is let go, and all goes on")
  func forgetStart() throws {
    let before = try Self.residentFilePages()
    ProcessMemory.forgetStart()
    // Other tests map some of it again, but never all at once.
    #expect(try Self.residentFilePages() < before)
  }

  /// Kilobytes of files that this process has mapped and in memory; see proc_pid_status(5).
  private static func residentFilePages() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
    return try #require(line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) })
  }
}
