// SPDX-License-Identifier: Apache-2.0

/// One entry of `script_params` or `env_params`: gives exactly one argument.
package struct Parameter: Sendable, CustomStringConvertible {
  /// The entry as it was written.
  package let description: String

  /// Reads one entry: `path`, `path?`, `path:-default`, `"text {path} text"`, `"literal"`.
  ///
  /// - Throws: `FieldPathError` with the offset in the entry.
  package init(_ text: String) throws(FieldPathError) { description = text }

  /// The paths that it reads, for checks against known events.
  package var paths: [FieldPath] { fatalError("stub") }

  /// The name for `ONEVENT_PARAM_<NAME>` where the entry is a path, else nil.
  package var environmentName: String? { fatalError("stub") }
}

/// Why an action cannot be run for an event: a value is missing or cannot be passed faithfully.
package struct Refusal: Error, Equatable, CustomStringConvertible {
  /// A sentence with the parameter, the path, the cause, the paths beside it, and the cure.
  package var description: String
}

/// The facts of a run that reach its script's environment.
package struct RunFacts: Sendable {
  package var runID: String
  package var eventNumber: UInt64
  package var attempt: Int

  package init(runID: String, eventNumber: UInt64, attempt: Int) {
    self.runID = runID
    self.eventNumber = eventNumber
    self.attempt = attempt
  }
}

extension Action {
  /// Resolves what an attempt executes for an event.
  package func invocation(for event: Event, _ run: RunFacts) throws(Refusal) -> Invocation { fatalError("stub") }

  /// The value that orders this action's runs; nil = unordered.
  package func orderingKey(for event: Event) -> String? { fatalError("stub") }
}
