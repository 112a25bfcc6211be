// SPDX-License-Identifier: Apache-2.0

/// Writes metrics in Prometheus' text format, version 0.0.4.
///
/// See "Exposition formats" of the Prometheus documentation: one `# HELP` and one `# TYPE` line in front of all samples
/// of a name, a line feed at the end of each line; backslash, quote and line feed are escaped in label values,
/// backslash and line feed in help texts.
struct Exposition {
  private(set) var bytes: [UInt8] = []

  /// Adds a family with its series, by their labels as `labels` writes them; one without any is left out.
  mutating func add(_ family: MetricFamily, _ series: [String: MetricValue]) {
    guard !series.isEmpty else { return }
    if let help = family.help { line("# HELP ", family.name, " ", Self.escaped(help, quotes: false)) }
    line("# TYPE ", family.name, " ", family.kind.rawValue)
    for (labels, value) in series.sorted(by: { $0.key < $1.key }) {
      switch value {
      case .number(let number): sample(family.name, labels, Self.number(number))
      case .histogram(let counts): add(counts, family.name, labels)
      }
    }
  }

  private mutating func add(_ counts: HistogramCell.Counts, _ name: String, _ labels: String) {
    var sum: UInt64 = 0
    let separator = labels.isEmpty ? "" : ","
    for (index, count) in counts.buckets.enumerated() {
      sum += count
      let bound = index < counts.bounds.count ? Self.number(counts.bounds[index]) : "+Inf"
      sample("\(name)_bucket", "\(labels)\(separator)le=\"\(bound)\"", "\(sum)")
    }
    sample("\(name)_sum", labels, Self.number(counts.sum))
    sample("\(name)_count", labels, "\(sum)")
  }

  private mutating func sample(_ name: String, _ labels: String, _ value: String) {
    if labels.isEmpty { line(name, " ", value) } else { line(name, "{", labels, "} ", value) }
  }

  private mutating func line(_ parts: String...) {
    for part in parts { bytes += part.utf8 }
    bytes.append(UInt8(ascii: "\n"))
  }

  // MARK: Spelling

  /// Labels as they stand between the braces, in the order of their names.
  static func labels(_ labels: [(name: String, value: String)]) -> String {
    labels.sorted { $0.name < $1.name }
      .map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    guard text.utf8.contains(where: { $0 == 0x5c || $0 == 0x0a || $0 == 0x22 }) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// A number as Go's ParseFloat reads it; whole ones without a decimal point.
  static func number(_ number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: number), abs(whole) < 1 << 53 { return "\(whole)" }
    return "\(number)"
  }

  /// A metric's name of the letters that Prometheus takes: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
  static func name(_ text: String) -> String { spelled(text, colons: true) }

  /// A label's name: the same without colons.
  static func labelName(_ text: String) -> String { spelled(text, colons: false) }

  private static func spelled(_ text: String, colons: Bool) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
        bytes.append(byte)
      case UInt8(ascii: "0")...UInt8(ascii: "9") where !bytes.isEmpty: bytes.append(byte)
      case UInt8(ascii: ":") where colons: bytes.append(byte)
      default: bytes.append(UInt8(ascii: "_"))
      }
    }
    return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
  }
}
