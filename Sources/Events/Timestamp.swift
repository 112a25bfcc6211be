// SPDX-License-Identifier: Apache-2.0

/// A point in time, read from the texts that senders use.
struct Timestamp: Equatable, Comparable {
  private(set) var secondsSince1970: Int
  private(set) var nanoseconds: Int

  /// Reads ISO 8601 (`2026-11-27T12:00:00.5Z`, `…+01:00`) or oslo's `2026-11-27 12:00:00.175992`.
  ///
  /// A text without a zone is UTC, as all of OpenStack writes it. A date alone is its midnight; the seconds may be
  /// left out. More than nine digits of a second are refused, since they could not be told apart.
  init?(_ text: UnsafeBufferPointer<UInt8>) {
    // The longest form is 35 characters; longer texts are somebody's prose.
    guard text.count <= 40 else { return nil }
    var reader = Reader(text: text)
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
      let day = reader.number(2), (1...12).contains(month), (1...Self.days(month, year)).contains(day)
    else { return nil }
    secondsSince1970 = Self.daysSince1970(year, month, day) * 86_400
    nanoseconds = 0
    if reader.isAtEnd { return }
    guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(2), reader.take(":"),
      let minute = reader.number(2), hour < 24, minute < 60
    else { return nil }
    secondsSince1970 += hour * 3600 + minute * 60
    if reader.take(":") {
      // 60 is a leap second.
      guard let second = reader.number(2), second <= 60 else { return nil }
      secondsSince1970 += second
      if reader.take(".") || reader.take(",") {
        guard let fraction = reader.fraction() else { return nil }
        nanoseconds = fraction
      }
    }
    guard let zone = reader.zone(), reader.isAtEnd else { return nil }
    secondsSince1970 -= zone
  }

  static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.secondsSince1970, left.nanoseconds) < (right.secondsSince1970, right.nanoseconds)
  }

  private static func days(_ month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Counts in years that begin in March, so that the leap day is the last.
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let marchYear = month > 2 ? year : year - 1
    let era = (marchYear + 400) / 400 - 1
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private struct Reader {
    let text: UnsafeBufferPointer<UInt8>
    var index = 0

    var isAtEnd: Bool { index == text.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard index < text.count, text[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }

    private mutating func digit() -> Int? {
      guard index < text.count, text[index] >= 0x30, text[index] <= 0x39 else { return nil }
      defer { index += 1 }
      return Int(text[index]) - 0x30
    }

    /// Reads exactly so many digits.
    mutating func number(_ count: Int) -> Int? {
      var value = 0
      for _ in 0..<count {
        guard let digit = digit() else { return nil }
        value = value * 10 + digit
      }
      return value
    }

    /// Reads one to nine digits of a second, as nanoseconds.
    mutating func fraction() -> Int? {
      var value = 0
      var count = 0
      while let digit = digit() {
        count += 1
        guard count <= 9 else { return nil }
        value = value * 10 + digit
      }
      guard count > 0 else { return nil }
      for _ in count..<9 { value *= 10 }
      return value
    }

    /// Reads `Z`, `+01:00`, `+0100`, `+01` or nothing, as seconds east of UTC.
    mutating func zone() -> Int? {
      if isAtEnd || take("Z") || take("z") { return 0 }
      let isEast = take("+")
      guard isEast || take("-"), let hours = number(2) else { return nil }
      var minutes = 0
      if !isAtEnd {
        _ = take(":")
        guard let read = number(2) else { return nil }
        minutes = read
      }
      guard hours < 24, minutes < 60 else { return nil }
      return (hours * 3600 + minutes * 60) * (isEast ? 1 : -1)
    }
  }
}

extension Event {
  /// How long before its receipt the event happened, by the sender's clock; nil when it names no time that can be read.
  package var age: Duration? {
    guard var time, let timestamp = time.withUTF8({ Timestamp($0) }) else { return nil }
    return .nanoseconds(envelope.received) - timestamp.sinceEpoch
  }
}

extension Timestamp {
  fileprivate var sinceEpoch: Duration { .seconds(secondsSince1970) + .nanoseconds(nanoseconds) }
}
