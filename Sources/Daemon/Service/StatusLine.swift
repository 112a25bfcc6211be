// SPDX-License-Identifier: Apache-2.0

import WebAPI

/// The one line by which `systemctl status` says how we are.
enum StatusLine {
  /// Characters of it that stand for a trouble's words.
  private static let troubleLimit = 200

  /// Describes a status: the troubles first, because lines are cut at their ends.
  static func text(of status: DaemonStatus, hanging: [String] = []) -> String {
    var parts: [String] = []
    if !hanging.isEmpty { parts.append("HANGS: \(hanging.joined(separator: ", "))") }
    if let trouble = status.journalTrouble { parts.append("journal in trouble: \(trouble.prefix(troubleLimit))") }
    parts.append(sources(status.sources))
    parts.append("running \(status.running), pending \(status.pending + status.waiting), failed \(status.failed)")
    if status.held > 0 { parts.append("held \(status.held)") }
    if status.isSuspended { parts.append("all actions suspended") }
    return printable(parts.joined(separator: "; "))
  }

  private static func sources(_ sources: [DaemonStatus.Source]) -> String {
    let consumed = sources.filter { $0.state != DaemonBoard.notConsumed && $0.state != DaemonBoard.local }
    guard !consumed.isEmpty else {
      return sources.contains { $0.state == DaemonBoard.local } ? "takes local events" : "no source is consumed"
    }
    let absent = consumed.filter { $0.state != "connected" }
    let count = "connected to \(consumed.count - absent.count) of \(consumed.count) sources"
    guard !absent.isEmpty else { return count }
    return count + " (" + absent.map { "\($0.name): \($0.state)" }.joined(separator: ", ") + ")"
  }

  /// A line break would begin another assignment of the notification.
  private static func printable(_ text: String) -> String {
    var line: [UInt8] = []
    LogText.append(text, to: &line)
    return String(decoding: line, as: UTF8.self)
  }
}
