// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// The value of `filter_params`: the filter, and where each of its parts was written.
struct Conditions: Sendable {
  let filter: Filter
  /// The filter as JSON: the INI value itself, or the YAML map written as JSON.
  let json: String
  let places: ConditionPlaces

  /// One condition at the top of the filter, as a filter of its own.
  struct Part: Sendable {
    let filter: Filter
    let position: SourcePosition
  }

  /// The conditions at the top of the filter, all of which must hold.
  func separate() -> [Part] {
    let document = JSONDocument()
    var members: [(key: String, json: [UInt8])] = []
    guard (try? document.parse(json)) != nil else { return [] }
    document.root.forEachMember { key, value in
      var text = Array("{".utf8)
      text += JSONText.string(String(decoding: key, as: UTF8.self)).utf8
      text.append(UInt8(ascii: ":"))
      value.appendJSON(to: &text, unwrapping: false)
      text.append(UInt8(ascii: "}"))
      members.append((String(decoding: key, as: UTF8.self), text))
      return true
    }
    return members.compactMap { member in
      guard (try? member.json.withUnsafeBytes(document.parse)) != nil, let filter = try? Filter(document.root) else {
        return nil
      }
      return Part(filter: filter, position: places.position(of: [member.key]))
    }
  }
}

/// Finds the parts of a filter in the file.
enum ConditionPlaces: Sendable {
  /// JSON: keys are looked for in the text, one behind the other.
  case text(ConfigText)
  /// YAML knows where each of its entries stands.
  case entries([ConfigEntry], SourcePosition)

  /// Where the entry stands that a chain of keys and indexes leads to, or the nearest around it.
  func position(of chain: [String]) -> SourcePosition {
    switch self {
    case .text(let text):
      let whole = text.text
      var found = whole.startIndex
      for key in chain {
        guard let range = whole[found...].firstRange(of: JSONText.string(key)) else { continue }
        found = range.lowerBound
      }
      return text.position(atUTF8: whole.utf8.distance(from: whole.startIndex, to: found))
    case .entries(let entries, let start):
      return Self.position(of: chain[...], in: .map(entries, start)) ?? start
    }
  }

  private static func position(of chain: ArraySlice<String>, in value: ConfigValue) -> SourcePosition? {
    guard let key = chain.first else { return value.position }
    switch value {
    case .map(let entries, _):
      guard let entry = entries.first(where: { $0.key == key }) else { return value.position }
      return chain.count == 1 ? entry.position : position(of: chain.dropFirst(), in: entry.value)
    case .list(let values, _):
      guard let index = Int(key), values.indices.contains(index) else { return value.position }
      return position(of: chain.dropFirst(), in: values[index])
    case .raw, .scalar:
      return value.position
    }
  }

  /// Takes a place such as `@any[0].purpose.regex` apart by the filter that it is in: keys may hold dots themselves.
  static func chain(of place: String, in root: JSONValue) -> [String] {
    var chain: [String] = []
    var rest = place[...]
    var value = root
    while !rest.isEmpty {
      if rest.first == "[" {
        let digits = rest.dropFirst().prefix { $0 != "]" }
        guard let index = Int(digits), let element = value.element(index) else { return chain }
        chain.append(String(digits))
        rest = rest.dropFirst(digits.count + 2)
        value = element
        continue
      }
      if rest.first == "." { rest = rest.dropFirst() }
      var best: (key: String, value: JSONValue)?
      value.forEachMember { bytes, member in
        let key = String(decoding: bytes, as: UTF8.self)
        let after = rest.hasPrefix(key) ? rest.dropFirst(key.count).first : "x"
        if after == nil || after == "." || after == "[", key.count > best?.key.count ?? -1 { best = (key, member) }
        return true
      }
      guard let found = best else { return chain }
      chain.append(found.key)
      rest = rest.dropFirst(found.key.count)
      value = found.value
    }
    return chain
  }
}

extension JSONDocument {
  /// Parses a text.
  func parse(_ text: String) throws(JSONError) {
    let bytes = Array(text.utf8)
    var failure: JSONError?
    bytes.withUnsafeBytes { buffer in
      do throws(JSONError) { try parse(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
