// SPDX-License-Identifier: Apache-2.0

package import AMQP
package import ConfigText
package import Events

/// Everything that the configuration files say, typed and validated.
package struct Configuration: Sendable {
  /// The files in the order in which they were read.
  package var files: [String] = []
  /// Twelve hexadecimal digits that change whenever a file, its path or an override does.
  ///
  /// Each attempt is recorded with it.
  package var revision = ""
  /// In the order of the files.
  package var sources: [SourceSettings] = []
  package var local = LocalSourceSettings()
  /// In the order of the files; disabled ones too.
  package var actions: [Action] = []
  /// The groups of event types, those that come with onevent among them.
  package var groups = EventGroups(EventGroups.shipped)
  package var scripts = ScriptSettings()
  package var journal = JournalSettings()
  package var api = APISettings()
  package var log = LogSettings()
  /// What is no error and still worth saying, in the order of the files: for `check`, and for the log at start.
  package var findings: [ConfigFinding] = []

  package init() {}

  /// The findings that the log is to tell, each with its place.
  package var warnings: [(place: String, message: String)] {
    findings.filter { $0.kind == .warning }.map { ("\($0.position)", $0.message) }
  }
}

/// What a load came to.
package enum LoadResult: Sendable {
  case loaded(Configuration)
  /// At least one problem; all of them, and what else was found on the way, in the order of the files.
  case refused(problems: [ConfigProblem], findings: [ConfigFinding])
}

/// One source of type amqp: `[source:NAME]`, or `[DEFAULT]` under the name `default`.
package struct SourceSettings: Sendable {
  /// When the broker is told that a delivery is done with.
  package enum Settle: String, Sendable, CaseIterable {
    /// When the event is in the journal.
    case journal
    /// When its runs have ended.
    case run
  }

  package var name: String
  package var position: SourcePosition
  package var consumer: ConsumerSettings
  package var mapping: EventMapping
  /// Types that are dropped right after decoding, and counted.
  package var ignore: [EventPattern]
  package var settle: Settle
  /// The broker's delivery timeout; under `Settle.run` every action ends within it that can take this source's events.
  package var consumerTimeout: Duration
  /// False when no enabled or observing action can take its events: a shared queue would be drained for nothing.
  package var isConsumed: Bool

  package init(
    name: String, position: SourcePosition, consumer: ConsumerSettings, mapping: EventMapping,
    ignore: [EventPattern], settle: Settle, consumerTimeout: Duration, isConsumed: Bool
  ) {
    self.name = name
    self.position = position
    self.consumer = consumer
    self.mapping = mapping
    self.ignore = ignore
    self.settle = settle
    self.consumerTimeout = consumerTimeout
    self.isConsumed = isConsumed
  }
}

/// The limits that all scripts share: `[scripts]`.
package struct ScriptSettings: Sendable, Equatable {
  /// Whether changed files are read again by themselves.
  package enum Reload: String, Sendable, CaseIterable { case off, watch }

  /// Runs at once, over all actions.
  package var maxConcurrent = 16
  /// Bytes kept of each of a run's two streams, half from the head and half from the tail.
  package var outputLimit = 64 << 10
  /// How long a stopping daemon waits for running scripts before it ends them.
  package var drainTimeout = Duration.seconds(60)
  package var reload = Reload.off

  package init() {}
}

/// What is logged, and in which form: `[log]`.
package struct LogSettings: Sendable, Equatable {
  /// Names as swift-log has them, least serious first.
  package enum Level: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
  }
  package enum Format: String, Sendable, CaseIterable { case text, json, journal }

  package var level = Level.info
  /// Nil: the system journal's where standard error leads there, else text.
  package var format: Format?

  package init() {}
}
