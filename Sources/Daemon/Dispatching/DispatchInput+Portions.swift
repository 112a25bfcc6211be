// SPDX-License-Identifier: Apache-2.0

import Journal

extension Dispatcher {
  /// Parts of what came in, each for a transaction of its own, in order.
  func portions(of changes: [DispatchInput]) -> [[DispatchInput]] {
    guard arrivals(in: changes) > arrivalLimit else { return [changes] }
    var portions: [[DispatchInput]] = [[]]
    var room = arrivalLimit
    for change in changes {
      if case .published(let batch) = change {
        // It is never split: all of it is stored, or none.
        if room < batch.arrivals.count, room < arrivalLimit { portions.append([]) }
        portions[portions.count - 1].append(change)
        room = max(0, (room < batch.arrivals.count ? arrivalLimit : room) - batch.arrivals.count)
        continue
      }
      guard case .arrived(let arrivals) = change else {
        portions[portions.count - 1].append(change)
        continue
      }
      var rest = arrivals[...]
      while !rest.isEmpty {
        if room == 0 {
          portions.append([])
          room = arrivalLimit
        }
        portions[portions.count - 1].append(.arrived(Array(rest.prefix(room))))
        let taken = min(room, rest.count)
        rest = rest.dropFirst(taken)
        room -= taken
      }
    }
    return portions
  }

  func arrivals(in changes: [DispatchInput]) -> Int {
    changes.reduce(0) { count, change in
      count + change.arrivals.count
    }
  }
}

extension DispatchInput {
  /// The events that it brings.
  var arrivals: [Arrival] {
    switch self {
    case .arrived(let arrivals): arrivals
    case .published(let batch): batch.arrivals
    case .endures, .ended, .asked, .happened, .tick, .drain, .abandon, .stop: []
    }
  }

  /// Whether an event is among it whose delivery is settled with the commit.
  var isArrival: Bool {
    // Under `settle = run` the broker keeps the event until its runs have ended.
    arrivals.contains { $0.event.settle == .journal }
  }

  var isEnd: Bool {
    if case .ended = self { true } else { false }
  }
}
