// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import Glibc
import Synchronization
import WebAPI

struct TailCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Prints events as they come and runs as they change, until Ctrl-C.",
    discussion: """
      Only what happens from now on, or from the last so many with --last. A restart of the daemon is waited for; what \
      changed meanwhile is printed then, each run in its latest state.
      Every stored event is shown: those that an action took, those that could not be decoded, local ones, and \
      onevent's own. What only events have, such as --tag, shows no runs, and --state shows no events.
      """)

  @Option(
    help: ArgumentHelp("Only events of this type, and their runs; * is one word, # any number.", valueName: "pattern"))
  var type: String?

  @Option(help: ArgumentHelp("Only events of this subject, and their runs.", valueName: "name"))
  var subject: String?

  @Option(help: ArgumentHelp("Only runs of this action, and events that have one.", valueName: "name"))
  var action: String?

  @Option(help: ArgumentHelp("Only events with this tag; may repeat: with all of them.", valueName: "tag"))
  var tag: [String] = []

  @Option(help: ArgumentHelp("Only events that name this object, such as node:n-1, or n-1.", valueName: "kind:name"))
  var object: [String] = []

  @Option(help: ArgumentHelp("Only events from this source.", valueName: "name"))
  var source: String?

  @Option(help: ArgumentHelp("Only events of this group.", valueName: "name"))
  var group: String?

  @Option(help: ArgumentHelp("Only events of this level: critical, warning or detail.", valueName: "level"))
  var level: String?

  @Option(help: ArgumentHelp("Only runs in this state; may repeat: in one of them.", valueName: "state"))
  var state: [String] = []

  @Option(
    help: ArgumentHelp("Begin with the last so many events and changes of runs, up to 1000.", valueName: "number"))
  var last: Int?

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func validate() throws {
    guard isOfEvents, !state.isEmpty else { return }
    throw ValidationError(
      "--state goes with runs, and what else is asked for with events only: nothing would be shown.")
  }

  func run() throws {
    // What was printed is written before every wait, so that nothing is lost by ending here.
    signal(SIGINT) { _ in _exit(0) }
    let client = try daemon.daemon().client
    let watch = DaemonWatch()
    let streams = streams
    let failure = waiting {
      await withTaskGroup(of: APIFailure.self) { group in
        for stream in streams { group.addTask { await stream.follow(client, watch) } }
        // Only what cannot be waited for ends a stream, and with it the others.
        return await group.next()
      }
    }
    guard case .some(.some(let failure)) = failure else { throw ExitCode.internalError }
    complain(failure.description)
    throw failure.exitCode
  }

  /// Whether something is asked for that only events have.
  private var isOfEvents: Bool {
    !tag.isEmpty || !object.isEmpty || source != nil || group != nil || level != nil
  }

  private var streams: [TailedStream] {
    var parameters = RequestParameters()
    parameters.append("type", type)
    parameters.append("subject", subject)
    parameters.append("action", action)
    parameters.append("last", last.map(String.init))
    var (events, runs) = (parameters, parameters)
    for tag in tag { events.append("tag", tag) }
    for object in object { events.append("object", object) }
    events.append("source", source)
    events.append("group", group)
    events.append("level", level)
    for state in state { runs.append("state", state) }
    var streams: [TailedStream] = []
    if state.isEmpty { streams.append(TailedStream(kind: .events, parameters: events, isJSON: json)) }
    if !isOfEvents { streams.append(TailedStream(kind: .runs, parameters: runs, isJSON: json)) }
    return streams
  }
}
