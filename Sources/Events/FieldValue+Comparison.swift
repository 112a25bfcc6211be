// SPDX-License-Identifier: Apache-2.0

extension FieldValue {
  var isNull: Bool {
    switch self {
    case .null: true
    case .json(let value): value.kind == .null
    case .missing, .text, .number, .boolean, .list: false
    }
  }

  var isText: Bool {
    switch self {
    case .text: true
    case .json(let value): value.kind == .string
    case .missing, .number, .boolean, .null, .list: false
    }
  }

  var isNumber: Bool {
    switch self {
    case .number: true
    case .json(let value): value.kind == .number
    case .missing, .text, .boolean, .null, .list: false
    }
  }

  private var boolean: Bool? {
    switch self {
    case .boolean(let isTrue): isTrue
    case .json(let value): value.kind == .true ? true : value.kind == .false ? false : nil
    case .missing, .text, .number, .null, .list: nil
    }
  }

  /// Hands over the text of a text, number or boolean without copying; nil for everything else.
  func withScalarText<R>(_ body: (UnsafeBufferPointer<UInt8>?) throws -> R) rethrows -> R {
    switch self {
    case .json(let value):
      switch value.kind {
      case .string, .number, .true, .false: return try value.withText { try body($0) }
      case .null, .array, .object: return try body(nil)
      }
    case .text(let text), .number(let text):
      var text = text
      return try text.withUTF8 { try body($0) }
    case .boolean(let isTrue):
      var text = isTrue ? "true" : "false"
      return try text.withUTF8 { try body($0) }
    case .missing, .null, .list: return try body(nil)
    }
  }

  // MARK: Equality

  /// Whether this is exactly the given value: the same kind, the same text, numbers by their worth.
  func equals(_ literal: Literal) -> Bool {
    switch literal {
    case .null: return isNull
    case .boolean(let expected): return boolean == expected
    case .text(let expected):
      return isText && withScalarText { text in text.map { expected.equals($0) } ?? false }
    case .number(let expected):
      guard isNumber else { return false }
      return expected.withUnsafeBufferPointer { expected in
        withScalarText { text in Self.areEqualNumbers(text, expected) }
      }
    }
  }

  /// Whether two values of events are the same; lists and objects by their JSON.
  func equals(_ other: FieldValue) -> Bool {
    if isNumber, other.isNumber {
      return withScalarText { left in other.withScalarText { right in Self.areEqualNumbers(left, right) } }
    }
    if isText, other.isText {
      return withScalarText { left in
        other.withScalarText { right in
          guard let left, let right else { return false }
          return left.equals(right)
        }
      }
    }
    if let boolean, let others = other.boolean { return boolean == others }
    if isNull || other.isNull { return isNull && other.isNull }
    guard isContainer, other.isContainer else { return false }
    return json == other.json
  }

  private var json: [UInt8] {
    var json: [UInt8] = []
    appendJSON(to: &json)
    return json
  }

  /// Hands over a test whether a value is the same as this one, for asking it of many values.
  ///
  /// What the test needs of this value is made once: a container's JSON, a number's digits. Otherwise a sender could
  /// let a list of many small elements be compared with one large value, at a cost of their product.
  func withEqualityTest<R>(_ body: ((FieldValue) -> Bool) -> R) -> R {
    if isContainer {
      let json = json
      return body { $0.isContainer && $0.json == json }
    }
    if isNumber {
      return withScalarText { text in
        let number = text.flatMap(NumberText.init)
        return body { other in
          guard let number, other.isNumber else { return false }
          return other.withScalarText { $0.flatMap(NumberText.init)?.compared(to: number) == .equal }
        }
      }
    }
    return body { equals($0) }
  }

  func equals(_ operand: Operand, _ event: Event) -> Truth {
    switch operand {
    case .literal(let literal): return Truth(equals(literal))
    case .path(let path):
      let other = event.value(at: path)
      return other.isMissing ? .unknown : Truth(equals(other))
    }
  }

  private var isContainer: Bool {
    switch self {
    case .list: true
    case .json(let value): value.kind == .array || value.kind == .object
    case .missing, .text, .number, .boolean, .null: false
    }
  }

  private static func areEqualNumbers(
    _ left: UnsafeBufferPointer<UInt8>?, _ right: UnsafeBufferPointer<UInt8>?
  ) -> Bool {
    guard let left, let right else { return false }
    // A header can be a number that is none in decimal, such as NaN.
    guard let leftNumber = NumberText(left), let rightNumber = NumberText(right) else { return false }
    return leftNumber.compared(to: rightNumber) == .equal
  }

  // MARK: Order

  /// How this stands to a right side, both numbers (or texts of numbers) or both times; nil where they have no order.
  func compared(to operand: Operand, _ event: Event) -> Ordering? {
    switch operand {
    case .path(let path): return compared(to: event.value(at: path))
    case .literal(.number(let text)), .literal(.text(let text)):
      return text.withUnsafeBufferPointer { right in withOrderedText { Self.compare($0, right) } }
    case .literal(.null), .literal(.boolean): return nil
    }
  }

  private func compared(to other: FieldValue) -> Ordering? {
    withOrderedText { left in other.withOrderedText { right in Self.compare(left, right) } }
  }

  /// As `withScalarText`, but nil for booleans, which have no order.
  private func withOrderedText<R>(_ body: (UnsafeBufferPointer<UInt8>?) -> R) -> R {
    isText || isNumber ? withScalarText(body) : body(nil)
  }

  private static func compare(
    _ left: UnsafeBufferPointer<UInt8>?, _ right: UnsafeBufferPointer<UInt8>?
  ) -> Ordering? {
    guard let left, let right else { return nil }
    if let left = NumberText(left), let right = NumberText(right) { return left.compared(to: right) }
    if let left = Timestamp(left), let right = Timestamp(right) {
      return left < right ? .less : left == right ? .equal : .greater
    }
    return nil
  }
}
