// SPDX-License-Identifier: Apache-2.0

/// Knows the next deadline of many; each key has at most one.
///
/// A binary heap that knows where each key is: every operation but a look at the first takes logarithmic time, and
/// what is removed leaves nothing behind.
struct DeadlineQueue {
  private var heap: [(moment: Moment, key: UInt64)] = []
  private var places: [UInt64: Int] = [:]

  var isEmpty: Bool { heap.isEmpty }

  /// The earliest deadline.
  var first: Moment? { heap.first?.moment }

  /// Sets the key's deadline, in place of one that it has.
  mutating func set(_ moment: Moment, for key: UInt64) {
    if let place = places[key] {
      heap[place].moment = moment
      settle(place)
    } else {
      heap.append((moment, key))
      places[key] = heap.count - 1
      settle(heap.count - 1)
    }
  }

  /// Removes the key's deadline, if it has one.
  mutating func remove(_ key: UInt64) {
    guard let place = places.removeValue(forKey: key) else { return }
    let last = heap.removeLast()
    guard place < heap.count else { return }
    heap[place] = last
    places[last.key] = place
    settle(place)
  }

  /// Removes and returns a key whose deadline is not after `now`, the earliest first.
  mutating func popDue(at now: Moment) -> UInt64? {
    guard let earliest = heap.first, earliest.moment <= now else { return nil }
    remove(earliest.key)
    return earliest.key
  }

  /// Moves the entry at `start` up or down to where it belongs.
  private mutating func settle(_ start: Int) {
    var place = start
    while place > 0, heap[place].moment < heap[(place - 1) / 2].moment {
      exchange(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].moment < heap[least].moment {
        least = child
      }
      guard least != place else { return }
      exchange(place, least)
      place = least
    }
  }

  private mutating func exchange(_ one: Int, _ other: Int) {
    heap.swapAt(one, other)
    places[heap[one].key] = one
    places[heap[other].key] = other
  }
}
