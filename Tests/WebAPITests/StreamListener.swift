// SPDX-License-Identifier: Apache-2.0

import Events
import Synchronization
import Testing

@testable import WebAPI

/// A client of a stream that takes what is written, as long as the test lets it.
final class StreamListener: Sendable {
  private let messages: AsyncStream<StreamParser.Message>
  private let task: Task<Void, Never>
  let gate = WriteGate()

  init(_ stream: EventStream) {
    let (messages, source) = AsyncStream.makeStream(of: StreamParser.Message.self)
    self.messages = messages
    let parser = Mutex(StreamParser())
    task = Task { [gate] in
      try? await stream.run { buffer in
        await gate.pass()
        parser.withLock { parser in try? parser.take(buffer) { source.yield($0) } }
      }
      source.finish()
    }
  }

  /// The next messages, so many; fewer when the stream ends.
  func take(_ count: Int) async -> [StreamParser.Message] {
    var taken: [StreamParser.Message] = []
    guard count > 0 else { return taken }
    for await message in messages {
      taken.append(message)
      if taken.count == count { break }
    }
    return taken
  }

  /// Their names and ids: `event 17`; `17` alone where a message has no name.
  func words(_ count: Int) async -> [String] {
    await take(count).map { message in [message.name, message.id].compactMap(\.self).joined(separator: " ") }
  }

  /// Waits until the stream has ended.
  func end() async { await task.value }
}

/// Lets writes pass, or has them wait.
final class WriteGate: Sendable {
  private struct State {
    var isShut = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())
  /// Says each time that a write waits.
  let waits: AsyncStream<Void>
  private let wait: AsyncStream<Void>.Continuation

  init() { (waits, wait) = AsyncStream.makeStream() }

  func shut() { state.withLock { $0.isShut = true } }

  func open() {
    let waiting = state.withLock { state in
      defer { state = State() }
      return state.waiting
    }
    for waiting in waiting { waiting.resume() }
  }

  func pass() async {
    await withCheckedContinuation { continuation in
      let mustWait = state.withLock { state in
        if state.isShut { state.waiting.append(continuation) }
        return state.isShut
      }
      if mustWait { wait.yield() } else { continuation.resume() }
    }
  }
}

extension LiveFeeds {
  /// Opens a stream and listens to it.
  func listen(_ kind: StreamKind, _ items: (String, String)..., last: String? = nil) throws -> StreamListener {
    let parameters = RequestParameters(items.map { RequestParameters.Item($0.0, $0.1) })
    return StreamListener(try open(kind, parameters, last: last))
  }
}
