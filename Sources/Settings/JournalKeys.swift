// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Glibc

/// The keys of `[journal]`.
enum JournalKeys {
  static let path = Key(
    "path", located: .path("a file"),
    defaultText: "\(StateLocations.systemJournal), and for users other than root "
      + "$XDG_STATE_HOME/onevent/journal.sqlite",
    in: .journal, summary: "The journal's file: every event that was taken, its runs, and how they ended.")
  static let keep = Key(
    "keep", .duration(.seconds(1)...Duration.days(3650)), default: JournalSettings().keep, in: .journal,
    summary: "How long ended runs and their events are kept; what is not ended stays.")
  static let maxSize = Key(
    "max_size", .size(1 << 20...1 << 40), default: JournalSettings().maxSize, in: .journal,
    summary: "Past it the oldest ended runs are deleted before their time.")
  static let minFree = Key(
    "min_free", .size(0...1 << 40), default: JournalSettings().minFree, in: .journal,
    summary: "With less free space on the disk nothing more is taken from the sources.")
  static let record = Key(
    "record", .word(), default: JournalSettings().record, in: .journal,
    summary: "With `all`, events that no action takes are recorded too.")
  static let maxPending = Key(
    "max_pending", .integer(1...100_000_000), default: JournalSettings().maxPending, in: .journal,
    summary: "With more runs waiting the sources are not read, and the broker keeps the backlog.")
  static let sync = Key(
    "sync", .word(), default: JournalSettings().sync, in: .journal,
    summary: "With `full`, what is acknowledged survives a power cut; `normal` is faster and survives crashes only.")
  static let fullText = Key(
    "full_text", .boolean, default: JournalSettings().fullText, in: .journal,
    summary: "Indexes the words of events in idle time, for searches by text; without, a search reads the bodies.")
  static let ownEvents = Key(
    "own_events", .word(), default: JournalSettings().ownEvents, in: .journal,
    summary: "With `named`, only those of the daemon's own events are made that an action names.")

  static let descriptions = [
    path.description, keep.description, maxSize.description, minFree.description, record.description,
    maxPending.description, sync.description, ownEvents.description, fullText.description,
  ]

  /// The settings of the section, with the path that is in force.
  static func read(_ section: Section, _ locations: StateLocations, _ report: Report) -> JournalSettings {
    var settings = JournalSettings()
    let configured = section.value(path, report)
    settings.path = configured?.value ?? locations.journal
    if let configured { check(configured, report) }
    settings.keep = section.value(keep, report)
    settings.maxSize = section.value(maxSize, report)
    settings.minFree = section.value(minFree, report)
    settings.record = section.value(record, report)
    settings.maxPending = section.value(maxPending, report)
    settings.sync = section.value(sync, report)
    settings.ownEvents = section.value(ownEvents, report)
    settings.fullText = section.value(fullText, report)
    return settings
  }

  private static func check(_ path: Located<String>, _ report: Report) {
    var status = stat()
    guard stat(path.value, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
    report.problem(
      at: path.position,
      "'path' is the directory \(shortened(path.value)); name a file in it, such as journal.sqlite")
  }
}
