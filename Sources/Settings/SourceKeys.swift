// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Events

/// The keys of sources: `[source:NAME]`, and `[DEFAULT]` where it is the source.
enum SourceKeys {
  // The broker, and how to log in.
  static let type = Key(
    "type", .word(), default: SourceType.amqp, in: .source,
    summary: "The kind of source; `local` is the one that takes what is published to onevent itself.")
  static let enabled = Key(
    "enabled", .boolean, default: true, in: .source,
    summary: "Whether a source of type local takes events.")
  static let url = Key(
    "url", .secret("an address such as amqp://user:password@host/vhost, or oslo's rabbit://…"), defaultText: "none",
    in: .source,
    summary: "The broker as one text; separate keys beside it override its parts.")
  static let user = Key(
    "user", .text("a user name"), defaultText: "guest", in: .source, summary: "The log-in.")
  static let password = Key(
    "password", .secret("a password"), defaultText: "guest", in: .source,
    summary: "The password, taken to the end of the line; `password_file` keeps it out of this file.")
  static let passwordFile = Key(
    "password_file", .line("a file"), defaultText: "none", in: .source,
    summary: "A file whose first line is the password, read at each connect; knows ${CREDENTIALS_DIRECTORY}.")
  static let host = Key(
    "host", .fewItems("a comma list of hosts, each with an optional :port"),
    defaultText: "localhost", in: .source, summary: "The broker's hosts, tried in turn.")
  static let port = Key(
    "port", .integer(1...65_535), defaultText: "5672, with TLS 5671", in: .source,
    summary: "The port of hosts that name none.")
  static let virtualHost = Key(
    "virtual_host", .text("a virtual host"), defaultText: "/", in: .source,
    summary: "The virtual host.")
  static let authentication = Key(
    "auth", located: .word(BrokerAddress.Authentication.self), defaultText: "plain", in: .source,
    summary: "`external` logs in by the client certificate.")

  // TLS 1.2 or newer.
  static let tls = Key(
    "tls", located: .boolean, defaultText: "no, with amqps:// yes", in: .source,
    summary: "Whether the connection is encrypted.")
  static let tlsCAFile = Key(
    "tls_ca_file", located: .path("a file of PEM certificates"),
    defaultText: BrokerAddress.TLS().caFile, in: .source, summary: "The authorities that may have signed the broker.")
  static let tlsCertificateFile = Key(
    "tls_cert_file", located: .path("a file of PEM certificates"), defaultText: "none",
    in: .source, summary: "The client's certificate.")
  static let tlsKeyFile = Key(
    "tls_key_file", located: .path("a PEM file"), defaultText: "none", in: .source,
    summary: "The key of the client's certificate.")
  static let tlsVerify = Key(
    "tls_verify", located: .boolean, defaultText: "yes", in: .source,
    summary: "Whether the broker's certificate and name are verified.")
  static let tlsServerName = Key(
    "tls_server_name", located: .text("a host name or an address"), defaultText: "the host",
    in: .source, summary: "The name that the broker's certificate must have.")

  // What is taken, and how.
  static let queues = Key(
    "queues", .items("a comma list of queue names"), defaultText: "none", in: .source,
    summary: "The queues to consume; by default only looked for, never declared.")
  static let bind = Key(
    "bind", .patterns("a comma list of exchange:pattern"), defaultText: "none", in: .source,
    summary: "Takes copies through an own durable queue that is bound to exchanges by topic patterns.")
  static let queue = Key(
    "queue", .text("a queue name"), defaultText: "onevent.NAME", in: .source,
    summary: "The name of the own queue of `bind`.")
  static let queueType = Key(
    "queue_type", located: .word(QueueType.self), defaultText: "classic", in: .source,
    summary: "The type of queues that are declared here.")
  static let queueArguments = Key(
    "queue_arguments", .pairs("a comma list of name=value"), default: [], defaultText: "none", in: .source,
    summary: "Further arguments of queues that are declared here.")
  static let declare = Key(
    "declare", .word(), default: DeclareMode.passive, in: .source,
    summary: "With `create`, `queues` are declared; with `passive` they are only looked for.")
  static let durable = Key(
    "durable", located: .boolean, defaultText: "yes", in: .source,
    summary: "Whether declared queues outlive the broker's restart.")
  static let autoDelete = Key(
    "auto_delete", .boolean, default: false, in: .source,
    summary: "Whether declared queues vanish with their last consumer.")
  static let prefetch = Key(
    "prefetch", located: .integer(1...65_535),
    defaultText: "500, and with settle = run 2 × max_concurrent of [scripts]", in: .source,
    summary: "How many deliveries of each queue are taken and not settled.")
  static let maxUnsettledBytes = Key(
    "max_unsettled_bytes", .size(64 << 10...64 << 30), default: 64 << 20, in: .source,
    summary: "Bytes that events hold until they are settled; past it nothing more is taken until half of them are.")
  static let settle = Key(
    "settle", .word(), default: SourceSettings.Settle.journal, in: .source,
    summary: "A delivery is acknowledged when it is in the journal, or, with `run`, when its runs have ended.")
  static let consumerTimeout = Key(
    "consumer_timeout", .duration(.seconds(1)...Duration.days(365)), default: .seconds(1800), in: .source,
    summary: "The broker's delivery timeout; with `settle = run` all attempts of a run must fit into it.")
  static let heartbeat = Key(
    "heartbeat", .duration(.seconds(1)...Duration.seconds(3600)), default: .seconds(10), in: .source,
    summary: "How often the connection shows that it lives.")
  static let connectTimeout = Key(
    "connect_timeout", .duration(.milliseconds(100)...Duration.seconds(600)), default: .seconds(10), in: .source,
    summary: "Covers TCP, TLS and log-in.")
  static let maxMessageSize = Key(
    "max_message_size", .size(1 << 10...512 << 20), default: 16 << 20, defaultText: "16MiB, with type = local 1MiB",
    in: .source,
    summary: "Larger bodies are skipped, told by their size, and refused.")

  // How a body becomes an event.
  static let format = Key(
    "format", .word(), default: EventMapping.Format.auto, in: .source,
    summary: "`auto` knows oslo 2.0 and 1.0, CloudEvents and plain JSON; `tags` and `text` must be named.")
  static let eventType = Key(
    "event_type", .line("a path"), defaultText: "by format", in: .source,
    summary: "Where plain JSON has its type; without it the routing key is the type.")
  static let eventID = Key(
    "event_id", .line("a path"), defaultText: "by format", in: .source,
    summary: "Where plain JSON has its identity.")
  static let eventTime = Key(
    "event_time", .line("a path"), defaultText: "by format", in: .source,
    summary: "Where plain JSON has its time.")
  static let subject = Key(
    "subject", .items("a comma list of paths"), default: [], defaultText: "by format", in: .source,
    summary: "The object that orders: the first of these paths that holds a text or a number.")
  static let objects = Key(
    "objects", .items("a comma list of kind:path"), default: [], defaultText: "by format", in: .source,
    summary: "The objects that an event names, `@object.KIND` in paths.")
  static let ignoreEvents = Key(
    "ignore_events", .patterns("a comma list of event types and patterns"), default: [], defaultText: "none",
    in: .source,
    summary: "Types that are dropped right after decoding, and counted.")

  static let descriptions: [KeyDescription] = [
    type.description, enabled.description, url.description, user.description, password.description,
    passwordFile.description,
    host.description, port.description, virtualHost.description, authentication.description, tls.description,
    tlsCAFile.description, tlsCertificateFile.description, tlsKeyFile.description, tlsVerify.description,
    tlsServerName.description, queues.description, bind.description, queue.description, queueType.description,
    queueArguments.description, declare.description, durable.description, autoDelete.description,
    prefetch.description, maxUnsettledBytes.description, settle.description, consumerTimeout.description,
    heartbeat.description, connectTimeout.description, maxMessageSize.description, format.description,
    eventType.description, eventID.description, eventTime.description, subject.description, objects.description,
    ignoreEvents.description,
  ]
}

enum SourceType: String, Sendable, CaseIterable { case amqp, local }
enum QueueType: String, Sendable, CaseIterable { case classic, quorum }
enum DeclareMode: String, Sendable, CaseIterable { case passive, create }
