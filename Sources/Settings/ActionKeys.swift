// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// The keys of actions.
///
/// Most of them may stand in `[DEFAULT]` of the same file too, and in `[scripts]`.
enum ActionKeys {
  static let events = Key(
    "events", .patterns("a comma list of event types and patterns"), defaultText: "required, with tags #", in: .action,
    summary: "The event types that start the script: `*` is one word, `#` zero or more, `!pattern` excludes, "
      + "`@unmatched` takes what no other action accepted.")

  static let tags = Key(
    "tags", .items("a comma list of tags"), default: [], defaultText: "none", in: .action,
    summary: "Takes events that have all of these tags.")

  static let source = Key(
    "source", .items("a comma list of source names"), defaultText: "all sources of type amqp; without one, local",
    in: .action, summary: "Takes events of these sources only.")

  static let enabled = Key(
    "enabled", .mode, default: Action.Mode.enabled, in: .action,
    summary: "Whether the action runs; `observe` matches and counts, and runs nothing.")

  static let script = Key(
    "script", .line("a command: a script, with words for it"), defaultText: "required",
    in: .action, .scripts,
    summary: "The script and its first words, split as a shell splits words, run by none.")

  static let scriptParams = Key(
    "script_params", .items("a comma list of paths, and of texts in double quotes"), default: [], defaultText: "none",
    in: .action, .scripts,
    summary: "One argument each: `path`, `path?` (missing gives an empty one), `path:-default`, \"text with {path}\".")

  static let envParams = Key(
    "env_params", .pairs("a comma list of NAME=path"), default: [], defaultText: "none", in: .action, .scripts,
    summary: "Values of the event as environment variables.")

  static let filterParams = Key(
    "filter_params", .conditions, default: nil, defaultText: "none", in: .action, .scripts,
    summary: "The conditions that the event must meet, all of them: a map of paths to what must hold there.")

  static let stdin = Key(
    "stdin", .word(), default: Action.StandardInput.event, in: .action, .scripts,
    summary: "What the script reads: the event as normalised JSON, its payload, its body as received, or nothing.")

  static let dashParams = Key(
    "dash_params", .word(), default: Action.DashPolicy.allow, in: .action, .scripts,
    summary: "With `refuse`, a value that begins an argument with `-` stops the run.")

  static let timeout = Key(
    "timeout", .duration(.milliseconds(100)...Duration.days(30)), default: .seconds(600), in: .action, .scripts,
    summary: "How long the script may run; then its process group is sent TERM.")

  static let killAfter = Key(
    "kill_after", .duration(.zero...Duration.days(1)), default: .seconds(10), in: .action, .scripts,
    summary: "How long after TERM the process group is sent KILL.")

  static let warnAfter = Key(
    "warn_after", .duration(.milliseconds(1)...Duration.days(30)),
    defaultText: "half of timeout", in: .action, .scripts,
    summary: "A run that takes longer is told, once.")

  static let maxConcurrent = Key(
    "max_concurrent", .integer(1...10_000), defaultText: "unlimited", in: .action,
    summary: "Runs of this action at once.")

  static let orderBy = Key(
    "order_by", .line("a path, or none"), defaultText: "@subject", in: .action, .scripts,
    summary: "Runs with the same value here never overlap and keep the order of receipt; `none` leaves them free.")

  static let maxEventAge = Key(
    "max_event_age", .duration(.milliseconds(1)...Duration.days(3650)), defaultText: "none",
    in: .action, .scripts, summary: "Older events end as expired.")

  static let workingDirectory = Key(
    "working_directory", located: .path("a directory"),
    defaultText: "the directory of the configuration file", in: .action, .scripts,
    summary: "Where the script starts.")

  static let environment = Key(
    "environment", .pairs("a comma list of NAME=value"), default: [], defaultText: "none", in: .action, .scripts,
    summary: "Fixed variables in the script's environment, which is otherwise PATH, HOME, USER, LOGNAME and LANG.")

  static let passEnvironment = Key(
    "pass_environment", .items("a comma list of variable names"), default: [], defaultText: "none",
    in: .action, .scripts, summary: "Variables of the daemon that the script gets as well.")

  static let descriptions: [KeyDescription] = [
    events.description, tags.description, source.description, enabled.description, script.description,
    scriptParams.description,
    envParams.description, filterParams.description, stdin.description, dashParams.description, timeout.description,
    killAfter.description, warnAfter.description, maxConcurrent.description, orderBy.description,
    maxEventAge.description, workingDirectory.description, environment.description, passEnvironment.description,
  ]
}

extension Duration {
  /// Days of 24 hours.
  static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }
}

extension SourcePosition {
  /// The place of a value that stands in no file: a default.
  static let nowhere = SourcePosition(file: "", line: 0, column: 0)
}

extension ValueType where Value == Action.Mode {
  /// A boolean, or `observe`.
  static let mode = ValueType.single(
    expected: "yes, no or observe",
    text: { mode in
      switch mode {
      case .enabled: "yes"
      case .observe: "observe"
      case .disabled: "no"
      }
    },
    parse: { text in
      switch text.lowercased() {
      case "yes", "true", "on": .enabled
      case "no", "false", "off": .disabled
      case "observe": .observe
      default: nil
      }
    })
}
