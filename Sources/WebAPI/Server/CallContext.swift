// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore

/// What is known of a request besides what it says.
struct CallContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The connection; it ends when the client goes.
  let channel: any Channel
  /// Where it knocked.
  let knock: Knock
  /// Nil until the door has looked at it, and for those whom it does not know.
  var caller: Caller?

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
    knock = Knock(source.channel)
  }
}
