// SPDX-License-Identifier: Apache-2.0

/// What Prometheus would make of an answer to `/metrics`, read strictly by the rules of the text format 0.0.4.
///
/// Stricter than Prometheus where a program can go wrong unnoticed: every family has one `# HELP` and one `# TYPE`
/// line, in this order and directly before all of its samples; no sample is there twice or carries a time stamp;
/// counters end in `_total`; histograms are whole and their buckets grow.
package struct ScrapedMetrics {
  package struct Sample {
    package var name: String
    package var labels: [String: String]
    package var value: Double
  }

  package struct Family {
    package var name: String
    package var type: String
    package var help: String
    package var samples: [Sample] = []
  }

  package struct Fault: Error, CustomStringConvertible {
    package var description: String
  }

  package private(set) var families: [Family] = []

  package init(_ text: String) throws {
    guard text.isEmpty || text.hasSuffix("\n") else { throw Fault(description: "the last line does not end") }
    var help: (name: String, text: String)?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().enumerated() {
      var reader = LineReader(line)
      do {
        if line.hasPrefix("# HELP ") {
          guard help == nil else { throw Fault(description: "two HELP lines follow each other") }
          help = try reader.help()
        } else if line.hasPrefix("# TYPE ") {
          let (name, type) = try reader.type()
          guard let told = help, told.name == name else { throw Fault(description: "TYPE without its HELP before it") }
          guard !families.contains(where: { $0.name == name }) else {
            throw Fault(description: "\(name) is there twice")
          }
          families.append(Family(name: name, type: type, help: told.text))
          help = nil
        } else {
          guard help == nil else { throw Fault(description: "HELP without TYPE") }
          try add(try reader.sample())
        }
      } catch {
        throw Fault(description: "line \(index + 1): \(error): \(line)")
      }
    }
    for family in families { try check(family) }
  }

  /// The names of samples that a family may have.
  package static func sampleNames(_ name: String, type: String) -> [String] {
    type == "histogram" ? ["\(name)_bucket", "\(name)_sum", "\(name)_count"] : [name]
  }

  private mutating func add(_ sample: Sample) throws {
    guard let family = families.last, Self.sampleNames(family.name, type: family.type).contains(sample.name) else {
      throw Fault(description: "a sample that does not stand with its family")
    }
    guard !family.samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels }) else {
      throw Fault(description: "a sample that is there twice")
    }
    families[families.count - 1].samples.append(sample)
  }

  private func check(_ family: Family) throws {
    guard !family.samples.isEmpty else { throw Fault(description: "\(family.name) has no samples") }
    switch family.type {
    case "counter":
      guard family.name.hasSuffix("_total") else { throw Fault(description: "\(family.name) does not end in _total") }
      for sample in family.samples where !(sample.value >= 0 && sample.value.isFinite) {
        throw Fault(description: "\(family.name) is \(sample.value)")
      }
    case "gauge":
      guard !family.name.hasSuffix("_total") else { throw Fault(description: "\(family.name) is a gauge") }
    case "histogram": try checkHistogram(family)
    default: throw Fault(description: "\(family.name) is of the unknown type \(family.type)")
    }
  }

  private func checkHistogram(_ family: Family) throws {
    let series = Set(family.samples.map { $0.labels.filter { $0.key != "le" } })
    for labels in series {
      let buckets = family.samples.filter { sample in
        sample.name == "\(family.name)_bucket" && sample.labels.filter { $0.key != "le" } == labels
      }
      let bounds = try buckets.map { sample in
        guard let text = sample.labels["le"], let bound = LineReader.number(text) else {
          throw Fault(description: "\(family.name) has a bucket without a bound")
        }
        return bound
      }
      guard bounds.last == .infinity, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw Fault(description: "the bounds of \(family.name) are \(bounds)")
      }
      guard zip(buckets, buckets.dropFirst()).allSatisfy({ $0.value <= $1.value }) else {
        throw Fault(description: "the buckets of \(family.name) do not grow")
      }
      guard let count = value("\(family.name)_count", labels), value("\(family.name)_sum", labels) != nil,
        count == buckets.last?.value
      else { throw Fault(description: "\(family.name) has no sum, or its count is not that of its last bucket") }
    }
  }
}

extension ScrapedMetrics {
  package func family(_ name: String) -> Family? { families.first { $0.name == name } }

  package var samples: [Sample] { families.flatMap(\.samples) }

  /// The value of the series that has exactly these labels.
  package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    samples.first { $0.name == name && $0.labels == labels }?.value
  }
}

/// Reads one line of the text format.
private struct LineReader {
  private var rest: Substring

  init(_ line: Substring) { rest = line }

  mutating func help() throws -> (name: String, text: String) {
    rest = rest.dropFirst("# HELP ".count)
    let name = try name(colons: true)
    try expect(" ")
    guard !rest.isEmpty else { throw ScrapedMetrics.Fault(description: "HELP says nothing") }
    return (name, String(rest))
  }

  mutating func type() throws -> (name: String, type: String) {
    rest = rest.dropFirst("# TYPE ".count)
    let name = try name(colons: true)
    try expect(" ")
    return (name, String(rest))
  }

  mutating func sample() throws -> ScrapedMetrics.Sample {
    let name = try name(colons: true)
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest.removeFirst()
      repeat {
        let label = try self.name(colons: false)
        try expect("=")
        try expect("\"")
        guard labels.updateValue(try quoted(), forKey: label) == nil else {
          throw ScrapedMetrics.Fault(description: "the label \(label) twice")
        }
      } while take(",")
      try expect("}")
    }
    try expect(" ")
    guard let value = Self.number(String(rest)) else { throw ScrapedMetrics.Fault(description: "no number: \(rest)") }
    return ScrapedMetrics.Sample(name: name, labels: labels, value: value)
  }

  /// As Go reads it; nothing else may stand there.
  static func number(_ text: String) -> Double? {
    switch text {
    case "+Inf": .infinity
    case "-Inf": -.infinity
    case "NaN": .nan
    default: text.allSatisfy({ "0123456789.+-e".contains($0) }) ? Double(text) : nil
    }
  }

  private mutating func name(colons: Bool) throws -> String {
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || colons && $0 == ":") }
    guard let first = name.first, !first.isNumber else { throw ScrapedMetrics.Fault(description: "no name") }
    rest = rest.dropFirst(name.count)
    return String(name)
  }

  private mutating func quoted() throws -> String {
    var text = ""
    while let character = rest.popFirst() {
      switch character {
      case "\"": return text
      case "\\":
        switch rest.popFirst() {
        case "\\": text.append("\\")
        case "\"": text.append("\"")
        case "n": text.append("\n")
        default: throw ScrapedMetrics.Fault(description: "an escape that there is not")
        }
      default: text.append(character)
      }
    }
    throw ScrapedMetrics.Fault(description: "a label value does not end")
  }

  private mutating func take(_ character: Character) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func expect(_ character: Character) throws {
    guard take(character) else { throw ScrapedMetrics.Fault(description: "'\(character)' expected before '\(rest)'") }
  }
}
