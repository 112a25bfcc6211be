// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

struct RetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Runs again what failed, was held, refused or expired, or was only observed.",
    discussion: """
      The same run goes back to the end of its lane, with the action as it is configured now; its attempts are kept. \
      All runs that are named, or none.
      Exit code: 0 done, 1 a run does not exist or its state does not allow it.
      """)

  @Argument(help: ArgumentHelp("Runs, by number or id.", valueName: "run"))
  var runs: [RunName] = []

  @Flag(help: "Every run in state failed.")
  var failed = false

  @Option(help: ArgumentHelp("With --failed: of this action only.", valueName: "name"))
  var action: String?

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func validate() throws {
    guard runs.isEmpty == failed else { throw ValidationError("Name runs, or all that failed with --failed.") }
    guard action == nil || failed else { throw ValidationError("--action goes with --failed.") }
  }

  func run() throws {
    var body = failed ? [(key: "failed", json: "true")] : [(key: "runs", json: Self.list(runs))]
    if let action { body.append(("action", quoted(action))) }
    Self.show(try daemon.daemon().send(.post, "/api/v1/runs/retry", body: body), json: json)
  }

  static func list(_ runs: [RunName]) -> String { "[\(runs.map { quoted($0.text) }.joined(separator: ","))]" }

  /// Prints what a decision made of which run.
  static func show(_ answer: JSONValue, json: Bool) {
    let changes = answer.list(of: "changed")
    if json { return printLines(changes) }
    for change in changes {
      let (from, to) = (change.shown("from"), change.shown("to"))
      print("run \(change.shown("run"))  \(change.shown("run_id"))  \(from) -> \(to)".printable)
    }
    if changes.isEmpty { complain("there was none to change") }
  }
}

struct DiscardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discard",
    abstract: "Gives runs up that have not succeeded and are not running.",
    discussion: """
      What waits behind them goes on. A discarded run is not retried; 'onevent replay' makes a new one of its event. \
      All runs that are named, or none.
      Exit code: 0 done, 1 a run does not exist or its state does not allow it.
      """)

  @Argument(help: ArgumentHelp("Runs, by number or id.", valueName: "run"))
  var runs: [RunName]

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func run() throws {
    let answer = try daemon.daemon().send(
      .post, "/api/v1/runs/discard", body: [(key: "runs", json: RetryCommand.list(runs))])
    RetryCommand.show(answer, json: json)
  }
}

struct SuspendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suspend",
    abstract: "Suspends an action, or all of them, until resume.",
    discussion: """
      Running scripts end as they will; nothing new starts. What comes meanwhile waits, or is skipped, as the action's \
      on_suspend says. It outlives restarts, until the file's own 'enabled' changes.
      """)

  @Argument(help: ArgumentHelp("The action; default: all.", valueName: "action"))
  var action: String?

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    try Self.set("suspended", action, daemon, json: json)
  }

  static func set(_ status: String, _ action: String?, _ daemon: DaemonOptions, json: Bool) throws {
    let path = action.map { "/api/v1/actions/\($0.percentEncoded)/status" } ?? "/api/v1/status"
    let answer = try daemon.daemon().send(.put, path, body: [(key: "status", json: quoted(status))])
    if json { return print(answer.json) }
    let words =
      switch answer.shown("status") {
      case "enabled": status == "default" ? "no longer suspended" : "enabled"
      case "observe": status == "default" ? "observing, as its file says" : "observing: it matches, and runs nothing"
      case let word: word
      }
    print("\(action.map { "action \($0.printable) is" } ?? "all actions are") \(words)")
  }
}

struct ObserveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "observe",
    abstract: "Lets an action match and count without running anything, until resume.",
    discussion: """
      As 'enabled = observe' in the file. Running scripts end as they will; runs that have not started wait until the \
      action is resumed; what comes meanwhile is recorded as observed, and 'onevent retry' can run it. It outlives \
      restarts, until the file's own 'enabled' changes.
      Exit code: 0 done, 1 there is no such action, or its file disables it.
      """)

  @Argument(help: ArgumentHelp("The action.", valueName: "action"))
  var action: String

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    try SuspendCommand.set("observe", action, daemon, json: json)
  }
}

struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Resumes an action that was suspended or observes, or all; or deletion, after the clock has jumped.",
    discussion: """
      What the action's file says counts again. Runs that waited start in their order.
      --deletion confirms that the clock is right: after a jump forward of more than a day nothing old is deleted from \
      the journal until somebody says so.
      """)

  @Argument(help: ArgumentHelp("The action; default: all.", valueName: "action"))
  var action: String?

  @Flag(help: "Confirm the clock, so that what is older than 'keep' is deleted again.")
  var deletion = false

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard !deletion || action == nil else { throw ValidationError("--deletion goes without an action.") }
  }

  func run() throws {
    guard deletion else { return try SuspendCommand.set("default", action, daemon, json: json) }
    let answer = try daemon.daemon().send(.post, "/api/v1/clock/confirm")
    print(json ? answer.json : "the clock is confirmed: what is older than 'keep' is deleted again")
  }
}
