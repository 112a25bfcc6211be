// SPDX-License-Identifier: Apache-2.0

/// The conditions of an action, from its `filter_params`.
package struct Filter: Sendable {
  /// Reads a filter from JSON, either the INI value or the YAML map written as JSON.
  ///
  /// Every problem is reported, not the first: wrong operators, empty maps and lists, regexes outside the dialect.
  package init(_ json: JSONValue) throws(FilterErrors) { fatalError("stub") }

  /// Every path that the filter looks at, for checks against known events.
  package var paths: [FieldPath] { fatalError("stub") }
}

package struct FilterErrors: Error {
  package struct Problem: Equatable, Sendable {
    /// Where in the filter: keys and indexes from its root, `@any[0].purpose.regex`.
    package var place: String
    /// What was found, what is expected, and the cure.
    package var message: String
  }
  package var problems: [Problem]
}

/// Kleene's three values: a comparison with something missing is unknown.
package enum Truth: Sendable, Equatable { case no, unknown, yes }

/// What one condition came to, for `explain`.
package struct Finding {
  /// The condition as configured: path, operator, operand.
  package var condition: String
  package var path: String?
  /// The value found, rendered; nil when missing.
  package var actual: String?
  package var truth: Truth
  /// Why, where the truth alone does not say: a missing parent, a regex limit hit.
  package var reason: String?
}
