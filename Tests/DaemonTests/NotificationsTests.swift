// SPDX-License-Identifier: Apache-2.0

import Testing
import WebAPI

@testable import Daemon

@Suite struct NotificationsTests {
  private static let second: Int64 = 1_000_000_000

  /// Makes turns at the pace asked for, and tells when each assignment was made.
  private func turns(
    _ notifications: inout Notifications, from start: Int64, seconds: Int64, status: (Int64) -> String = { _ in "" },
    allMove: (Int64) -> Bool = { _ in true }
  ) -> [(time: Int64, line: String)] {
    var told: [(time: Int64, line: String)] = []
    var now = start
    while now < start + seconds * Self.second {
      told += notifications.turn(now: now, status: status(now), allMove: allMove(now)).map { (time: now, line: $0) }
      now += notifications.pace.nanoseconds
    }
    return told
  }

  @Test("Between two signs of life lies never more than half of the watchdog's time", arguments: [1, 7, 180])
  func cadence(_ limit: Int64) {
    var notifications = Notifications(watchdog: .seconds(limit))
    #expect(turns(&notifications, from: 0, seconds: limit).allSatisfy { $0.line != "WATCHDOG=1" })
    #expect(notifications.becomeReady() == ["READY=1"])
    let pings = turns(&notifications, from: 0, seconds: limit * 20).filter { $0.line == "WATCHDOG=1" }.map(\.time)
    #expect(pings.count >= 40)
    #expect(zip(pings, pings.dropFirst()).allSatisfy { $1 - $0 <= limit * Self.second / 2 })
    #expect(zip(pings, pings.dropFirst()).allSatisfy { $1 - $0 >= limit * Self.second / 4 })
  }

  @Test("While a thread hangs there is no sign of life; when it moves there is one at once")
  func hang() {
    var notifications = Notifications(watchdog: .seconds(6))
    _ = notifications.becomeReady()
    let hang = 30 * Self.second..<60 * Self.second
    let pings = turns(&notifications, from: 0, seconds: 90, allMove: { !hang.contains($0) })
      .filter { $0.line == "WATCHDOG=1" }.map(\.time)
    #expect(pings.contains { $0 < hang.lowerBound })
    #expect(!pings.contains { hang.contains($0) })
    #expect(pings.contains { $0 >= hang.upperBound && $0 < hang.upperBound + 2 * Self.second })
  }

  @Test("The status is told when it changes, and at most once a second")
  func status() {
    var notifications = Notifications(watchdog: .milliseconds(60))
    let told = turns(&notifications, from: 0, seconds: 10, status: { "\($0 / 10_000_000)" })
      .filter { $0.line.hasPrefix("STATUS=") }.map(\.time)
    #expect(told.count == 10)
    #expect(zip(told, told.dropFirst()).allSatisfy { $1 - $0 >= Self.second })
    #expect(notifications.turn(now: 100 * Self.second, status: "same", allMove: true) == ["STATUS=same"])
    #expect(turns(&notifications, from: 102 * Self.second, seconds: 5, status: { _ in "same" }).isEmpty)
  }

  @Test("A reload is told with its time, and READY ends it")
  func reload() {
    var notifications = Notifications(watchdog: nil)
    #expect(notifications.beginReload(now: 5).isEmpty)
    _ = notifications.becomeReady()
    #expect(notifications.beginReload(now: 1_234_567_890) == ["RELOADING=1", "MONOTONIC_USEC=1234567"])
    #expect(notifications.beginReload(now: 1_234_567_891).isEmpty)
    #expect(notifications.becomeReady() == ["READY=1"])
  }

  @Test("A stop asks for time again and again until its limit, and nothing undoes it")
  func stop() {
    var notifications = Notifications(watchdog: .seconds(10))
    _ = notifications.becomeReady()
    let lines = notifications.beginStop(now: 0, within: .seconds(60))
    #expect(lines == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=20000000"])
    #expect(notifications.beginStop(now: 1, within: .seconds(600)).isEmpty)
    #expect(notifications.becomeReady().isEmpty)
    #expect(notifications.beginReload(now: 2).isEmpty)
    let told = turns(&notifications, from: 0, seconds: 200).filter { $0.line != "STATUS=" }
    #expect(told.allSatisfy { $0.line == "EXTEND_TIMEOUT_USEC=20000000" })
    let times = [0] + told.map(\.time)
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 < 20 * Self.second })
    #expect(times.allSatisfy { $0 < 60 * Self.second })
    #expect(times.last.map { $0 >= 50 * Self.second } == true)
  }

  @Test("The status line says what is wrong first, and stays one line whatever is in it")
  func line() {
    var status = DaemonStatus()
    #expect(StatusLine.text(of: status) == "no source is consumed; running 0, pending 0, failed 0")
    status.sources = ["a", "b", "c"].map {
      DaemonStatus.Source(name: $0, state: "connected", host: nil, queues: [:], reason: nil, since: 0)
    }
    status.sources[1].state = "lost"
    status.sources[2].state = "not consumed"
    (status.running, status.pending, status.waiting, status.failed, status.held) = (1, 2, 3, 4, 5)
    #expect(
      StatusLine.text(of: status)
        == "connected to 1 of 2 sources (b: lost); running 1, pending 5, failed 4; held 5")
    status.journalTrouble = "no room\nREADY=1"
    let line = StatusLine.text(of: status, hanging: ["broker a"])
    #expect(line.hasPrefix("HANGS: broker a; journal in trouble: no room\\nREADY=1; connected"))
    #expect(!line.contains("\n"))
  }
}
