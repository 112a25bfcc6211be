// SPDX-License-Identifier: Apache-2.0

/// The life of a consumer's thread: connect, consume until the connection is lost, wait, connect anew.
final class ConsumerLoop {
  let settings: ConsumerSettings
  let timing: ConsumerTiming
  let receiver: any DeliveryReceiver
  /// Says that this thread moves, and within which time it says so again.
  let beat: @Sendable (Duration) -> Void
  let observe: @Sendable (ConsumerEvent) -> Void
  let mailbox: Mailbox
  let interrupter: Interrupter

  /// Outlives connections: what has been told need not be told again.
  var subscriptions: Subscriptions
  private var backoff: Backoff
  private var generation: UInt32 = 0
  /// Where the next round over the hosts begins.
  private var hostIndex = 0

  init(
    _ settings: ConsumerSettings, timing: ConsumerTiming, receiver: any DeliveryReceiver,
    beat: @escaping @Sendable (Duration) -> Void, observe: @escaping @Sendable (ConsumerEvent) -> Void,
    mailbox: Mailbox, interrupter: Interrupter
  ) {
    self.settings = settings
    self.timing = timing
    self.receiver = receiver
    self.beat = beat
    self.observe = observe
    self.mailbox = mailbox
    self.interrupter = interrupter
    subscriptions = Subscriptions(settings.queues)
    backoff = timing.backoff
  }

  /// Runs until the mailbox says close, or retire and everything is settled.
  func run() {
    if settings.address.tls?.verify == false {
      observe(
        .warning(
          "TLS without verification: whoever can answer in the broker's place can read the password and send events"))
    }
    while !mailbox.closes {
      if let (connection, host) = connect() { serve(connection, host: host) }
      if mailbox.closes || mailbox.retires { break }
      if mailbox.stopsTaking {
        wait(until: .distantFuture)
        break
      }
      let pause = backoff.next { Double.random(in: 0..<1) }
      observe(.retrying(after: pause))
      wait(until: Instant.now.advanced(by: pause))
    }
    observe(.stopped)
  }

  /// Tries each host once.
  private func connect() -> (BrokerConnection, BrokerAddress.Host)? {
    let hosts = settings.address.hosts
    for offset in hosts.indices {
      let index = (hostIndex + offset) % hosts.count
      // A broker that is not there is no hang: the attempt has its own limit, and so has each look for an address.
      beat(settings.connectTimeout + timing.closing)
      do throws(AMQPError) {
        let connection = try BrokerConnection(
          to: hosts[index], of: settings.address, options: settings.connectionOptions, interrupter: interrupter)
        hostIndex = index
        return (connection, hosts[index])
      } catch {
        if mailbox.closes || mailbox.retires { return nil }
        observe(.lost(reason: "\(error)"))
      }
    }
    return nil
  }

  private func serve(_ connection: BrokerConnection, host: BrokerAddress.Host) {
    generation &+= 1
    let start = Instant.now
    let session = ConsumerSession(connection, host: host, generation: generation, loop: self)
    do throws(AMQPError) {
      try session.run()
    } catch {
      if !mailbox.closes, !mailbox.retires { observe(.lost(reason: "\(error)")) }
      // The next round begins with the next host: this one may be going down.
      if !settings.address.hosts.isEmpty { hostIndex = (hostIndex + 1) % settings.address.hosts.count }
    }
    beat(timing.closing + settings.heartbeat * 2)
    session.end()
    subscriptions.connectionLost()
    backoff.connectionLasted(start.duration(until: Instant.now))
  }

  /// Waits, but not for what a closed connection had to be told.
  private func wait(until deadline: Instant) {
    while Instant.now < deadline {
      beat(timing.idleBeat)
      let soon = min(deadline, Instant.now.advanced(by: timing.idleBeat))
      guard Poll.wait(mailbox.event.descriptor, -1, until: soon) == .first else { continue }
      let contents = mailbox.take()
      if contents.closes || contents.retires { return }
      for report in contents.reports { subscriptions.enter(report, observe: observe) }
      subscriptions.connectionLost()
    }
  }
}

extension ConsumerSettings {
  var connectionOptions: ConnectionOptions {
    ConnectionOptions(name: connectionName, version: clientVersion, heartbeat: heartbeat, limit: connectTimeout)
  }
}
