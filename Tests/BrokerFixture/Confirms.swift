// SPDX-License-Identifier: Apache-2.0

/// Which of a channel's published messages the broker has confirmed.
struct Confirms {
  private(set) var published: UInt64 = 0
  /// All up to this one are confirmed.
  private var floor: UInt64 = 0
  /// Confirmed ones past the floor: the broker confirms in any order.
  private var scattered: Set<UInt64> = []

  var outstanding: Int { Int(published - floor) - scattered.count }

  mutating func publishedOne() { published += 1 }

  mutating func confirmed(_ tag: UInt64, multiple: Bool) {
    if multiple {
      floor = max(floor, tag)
      scattered = scattered.filter { $0 > floor }
    } else if tag > floor {
      scattered.insert(tag)
    }
    while scattered.remove(floor + 1) != nil { floor += 1 }
  }
}
