// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore

/// Closes a connection whose peer takes nothing of what was written for it.
///
/// What waits to be sent is bounded, but a peer that never reads would hold it, and its place, for ever.
final class StalledPeer: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private let patience: TimeAmount
  private let refusals: Refusals?
  private let logger: Logger
  private var timer: Scheduled<Void>?
  /// Since when nothing fits any more, and how many bytes waited when that was looked at last.
  private var stalled: (since: NIODeadline, waiting: Int)?

  /// Tells the refusals of a port, or where there are none the log.
  init(patience: TimeAmount, refusals: Refusals? = nil, logger: Logger) {
    self.patience = patience
    self.refusals = refusals
    self.logger = logger
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    stalled = nil
    if !context.channel.isWritable {
      stalled = (.now(), waiting(context))
      schedule(context)
    }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // The server stops: who takes something has a moment to take the rest, who does not is not waited for.
    if event is ChannelShouldQuiesceEvent, let stalled, stalled.since + .seconds(1) < .now() {
      context.close(promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
  }

  private func schedule(_ context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { [self] in
      guard let stalled else { return }
      let waiting = waiting(context)
      guard waiting < stalled.waiting else {
        if let refusals {
          refusals.note(.slow, Knock(context.channel).client)
        } else {
          logger.info("client is cut off: it takes nothing of what is sent to it")
        }
        return context.close(promise: nil)
      }
      self.stalled?.waiting = waiting
      schedule(context)
    }
  }

  private func waiting(_ context: ChannelHandlerContext) -> Int {
    (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? .max
  }
}
