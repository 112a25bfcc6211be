// SPDX-License-Identifier: Apache-2.0

/// What judging filters needs beside the event.
///
/// Owned by one thread.
final class FilterMemory {
  let regexMemory = RegexMemory()
  let pause: () -> Void
  private var steps = 0

  init(pause: @escaping () -> Void) {
    self.pause = pause
  }

  /// Lets the caller look at its socket: behind each run of PCRE2, which may take milliseconds, else now and then.
  fileprivate func rest(afterCode: Bool = false) {
    steps &+= 1
    if afterCode || steps & 63 == 0 { pause() }
  }
}

extension Filter {
  /// Whether an event fulfils every entry.
  func truth(_ event: Event, _ memory: FilterMemory) -> Truth {
    nodes.all { $0.truth(event, memory) }
  }
}

extension Filter.Node {
  func truth(_ event: Event, _ memory: FilterMemory) -> Truth {
    switch self {
    case .value(let condition):
      let value = event.value(at: condition.path)
      if let prefix = condition.prefix {
        memory.rest()
        return value.begins(with: prefix)
      }
      return condition.tests.all { $0.truth(value, event, memory) }
    case .all(let filters): return filters.all { $0.truth(event, memory) }
    case .any(let filters): return filters.any { $0.truth(event, memory) }
    case .not(let filters): return !filters.all { $0.truth(event, memory) }
    }
  }
}

extension ValueTest {
  /// Whether a value fulfils the test.
  ///
  /// Unknown where a side is missing, where two values have no order (a text that is neither number nor time, null),
  /// and where a regex hit its limit. A value of a kind that the test does not take, such as a list for a regex, is a
  /// plain "no".
  func truth(_ value: FieldValue, _ event: Event, _ memory: FilterMemory) -> Truth {
    switch self {
    case .all(let tests): return tests.all { $0.truth(value, event, memory) }
    case .any(let tests): return tests.any { $0.truth(value, event, memory) }
    case .not(let test): return !test.truth(value, event, memory)
    case .exists(let expected): return Truth(!value.isMissing == expected)
    default:
      if value.isMissing { return .unknown }
      defer { memory.rest(afterCode: runsCode) }
      return comparison(value, event, memory)
    }
  }

  private var runsCode: Bool {
    if case .regex(let regex) = self, case .code = regex.program { true } else { false }
  }

  private func comparison(_ value: FieldValue, _ event: Event, _ memory: FilterMemory) -> Truth {
    switch self {
    case .all, .any, .not, .exists: return .unknown
    case .regex(let regex):
      return value.withScalarText { text in
        guard let text else { return .no }
        switch regex.match(text, memory.regexMemory) {
        case .matched: return .yes
        case .notMatched: return .no
        case .limitHit: return .unknown
        }
      }
    case .glob(let glob):
      return value.withScalarText { text in Truth(text.map { glob.matches($0, pause: memory.pause) } ?? false) }
    case .equal(let operand): return value.equals(operand, event)
    case .notEqual(let operand): return !value.equals(operand, event)
    case .oneOf(let literals): return Truth(literals.contains { value.equals($0) })
    case .elementOf(let path):
      let list = event.value(at: path)
      return list.isMissing ? .unknown : Truth(list.containsElement(value, memory))
    case .order(let symbol, let operand):
      guard let ordering = value.compared(to: operand, event) else { return .unknown }
      return Truth(symbol.holds(ordering))
    case .contains(let operand): return value.contains(operand, event, memory)
    }
  }
}

extension FieldValue {
  /// What a regex says that is a plain text.
  @inline(__always)
  fileprivate func begins(with prefix: [UInt8]) -> Truth {
    if isMissing { return .unknown }
    return prefix.withUnsafeBufferPointer { prefix in
      withScalarText { text in Truth(text?.begins(with: prefix) ?? false) }
    }
  }

  /// Whether this is a list with an element that equals the right side, or a text with the right side in it.
  fileprivate func contains(_ operand: Operand, _ event: Event, _ memory: FilterMemory) -> Truth {
    switch operand {
    case .path(let path):
      let right = event.value(at: path)
      if right.isMissing { return .unknown }
      if containsElement(right, memory) { return .yes }
      guard right.isText else { return .no }
      return right.withScalarText { part in Truth(part.map { containsText($0) } ?? false) }
    case .literal(let literal):
      if containsElement(memory, { $0.equals(literal) }) { return .yes }
      guard case .text(let part) = literal else { return .no }
      return part.withUnsafeBufferPointer { part in Truth(containsText(part)) }
    }
  }

  private func containsText(_ part: UnsafeBufferPointer<UInt8>) -> Bool {
    isText && withScalarText { $0?.contains(part) ?? false }
  }

  /// Whether an element of this list is the same as a value, at a cost of both and not of their product.
  fileprivate func containsElement(_ value: FieldValue, _ memory: FilterMemory) -> Bool {
    value.withEqualityTest { isEqual in containsElement(memory, isEqual) }
  }

  /// Whether an element of this list satisfies a condition; false where this is no list.
  fileprivate func containsElement(_ memory: FilterMemory, _ condition: (FieldValue) -> Bool) -> Bool {
    switch self {
    case .list(let texts):
      return texts.contains {
        memory.rest()
        return condition(.text($0))
      }
    case .json(let value):
      var isFound = false
      value.forEachElement {
        memory.rest()
        isFound = condition(.json($0.unwrapped))
        return !isFound
      }
      return isFound
    case .missing, .text, .number, .boolean, .null: return false
    }
  }
}
