// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// The keys of `[scripts]` that are no defaults for actions.
enum ScriptsKeys {
  static let maxConcurrent = Key(
    "max_concurrent", .integer(1...10_000), default: ScriptSettings().maxConcurrent, in: .scripts,
    summary: "Runs at once, over all actions.")
  static let outputLimit = Key(
    "output_limit", .size(1 << 10...64 << 20), default: ScriptSettings().outputLimit, in: .scripts,
    summary: "What is kept of each of a run's two streams, head and tail.")
  static let drainTimeout = Key(
    "drain_timeout", .duration(.zero...Duration.days(1)), default: ScriptSettings().drainTimeout, in: .scripts,
    summary: "How long a stopping daemon waits for running scripts before it ends them.")

  static let reload = Key(
    "reload", .word(), default: ScriptSettings().reload, in: .scripts,
    summary: "With `watch`, changed files are read again by themselves, once they have not changed for 2 s; "
      + "otherwise at SIGHUP and 'onevent reload'.")

  static let descriptions = [
    maxConcurrent.description, outputLimit.description, drainTimeout.description, reload.description,
  ]
}

/// The keys of `[log]`.
enum LogKeys {
  static let level = Key(
    "level", .word(), default: LogSettings().level, in: .log, summary: "The least serious messages that are logged.")
  static let format = Key(
    "format", .word() as ValueType<LogSettings.Format>, defaultText: "text; journal under systemd", in: .log,
    summary: "Lines for people, one JSON object per line, or the systemd journal's own protocol with a field for each "
      + "fact (ONEVENT_ACTION, ONEVENT_RUN_ID …). Without it: journal where standard error leads there, else text.")

  static let descriptions = [level.description, format.description]
}
