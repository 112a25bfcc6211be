// SPDX-License-Identifier: Apache-2.0

extension FieldValue {
  /// What kind of value it is, in JSON's words; `missing` where there is none.
  package var jsonType: String {
    switch self {
    case .missing: "missing"
    case .text: "string"
    case .number: "number"
    case .boolean: "boolean"
    case .null: "null"
    case .list: "list"
    case .json(let value):
      switch value.kind {
      case .null: "null"
      case .true, .false: "boolean"
      case .number: "number"
      case .string: "string"
      case .array: "list"
      case .object: "object"
      }
    }
  }
}
