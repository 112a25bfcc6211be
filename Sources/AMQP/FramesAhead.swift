// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ

/// Frames that were read while a receiver was at work, in the order they came.
///
/// Their memory is the library's, so its buffers must not be released while there are any.
struct FramesAhead {
  /// Frames and bytes of bodies to hold at most; beyond, the socket is left to fill.
  private static let frameLimit = 1024
  private static let byteLimit = 512 << 10

  private var frames: [amqp_frame_t] = []
  private var next = 0
  private var bytes = 0
  /// The status that ended reading, to be met when the frames before it are handled.
  var failure: Int32?

  var isEmpty: Bool { next == frames.count }

  /// Reads what is there without waiting.
  mutating func read(from state: amqp_connection_state_t) {
    var frame = amqp_frame_t()
    while frames.count < Self.frameLimit, bytes < Self.byteLimit {
      let status = onevent_next_frame(state, &frame)
      if status == AMQP_STATUS_TIMEOUT.rawValue { return }
      if status < 0 {
        failure = status
        return
      }
      frames.append(frame)
      if frame.frame_type == UInt8(AMQP_FRAME_BODY) { bytes += frame.payload.body_fragment.len }
    }
  }

  /// The oldest frame, which is taken out.
  mutating func take() -> amqp_frame_t? {
    guard next < frames.count else { return nil }
    defer {
      next += 1
      if next == frames.count {
        frames.removeAll(keepingCapacity: true)
        next = 0
        bytes = 0
      }
    }
    return frames[next]
  }
}
