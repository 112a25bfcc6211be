// SPDX-License-Identifier: Apache-2.0

import Journal

extension Dispatcher {
  /// Parts of what came in, each for a transaction of its own, in order.
  func portions(of changes: [DispatchInput]) -> [[DispatchInput]] {
    guard arrivals(in: changes) > arrivalLimit else { return [changes] }
    var portions: [[DispatchInput]] = [[]]
    var room = arrivalLimit
    for change in changes {
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
      if case .arrived(let arrivals) = change { count + arrivals.count } else { count }
    }
  }
}

extension DispatchInput {
  /// Whether an event is among it whose delivery is settled with the commit.
  var isArrival: Bool {
    // Under `settle = run` the broker keeps the event until its runs have ended.
    if case .arrived(let arrivals) = self { arrivals.contains { $0.event.settle == .journal } } else { false }
  }

  var isEnd: Bool {
    if case .ended = self { true } else { false }
  }
}
