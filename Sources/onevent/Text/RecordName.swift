// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WebAPI

/// How a person names what is recorded.
///
/// `17` is run 17, `e17` event 17, `u17` the 17th event that matched nothing; anything else that is hexadecimal, 4 to
/// 32 digits, is the beginning of a run's id.
enum RecordName: ExpressibleByArgument, Equatable {
  /// A number or the beginning of an id, as it was written.
  case run(String)
  case event(Int64)
  case unmatched(Int64)

  init?(argument: String) {
    // No event has a number of more than 19 digits, so that a whole id that begins with e is one.
    if let first = argument.first, first == "e" || first == "u", argument.utf8.count <= 20,
      let number = Self.number(argument.dropFirst())
    {
      self = first == "e" ? .event(number) : .unmatched(number)
    } else if RunReference(argument) != nil {
      self = .run(argument)
    } else {
      return nil
    }
  }

  fileprivate static func number(_ text: some StringProtocol) -> Int64? {
    let isDecimal = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return isDecimal ? Int64(text) : nil
  }
}

/// A run, where nothing else can be meant.
struct RunName: ExpressibleByArgument, Equatable {
  let text: String

  init?(argument: String) {
    guard case .run(let text) = RecordName(argument: argument) else { return nil }
    self.text = text
  }
}

/// An event, where nothing else can be meant: `17` or `e17`, and for those that matched nothing `u17`.
enum EventName: ExpressibleByArgument, Equatable {
  case stored(Int64)
  case unmatched(Int64)

  init?(argument: String) {
    if let number = RecordName.number(argument) {
      self = .stored(number)
      return
    }
    switch RecordName(argument: argument) {
    case .event(let number): self = .stored(number)
    case .unmatched(let number): self = .unmatched(number)
    case .run, nil: return nil
    }
  }
}
