// SPDX-License-Identifier: Apache-2.0

/// The conditions of an action, from its `filter_params`.
package struct Filter: Sendable {
  /// What one entry of a filter asks.
  enum Node: Sendable {
    /// A condition on what stands at a path.
    case value(PathCondition)
    /// `@all`, `@any`, `@not`, each entry a whole filter.
    case all([Filter])
    case any([Filter])
    case not([Filter])
  }

  /// Every entry must hold.
  let nodes: [Node]

  init(nodes: [Node]) {
    self.nodes = nodes
  }

  /// Reads a filter from JSON, either the INI value or the YAML map written as JSON.
  ///
  /// Every problem is reported, not the first: wrong operators, empty maps and lists, regexes outside the dialect.
  package init(_ json: JSONValue) throws(FilterErrors) {
    var reader = FilterReader()
    let filter = reader.filter(json, at: "")
    guard reader.problems.isEmpty else { throw FilterErrors(problems: reader.problems) }
    self = filter
  }

  /// Every path that the filter looks at, for checks against known events.
  ///
  /// In the order of the filter; a path that is asked for twice is there twice.
  package var paths: [FieldPath] {
    nodes.flatMap { node in
      switch node {
      case .value(let condition): [condition.path] + condition.tests.flatMap(\.paths)
      case .all(let filters), .any(let filters), .not(let filters): filters.flatMap(\.paths)
      }
    }
  }
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

/// The conditions on the value at one path.
///
/// A class, and the tests apart from their texts, so that judging an event copies neither path nor texts.
final class PathCondition: Sendable {
  let path: FieldPath
  /// One for each operator, else a single one.
  let tests: [ValueTest]
  /// Beside each test, as it was configured: path, operator, operand.
  let texts: [String]
  /// The only test, where it is a regex that is a plain text: what most conditions are, told without a detour.
  let prefix: [UInt8]?

  init(path: FieldPath, parts: [(text: String, test: ValueTest)]) {
    self.path = path
    tests = parts.map(\.test)
    texts = parts.map(\.text)
    if tests.count == 1, case .regex(let regex) = tests[0], case .prefix(let bytes) = regex.program {
      prefix = bytes
    } else {
      prefix = nil
    }
  }
}

/// What is asked of one value.
indirect enum ValueTest: Sendable {
  case all([ValueTest])
  case any([ValueTest])
  case not(ValueTest)
  case regex(PythonRegex)
  case glob(Glob)
  case equal(Operand)
  case notEqual(Operand)
  /// One of the texts of a list; a path must find a list.
  case oneOf([Literal])
  case elementOf(FieldPath)
  case order(OrderOperator, Operand)
  case exists(Bool)
  case contains(Operand)

  /// The paths of its right sides.
  var paths: [FieldPath] {
    switch self {
    case .all(let tests), .any(let tests): tests.flatMap(\.paths)
    case .not(let test): test.paths
    case .equal(.path(let path)), .notEqual(.path(let path)), .order(_, .path(let path)), .contains(.path(let path)),
      .elementOf(let path):
      [path]
    default: []
    }
  }
}

enum OrderOperator: String, Sendable {
  case lt, le, gt, ge

  func holds(_ ordering: Ordering) -> Bool {
    switch self {
    case .lt: ordering == .less
    case .le: ordering != .greater
    case .gt: ordering == .greater
    case .ge: ordering != .less
    }
  }
}

/// The right side of a comparison.
enum Operand: Sendable {
  case literal(Literal)
  /// `{"path": "end_time"}`
  case path(FieldPath)
}

/// A value that stands in the configuration.
enum Literal: Sendable {
  case null
  case boolean(Bool)
  /// By its text.
  case number([UInt8])
  case text([UInt8])

  /// Copies a value of JSON; nil for lists and objects.
  init?(_ json: JSONValue) {
    switch json.kind {
    case .null: self = .null
    case .false: self = .boolean(false)
    case .true: self = .boolean(true)
    case .number: self = .number(json.withText { Array($0) })
    case .string: self = .text(json.withText { Array($0) })
    case .array, .object: return nil
    }
  }
}
