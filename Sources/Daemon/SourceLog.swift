// SPDX-License-Identifier: Apache-2.0

import AMQP
import Logging

/// Writes what happens to a source into the log.
struct SourceLog: Sendable {
  private let logger: Logger

  init(logger: Logger, source: String) {
    var logger = logger
    logger[metadataKey: LogKey.source] = "\(source)"
    self.logger = logger
  }

  @Sendable func observe(_ event: ConsumerEvent) {
    switch event {
    case .connected(let host, let product):
      logger.notice("source connected", metadata: [LogKey.host: "\(host)", "broker": "\(product)"])
    case .consuming(let queue):
      logger.notice("queue is consumed", metadata: [LogKey.queue: "\(queue)"])
    case .queueMissing(let queue):
      logger.notice(
        "queue does not exist yet: it is consumed as soon as its publisher has created it",
        metadata: [LogKey.queue: "\(queue)"])
    case .cancelled(let queue, let reason):
      logger.warning("broker ended the consumption", metadata: [LogKey.queue: "\(queue)", LogKey.reason: "\(reason)"])
    case .lost(let reason):
      logger.warning("source lost", metadata: [LogKey.reason: "\(reason)"])
    case .retrying(let delay):
      logger.info("source is tried again later", metadata: ["delay": "\(seconds(delay))"])
    case .paused(let reason):
      logger.warning("source is not read", metadata: [LogKey.reason: "\(reason)"])
    case .resumed:
      logger.notice("source is read again")
    case .warning(let text):
      logger.warning("source warns", metadata: [LogKey.reason: "\(text)"])
    case .drained:
      logger.debug("source takes nothing more")
    case .stopped:
      logger.info("source stopped")
    }
  }
}
