// SPDX-License-Identifier: Apache-2.0

import AMQP
import ArgumentParser
import Events
import Settings

/// How an event goes onto the bus: `send --amqp`.
struct BusOptions: ParsableArguments {
  @Flag(help: "Publish on RabbitMQ instead, confirmed and mandatory.")
  var amqp = false

  @Option(
    help: ArgumentHelp(
      "The broker; default: that of --config, else AMQP_URL, else that of /etc/onevent.", valueName: "url"))
  var url: String?

  @Option(
    help: ArgumentHelp("The exchange; the default exchange leads to the queue named by the key.", valueName: "name"))
  var exchange = ""

  @Option(help: ArgumentHelp("The routing key; default: the first queue of the source.", valueName: "key"))
  var routingKey: String?

  @Flag(help: "Publish the payload as the whole body, without an envelope.")
  var raw = false

  @Option(
    help: ArgumentHelp("The priority of the notification: info, warn, error …; default: info.", valueName: "name"))
  var priority: String?

  @Option(help: ArgumentHelp("The source of the configuration whose broker to use.", valueName: "name"))
  var source: String?

  /// The options that mean nothing without `--amqp`, and are given.
  var given: [String] {
    [
      (url != nil, "--url"), (!exchange.isEmpty, "--exchange"), (routingKey != nil, "--routing-key"), (raw, "--raw"),
      (priority != nil, "--priority"), (source != nil, "--source"),
    ].filter(\.0).map(\.1)
  }
}

/// Publishes one event on RabbitMQ.
struct BusPublishing {
  let bus: BusOptions
  let options: ConfigurationOptions

  /// Returns once the broker has confirmed it; ends the command where it does not.
  func publish(_ type: String, payload: [UInt8]) throws {
    let body = try makeBody(type, payload)
    let target = try target()
    guard let key = bus.routingKey ?? target.queue else {
      complain("--routing-key is missing: there is no configured queue to send to")
      throw ExitCode.usage
    }
    do {
      let publisher = try Publisher(target.address)
      var message = OutgoingMessage(body: body, exchange: bus.exchange, routingKey: key)
      if bus.raw { message.contentType = nil }
      try publisher.publish(message)
      publisher.close()
    } catch {
      complain("cannot publish \(type): \(error)")
      throw ExitCode.unavailable
    }
    let exchange = bus.exchange.isEmpty ? "the default exchange" : "exchange \(bus.exchange)"
    print("published \(type) to \(exchange) with key \(key)")
  }

  private func makeBody(_ type: String, _ payload: [UInt8]) throws -> [UInt8] {
    guard !bus.raw else { return payload }
    do {
      return try OsloNotification(type: type, priority: bus.priority ?? "info").body(payload: payload)
    } catch {
      complain("the payload is not JSON: \(error.reason)\(error.offset.map { " at byte \($0)" } ?? "")")
      throw ExitCode.data
    }
  }

  private func target() throws -> (address: BrokerAddress, queue: String?) {
    if let url = bus.url { return (try address(url, "--url"), nil) }
    if options.config.isEmpty, let url = processEnvironment()["AMQP_URL"] { return (try address(url, "AMQP_URL"), nil) }
    let configuration = try options.load()
    let sources = configuration.sources.filter { bus.source == nil || $0.name == bus.source }
    guard let chosen = sources.first else {
      complain("no broker is configured\(bus.source.map { " as source \($0)" } ?? ""); name one with --url or AMQP_URL")
      throw ExitCode.configuration
    }
    return (chosen.consumer.address, chosen.consumer.queues.first?.name)
  }

  private func address(_ url: String, _ origin: String) throws -> BrokerAddress {
    do {
      var address = BrokerAddress()
      try BrokerURL(url).apply(to: &address)
      return address
    } catch {
      complain("\(origin): \(error)")
      throw ExitCode.usage
    }
  }
}
