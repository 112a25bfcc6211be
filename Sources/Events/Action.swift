// SPDX-License-Identifier: Apache-2.0

/// A configured section: events, conditions, script and limits.
package struct Action: Sendable {
  package enum Mode: String, Sendable { case enabled, observe, disabled }
  package enum StandardInput: String, Sendable, CaseIterable { case event, payload, body, none }
  package enum DashPolicy: String, Sendable, CaseIterable { case allow, refuse }
  package enum InterruptPolicy: String, Sendable, CaseIterable { case retry, hold }
  package enum SuspendPolicy: String, Sendable, CaseIterable { case hold, skip }
  package enum LeftoverPolicy: String, Sendable, CaseIterable { case keep, kill }

  package var name: String
  /// Where it was configured, `file:line`.
  package var place: String
  /// Tells whether two configurations say the same of it; empty where it comes from none.
  package var fingerprint = ""
  /// The keys that say which events it takes, as they were written.
  package var written: [(key: String, value: String)] = []
  package var mode = Mode.enabled
  package var events = EventSelection()
  /// All of them must be among an event's tags.
  package var tags: [String] = []
  /// Names of the sources whose events it takes; nil = all but the one that must be named, see `ActionTable`.
  package var sources: [String]?
  package var filter: Filter?
  package var command: Command
  /// What is looked at before each start: see `Invocation.trustedPaths`.
  package var trustedPaths: [String] = []
  package var parameters: [Parameter] = []
  package var environmentParameters: [(name: String, parameter: Parameter)] = []
  /// Fixed entries `NAME=value`, the whole environment but for ONEVENT_* and `environmentParameters`.
  package var environment: [[UInt8]] = []
  package var standardInput = StandardInput.event
  package var dashPolicy = DashPolicy.allow
  package var workingDirectory = "/"
  /// Nil = the daemon's own user.
  package var identity: RunIdentity?
  /// Whether it may run as root.
  package var allowsRoot = false
  /// The script's umask.
  package var umask: UInt32 = 0o022
  /// The script's niceness, -20 to 19; nil = the daemon's own.
  package var nice: Int32?
  package var limits = ResourceLimits()
  /// Whether nothing that the script executes can have more rights than it, by a setuid bit for example.
  package var noNewPrivileges = true
  /// What becomes of processes that a script leaves behind when it ends by itself.
  package var leftovers = LeftoverPolicy.keep
  package var timeout = Duration.seconds(600)
  package var killAfter = Duration.seconds(10)
  /// A run that takes longer is told once.
  package var warnAfter = Duration.seconds(300)
  /// Nil = only the global limit holds.
  package var maxConcurrent: Int?
  /// Nil = unordered (`none`).
  package var orderBy: FieldPath?
  /// Older events end as expired.
  package var maxEventAge: Duration?
  /// What follows a failed attempt.
  package var retry = RetryPolicy()
  /// What becomes of a run that a crash cut off: another attempt, or it waits for a person.
  package var onInterrupt = InterruptPolicy.retry
  /// What becomes of events while the action is suspended: their runs wait, or there are none.
  package var onSuspend = SuspendPolicy.hold

  package init(name: String, place: String, command: Command) {
    self.name = name
    self.place = place
    self.command = command
  }
}

/// The program that an action starts: its words, with the first one resolved.
package struct Command: Sendable, Equatable {
  /// The absolute path that is executed: the script, or `/bin/sh` for a file without `#!`.
  package var path: String
  /// argv before the parameters, the script's name first.
  package var words: [[UInt8]]

  package init(path: String, words: [[UInt8]]) {
    self.path = path
    self.words = words
  }
}
