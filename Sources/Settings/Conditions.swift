// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// The value of `filter_params`: the filter, and where each of its parts was written.
struct Conditions: Sendable {
  let filter: Filter
  /// The filter as JSON: the INI value itself, or the YAML map written as JSON, every part with its place in the file.
  let json: ConfigText

  /// One condition at the top of the filter, as a filter of its own.
  struct Part: Sendable {
    let filter: Filter
    let position: SourcePosition
  }

  /// The conditions at the top of the filter, all of which must hold.
  func separate() -> [Part] {
    let document = JSONDocument()
    var members: [(key: String, json: [UInt8])] = []
    guard (try? document.parse(json.text)) != nil else { return [] }
    document.root.forEachMember { key, value in
      let key = String(decoding: key, as: UTF8.self)
      var text = Array("{\(key.quotedAsJSON):".utf8)
      value.appendJSON(to: &text, unwrapping: false)
      text.append(UInt8(ascii: "}"))
      members.append((key, text))
      return true
    }
    return members.compactMap { member in
      guard (try? member.json.withUnsafeBytes(document.parse)) != nil, let filter = try? Filter(document.root) else {
        return nil
      }
      return Part(filter: filter, position: json.position(of: [member.key]))
    }
  }
}

/// The way from a part of a filter to its place in the filter's text.
enum ConditionPlace {
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

extension ConfigText {
  /// Where the entry stands in a JSON text that a chain of keys and indexes leads to, or the nearest around it.
  ///
  /// Keys are looked for one behind the other.
  func position(of chain: [String]) -> SourcePosition {
    var found = text.startIndex
    for key in chain {
      guard let range = text[found...].firstRange(of: key.quotedAsJSON) else { continue }
      found = range.lowerBound
    }
    return position(atUTF8: text.utf8.distance(from: text.startIndex, to: found))
  }
}

extension String {
  /// The text as a JSON string.
  var quotedAsJSON: String {
    ConfigValue.raw(ConfigText(text: self, lines: [])).json.text
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
