// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

/// The short form of scripts/output-flood.
@Suite(.timeLimit(.minutes(5))) struct OutputFloodTests {
  /// Of 500 bytes each: 64 MiB in either stream.
  private static let lines = 134_217

  @Test("64 MiB on both pipes at once leave memory flat and the log whole; head and tail are kept")
  func flood() async throws {
    let flood = """
      [flood]
      events = esi_leap.lease.fulfill.end
      script = ./flood.sh
      """
    try await ToolsScene.with(flood) { tools in
      try tools.scene.script(
        "flood.sh",
        """
        #!/bin/sh
        line=$(printf '%0499d' 0)
        flood() { echo "begin $1"; yes "$line" | head -n \(Self.lines); echo "end $1"; }
        flood stdout &
        flood stderr >&2 &
        wait
        """)
      let idle = try peak(tools.daemon)
      try tools.publish("warm up")
      try await tools.wait(for: "succeeded", ofRun: 1)
      let before = try peak(tools.daemon)
      #expect(before - idle < 48 << 20, "\(before - idle) bytes more than before the first one")
      try tools.publish("test")
      try await tools.wait(for: "succeeded", ofRun: 2)
      let growth = try peak(tools.daemon) - before
      // A second flood needs what the first one needed, whatever that was.
      #expect(growth < 8 << 20, "\(growth) bytes more")

      let log = tools.daemon.lines
      #expect(!log.contains { $0["text"] != nil }, "every line is whole")
      #expect(tools.daemon.logText.utf8.count < 16 << 20)
      let id = try #require(log.last { $0["message"] == "run succeeded" }?["run"])
      let own = log.filter { $0["run"] == id }
      let printed = own.filter { $0["message"] == "script output" }.count
      let leftOut = own.filter { $0["message"] == "script output was left out of the log" }
        .compactMap { $0["lines"].flatMap { Int($0) } }
      #expect(!leftOut.isEmpty)
      #expect(printed + leftOut.reduce(0, +) == 2 * (Self.lines + 2), "every line is in the log or told")
      #expect(own.contains { $0["message"]?.hasPrefix("script prints more than the log takes") == true })

      let report = try await tools.text(["show", "2"])
      for stream in ["stdout", "stderr"] {
        #expect(report.contains("    | begin \(stream)\n") && report.contains("    | end \(stream)\n"))
      }
    }
  }

  /// The most memory that the daemon has had so far.
  private func peak(_ daemon: DaemonProcess) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(daemon.pid)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
  }
}
