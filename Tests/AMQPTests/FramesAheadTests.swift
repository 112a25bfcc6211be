// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import Testing

@testable import AMQP

@Suite struct FramesAheadTests {
  private func body(of size: Int) -> amqp_frame_t {
    var frame = amqp_frame_t()
    frame.frame_type = UInt8(AMQP_FRAME_BODY)
    frame.channel = 1
    frame.payload.body_fragment.len = size
    return frame
  }

  private func method(_ id: amqp_method_number_t, channel: amqp_channel_t = 0) -> amqp_frame_t {
    var frame = amqp_frame_t()
    frame.frame_type = UInt8(AMQP_FRAME_METHOD)
    frame.channel = channel
    frame.payload.method.id = id
    return frame
  }

  /// Reads from a socket that has these frames, then a status.
  ///
  /// - Returns: How many were read.
  private func read(
    _ ahead: inout FramesAhead, _ frames: some Sequence<amqp_frame_t>,
    then status: Int32 = AMQP_STATUS_TIMEOUT.rawValue
  ) -> Int {
    var frames = frames.makeIterator()
    var count = 0
    ahead.read { frame in
      guard let next = frames.next() else { return status }
      frame = next
      count += 1
      return 0
    }
    return count
  }

  private func takeAll(_ ahead: inout FramesAhead) -> Int {
    var count = 0
    while ahead.take() != nil { count += 1 }
    return count
  }

  @Test(
    "no more is read between two releases than the limits, however often it is looked",
    arguments: [(100 << 10, 6), (0, FramesAhead.frameLimit)])
  func limits(size: Int, expected: Int) {
    var ahead = FramesAhead()
    var read = 0
    for _ in 0..<10_000 {
      read += self.read(&ahead, [body(of: size)])
      _ = ahead.take()
    }
    #expect(read == expected)
    #expect(ahead.isEmpty)
    ahead.released()
    read = self.read(&ahead, repeatElement(body(of: size), count: 10_000))
    #expect(read == expected)
    let taken = takeAll(&ahead)
    #expect(taken == expected)
  }

  @Test("the bytes of headers count as well")
  func headers() {
    var header = amqp_frame_t()
    header.frame_type = UInt8(AMQP_FRAME_HEADER)
    header.channel = 1
    header.payload.properties.raw.len = 128 << 10
    var ahead = FramesAhead()
    let read = read(&ahead, repeatElement(header, count: 100))
    #expect(read == 4)
  }

  @Test("nothing is read past a frame of the connection until that is handled")
  func connectionFrame() {
    var ahead = FramesAhead()
    let frames = [body(of: 1), method(onevent_connection_blocked), body(of: 2)]
    let first = read(&ahead, frames)
    #expect(first == 2)
    let second = read(&ahead, frames)
    #expect(second == 0)
    let taken = takeAll(&ahead)
    #expect(taken == 2)
    let third = read(&ahead, [body(of: 2)])
    #expect(third == 1)
  }

  @Test("a failure ends reading for good, and a close before it is found")
  func failure() {
    var ahead = FramesAhead()
    let frames = [body(of: 1), method(onevent_channel_close, channel: 1)]
    let first = read(&ahead, frames, then: AMQP_STATUS_CONNECTION_CLOSED.rawValue)
    #expect(first == 2)
    #expect(ahead.failure == .connectionLost(operation: "receiving", reason: "the broker's side closed the socket"))
    let second = read(&ahead, frames)
    #expect(second == 0)
    #expect(ahead.close()?.id == onevent_channel_close)
    let taken = takeAll(&ahead)
    #expect(taken == 2)
    #expect(ahead.close() == nil)
  }
}
