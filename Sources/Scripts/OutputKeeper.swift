// SPDX-License-Identifier: Apache-2.0

/// Keeps the head and the tail of a stream of any length, in bounded memory.
///
/// Up to `limit` bytes everything is kept; beyond, the first half and the last half of the limit.
struct OutputKeeper {
  private let headLimit: Int
  private let tailLimit: Int
  private var head: [UInt8] = []
  /// A ring once it is full: `oldest` is then both the oldest byte's place and the next one's.
  private var tail: [UInt8] = []
  private var oldest = 0
  private var dropped: UInt64 = 0

  /// - Parameter limit: Bytes kept; less than 0 counts as 0.
  init(limit: Int) {
    tailLimit = max(0, limit) / 2
    headLimit = max(0, limit) - tailLimit
  }

  /// Takes the next bytes of the stream.
  mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
    let forHead = bytes.prefix(headLimit - head.count)
    head.append(contentsOf: forHead)
    var rest = bytes[forHead.endIndex...]

    let room = tailLimit - tail.count
    let forRoom = rest.prefix(room)
    tail.append(contentsOf: forRoom)
    rest = rest[forRoom.endIndex...]
    guard !rest.isEmpty else { return }

    // The ring is full: as many bytes go as come.
    dropped &+= UInt64(rest.count)
    let newest = rest.suffix(tailLimit)
    guard !newest.isEmpty else { return }
    let untilEnd = newest.prefix(tailLimit - oldest)
    overwrite(from: oldest, with: untilEnd)
    overwrite(from: 0, with: newest[untilEnd.endIndex...])
    oldest = (oldest + newest.count) % tailLimit
  }

  private mutating func overwrite(from place: Int, with bytes: Slice<UnsafeBufferPointer<UInt8>>) {
    tail.withUnsafeMutableBytes {
      UnsafeMutableRawBufferPointer(rebasing: $0[place...])
        .copyMemory(from: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes)))
    }
  }

  /// What has been kept so far.
  var kept: KeptOutput {
    var output = KeptOutput()
    output.head = head
    output.tail = oldest == 0 ? tail : Array(tail[oldest...] + tail[..<oldest])
    output.dropped = dropped
    return output
  }
}
