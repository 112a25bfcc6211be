// SPDX-License-Identifier: Apache-2.0

/// Kleene's three values: a comparison with something missing is unknown.
package enum Truth: Sendable, Equatable {
  case no, unknown, yes

  init(_ holds: Bool) {
    self = holds ? .yes : .no
  }

  /// The opposite; what is unknown stays so.
  static prefix func ! (truth: Truth) -> Truth {
    switch truth {
    case .no: .yes
    case .unknown: .unknown
    case .yes: .no
    }
  }
}

extension Sequence {
  /// Whether a condition holds of every element: no, where it fails of one; else unknown, where it is so of one.
  ///
  /// Stops at the first "no", like `allSatisfy`.
  func all(_ condition: (Element) throws -> Truth) rethrows -> Truth {
    var result = Truth.yes
    for element in self {
      switch try condition(element) {
      case .no: return .no
      case .unknown: result = .unknown
      case .yes: continue
      }
    }
    return result
  }

  /// Whether a condition holds of any element: yes, where it holds of one; else unknown, where it is so of one.
  ///
  /// Stops at the first "yes", like `contains`.
  func any(_ condition: (Element) throws -> Truth) rethrows -> Truth {
    try !all { !(try condition($0)) }
  }
}
