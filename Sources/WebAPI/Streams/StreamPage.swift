// SPDX-License-Identifier: Apache-2.0

import Events
import Journal
import NIOCore

/// Messages of a stream in the order of their ids, written once for everybody.
///
/// A client to whom all of it is new sends the very bytes that the others send.
struct StreamPage: Sendable {
  private struct Entry: Sendable {
    var id: Int64
    /// Where its message ends in `text`.
    var end: Int
    var facts: StreamFacts
  }

  private var entries: [Entry] = []
  private var text = ByteBuffer()
  /// Bytes that the page takes about.
  private(set) var size = 0

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }
  var firstID: Int64? { entries.first?.id }
  var lastID: Int64? { entries.last?.id }

  /// Adds a message, whose id is above all others.
  mutating func append(_ id: Int64, _ kind: StreamKind, _ json: [UInt8], _ facts: StreamFacts) {
    let message = StreamMessage(id: id, name: kind.messageName, data: json)
    message.write(to: &text)
    entries.append(Entry(id: id, end: text.writerIndex, facts: facts))
    size += message.size + facts.size
  }

  /// The messages behind an id that a filter takes; nil where there is none.
  func text(after id: Int64, _ filter: StreamFilter) -> ByteBuffer? {
    let first = firstIndex(after: id)
    guard first < entries.count else { return nil }
    if filter.takesAll { return text.getSlice(at: start(of: first), length: text.writerIndex - start(of: first)) }
    var chosen: ByteBuffer?
    for index in first..<entries.count where filter.takes(entries[index].facts) {
      guard let message = text.viewBytes(at: start(of: index), length: entries[index].end - start(of: index)) else {
        continue
      }
      chosen = chosen ?? ByteBuffer()
      chosen?.writeBytes(message)
    }
    return chosen
  }

  /// The ids that a filter takes, the highest first, until `isEnough`.
  func forEachIDFromLast(_ filter: StreamFilter, until isEnough: (Int64) -> Bool) {
    for entry in entries.reversed() where filter.takesAll || filter.takes(entry.facts) {
      if isEnough(entry.id) { return }
    }
  }

  private func start(of index: Int) -> Int { index == 0 ? 0 : entries[index - 1].end }

  /// The index of the first entry above an id.
  private func firstIndex(after id: Int64) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].id > id { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension StreamPage {
  init(_ news: [EventNews], _ groups: EventGroups) {
    let document = JSONDocument()
    for news in news {
      let group = groups.group(ofType: news.event.type)
      append(
        news.event.number, .events, StreamSummary(news.event, group: group, document).json,
        StreamFacts(news, group: group, document))
    }
  }

  init(_ runs: [StoredRun]) {
    for run in runs { append(run.change, .runs, StreamSummary(run).json, StreamFacts(run)) }
  }
}
