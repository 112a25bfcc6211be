// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

/// Frames that were read while a receiver was at work, in the order they came.
///
/// Their memory is the library's, so its buffers must not be released while there are any. The library takes new memory
/// for each frame until it may release all of it: so what is counted is not what waits here, but what was read since.
struct FramesAhead {
  /// Frames and bytes to read between two releases; beyond, the socket is left to fill.
  static let frameLimit = 1024
  static let byteLimit = 512 << 10

  private var frames: [amqp_frame_t] = []
  private var next = 0
  private var framesSinceRelease = 0
  private var bytesSinceRelease = 0
  private var holdsConnectionFrame = false
  /// What ended reading.
  ///
  /// The library must not be used any more then, not even to settle what was read before.
  var failure: AMQPError?

  var isEmpty: Bool { next == frames.count }

  /// Reads what is there, within the limits.
  ///
  /// Ends after a frame of the connection itself: the library reuses the memory of these at each heartbeat it reads.
  ///
  /// - Parameter nextFrame: Gives the next frame without waiting, and the library's status.
  mutating func read(_ nextFrame: (inout amqp_frame_t) -> Int32) {
    var frame = amqp_frame_t()
    while !holdsConnectionFrame, failure == nil, framesSinceRelease < Self.frameLimit,
      bytesSinceRelease < Self.byteLimit
    {
      let status = nextFrame(&frame)
      if status == AMQP_STATUS_TIMEOUT.rawValue { return }
      if status < 0 {
        failure = Reply.error(status, "receiving")
        return
      }
      frames.append(frame)
      framesSinceRelease += 1
      bytesSinceRelease += Self.size(of: frame)
      holdsConnectionFrame = frame.channel == 0
    }
  }

  /// The oldest frame, which is taken out.
  mutating func take() -> amqp_frame_t? {
    guard next < frames.count else { return nil }
    let frame = frames[next]
    next += 1
    if next == frames.count {
      frames.removeAll(keepingCapacity: true)
      next = 0
      holdsConnectionFrame = false
    }
    return frame
  }

  /// The library's memory was released: reading ahead may begin anew.
  mutating func released() {
    framesSinceRelease = 0
    bytesSinceRelease = 0
  }

  /// The oldest close method that waits here: after a failure its words say why.
  func close() -> amqp_method_t? {
    frames[next...].lazy
      .filter { Int32($0.frame_type) == AMQP_FRAME_METHOD }
      .map(\.payload.method)
      .first { $0.id == onevent_connection_close || $0.id == onevent_channel_close }
  }

  /// What a frame carries; methods are small, and counted by their number.
  private static func size(of frame: amqp_frame_t) -> Int {
    switch Int32(frame.frame_type) {
    case AMQP_FRAME_BODY: frame.payload.body_fragment.len
    case AMQP_FRAME_HEADER: frame.payload.properties.raw.len
    default: 0
    }
  }
}
