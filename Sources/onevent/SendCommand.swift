// SPDX-License-Identifier: Apache-2.0

import AMQP
import ArgumentParser
import Events
import Settings

struct SendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send",
    abstract: "Publishes an event onto the bus.",
    discussion: """
      The message is persistent and mandatory, and the broker's confirmation is waited for: an event that no queue \
      takes is an error. It is wrapped as an oslo.messaging 2.0 notification, as OpenStack services send them; --raw \
      publishes the payload as it is.

        onevent send esi_leap.lease.fulfill.end --amqp --routing-key esi_leap_versioned_notifications.info \\
          --payload '{"node_name": "node-1", "purpose": "test"}'
      """)

  @Argument(help: "The type of the event, such as esi_leap.lease.fulfill.end.")
  var type: String

  @Flag(help: "Publish on RabbitMQ.")
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

  @Option(help: ArgumentHelp("The payload, JSON text (any text with --raw).", valueName: "json"))
  var payload: String?

  @Option(help: ArgumentHelp("A file that holds the payload, or - for standard input.", valueName: "file"))
  var payloadFile: String?

  @Flag(help: "Publish the payload as the whole body, without an envelope.")
  var raw = false

  @Option(help: "The priority of the notification: info, warn, error …")
  var priority = "info"

  @Option(help: ArgumentHelp("The source of the configuration whose broker to use.", valueName: "name"))
  var source: String?

  @OptionGroup var options: ConfigurationOptions

  func validate() throws {
    guard amqp else {
      throw ValidationError("--amqp is missing: this version sends onto the bus only, not into a running daemon.")
    }
    guard payload == nil || payloadFile == nil else {
      throw ValidationError("--payload and --payload-file exclude each other.")
    }
  }

  func run() throws {
    let body = try makeBody()
    let target = try target()
    guard let key = routingKey ?? target.queue else {
      complain("--routing-key is missing: there is no configured queue to send to")
      throw ExitCode(64)
    }
    do {
      let publisher = try Publisher(target.address)
      var message = OutgoingMessage(body: body, exchange: exchange, routingKey: key)
      if raw { message.contentType = nil }
      try publisher.publish(message)
      publisher.close()
    } catch {
      complain("cannot publish \(type): \(error)")
      throw ExitCode.unavailable
    }
    print("published \(type) to \(exchange.isEmpty ? "the default exchange" : "exchange \(exchange)") with key \(key)")
  }

  private func makeBody() throws -> [UInt8] {
    var payload = Array((payload ?? "{}").utf8)
    if let payloadFile { payload = try readBytes(payloadFile) }
    guard !raw else { return payload }
    do {
      return try OsloNotification(type: type, priority: priority).body(payload: payload)
    } catch {
      complain("the payload is not JSON: \(error.reason)\(error.offset.map { " at byte \($0)" } ?? "")")
      throw ExitCode.data
    }
  }

  private func target() throws -> (address: BrokerAddress, queue: String?) {
    if let url { return (try address(url, "--url"), nil) }
    if options.config.isEmpty, let url = processEnvironment()["AMQP_URL"] { return (try address(url, "AMQP_URL"), nil) }
    let configuration = try options.load()
    let sources = configuration.sources.filter { source == nil || $0.name == source }
    guard let chosen = sources.first else {
      complain("no broker is configured\(source.map { " as source \($0)" } ?? ""); name one with --url or AMQP_URL")
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
      throw ExitCode(64)
    }
  }
}
