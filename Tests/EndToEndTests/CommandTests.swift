// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@Suite struct CommandTests {
  private let lease = fixtures.appendingPathComponent("notifications/esi-leap.lease.fulfill.end.v2.json").path
  private let config = """
    [DEFAULT]
    queues = any

    [fulfill]
    events = esi_leap.lease.fulfill.end
    script = ./record.sh
    script_params = node_name, fulfill_time
    filter_params = {"purpose": "test", "properties.vendor": "foo"}

    [delete]
    events = esi_leap.lease.delete.end
    script = ./record.sh
    """

  @Test("explain shows conditions, values and the exact arguments of a match, and ends with 0")
  func explainMatch() async throws {
    try await Scene.with { scene in
      try scene.write("onevent.conf", config)
      let result = try await scene.command("explain", "-c", "onevent.conf", lease)
      #expect(result.status == 0)
      #expect(result.output.contains("action fulfill"))
      #expect(result.output.contains("argv[1] \"MOC-R8PAC23U24\""))
      #expect(result.output.contains("argv[2] \"\""))
      #expect(result.output.contains("its events do not name this type"))
      #expect(result.output.contains("ONEVENT_PARAM_NODE_NAME=MOC-R8PAC23U24"))
    }
  }

  @Test("explain says which condition failed on which value, and ends with 1")
  func explainNoMatch() async throws {
    try await Scene.with { scene in
      try scene.write("onevent.conf", config.replacingOccurrences(of: "\"foo\"", with: "\"bar\""))
      let result = try await scene.command("explain", "-c", "onevent.conf", "--json", lease)
      #expect(result.status == 1)
      let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
      let actions = try #require(object?["actions"] as? [[String: Any]])
      #expect(actions.map { $0["answer"] as? String } == ["filtered", "other_event"])
      let findings = try #require(actions[0]["findings"] as? [[String: Any]])
      let failed = try #require(findings.first { $0["truth"] as? String == "no" })
      #expect(failed["path"] as? String == "properties.vendor")
      #expect((failed["actual"] as? String)?.contains("foo") == true)
    }
  }

  @Test("explain ends with 65 on what is no event, and with 74 on a file that is not there")
  func explainUndecodable() async throws {
    try await Scene.with { scene in
      try scene.write("onevent.conf", config)
      let garbage = try await scene.command("explain", "-c", "onevent.conf", "-", input: "{\"a\":")
      #expect(garbage.status == 65)
      #expect(garbage.errors.contains("cannot decode standard input"))
      #expect(try await scene.command("explain", "-c", "onevent.conf", "absent.json").status == 74)
    }
  }

  @Test("paths lists what can be named, with type and value")
  func paths() async throws {
    try await Scene.with { scene in
      let result = try await scene.command("paths", lease)
      #expect(result.status == 0)
      let lines = result.output.split(separator: "\n")
      #expect(lines.contains { $0.hasPrefix("node_properties.cpu_arch ") && $0.hasSuffix("\"x86_64\"") })
      #expect(lines.contains { $0.hasPrefix("fulfill_time ") && $0.contains("null") })
      #expect(lines.contains { $0.hasPrefix("@type ") })
    }
  }

  @Test("What init writes passes check, with a captured event too, and an existing file is never overwritten")
  func initialConfiguration() async throws {
    try await Scene.with { scene in
      let written = try await scene.command("init", "--from", lease, "--output", "first.conf")
      #expect(written.status == 0)
      #expect(try await scene.command("check", "-c", "first.conf").status == 0)
      #expect(try await scene.command("explain", "-c", "first.conf", lease).status == 0)
      #expect(try await scene.command("init", "--output", "first.conf").status == 74)
      try scene.write("plain.conf", try await scene.command("init").output)
      #expect(try await scene.command("check", "-c", "plain.conf").status == 0)
    }
  }

  @Test("check names every problem with file, line and column, and ends with 78")
  func check() async throws {
    try await Scene.with { scene in
      for name in ["fulfill.sh", "delete.sh"] { try scene.script(name, "#!/bin/sh\n") }
      let published = fixtures.appendingPathComponent("config/automated-workflows-as-published.conf")
      try scene.write("published.conf", try String(contentsOf: published, encoding: .utf8))
      let result = try await scene.command("check", "-c", "published.conf")
      #expect(result.status == 78)
      #expect(result.output.contains("published.conf:23:"))
      #expect(result.output.contains("}"))
      let missing = try await scene.command("check", "-c", "absent.conf")
      #expect(missing.status == 78)
      #expect(missing.output.contains("absent.conf"))
    }
  }

  @Test("check --broker looks at the queues and declares none")
  func checkBroker() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let session = try broker.session()
      let (there, absent) = (broker.uniqueName(), broker.uniqueName("absent"))
      try session.declareQueue(there, durable: true)
      try session.publish([try leaseBody()], routingKey: there)
      try scene.write(
        "onevent.conf",
        config.replacingOccurrences(
          of: "queues = any", with: "host = 127.0.0.1\nport = \(broker.port)\nqueues = \(there), \(absent)"))
      let result = try await scene.command("check", "-c", "onevent.conf", "--broker")
      #expect(result.status == 0)
      #expect(result.output.contains("queue \(there): 1 messages wait"))
      #expect(result.output.contains("queue \(absent): not there yet"))
      #expect(try session.queueDepth(absent) == nil)
      try session.deleteQueue(there)
      let unreachable = try await scene.command(
        "check", "-c", "onevent.conf", "--broker", environment: ["ONEVENT_DEFAULT__PORT": "1"])
      #expect(unreachable.status == 69)
    }
  }

  @Test("send publishes a notification that a listener takes; what no queue takes is an error")
  func send() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let session = try broker.session()
      let queue = broker.uniqueName()
      try session.declareQueue(queue, durable: true)
      let sent = try await scene.command(
        "send", "esi_leap.lease.fulfill.end", "--amqp", "--url", broker.url, "--routing-key", queue, "--payload",
        "{\"node_name\": \"n-1\"}")
      #expect(sent.status == 0, "\(sent.errors)")
      let message = try #require(try session.get(queue))
      try scene.write("sent.json", message.text)
      #expect(message.properties.persistent)
      let paths = try await scene.command("paths", "sent.json")
      #expect(paths.output.contains("node_name"))
      #expect(paths.output.contains("\"esi_leap.lease.fulfill.end\""))
      let lost = try await scene.command(
        "send", "a.b", "--amqp", "--url", broker.url, "--routing-key", broker.uniqueName("nowhere"))
      #expect(lost.status == 69)
      #expect(lost.errors.contains("NO_ROUTE"))
      #expect(try await scene.command("send", "a.b", "--url", broker.url).status == 64)
      let invalid = try await scene.command(
        "send", "a.b", "--amqp", "--url", broker.url, "--routing-key", queue, "--payload", "{")
      #expect(invalid.status == 65)
      try session.deleteQueue(queue)
    }
  }

  @Test("send takes broker and queue from a configuration or AMQP_URL, an exchange, a file, and a raw body")
  func sendOtherWays() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let session = try broker.session()
      let (queue, exchange) = (broker.uniqueName(), broker.uniqueName("exchange"))
      try session.declareQueue(queue, durable: true)
      try session.declareExchange(exchange)
      try session.bind(queue: queue, exchange: exchange, pattern: "a.#")
      try scene.write("onevent.conf", "[DEFAULT]\nhost = 127.0.0.1\nport = \(broker.port)\nqueues = \(queue)\n")
      let configured = try await scene.command("send", "a.b", "--amqp", "-c", "onevent.conf")
      #expect(configured.status == 0, "\(configured.errors)")
      #expect(try session.get(queue)?.text.contains("\\\"event_type\\\":\\\"a.b\\\"") == true)
      try scene.write("body", "state:running customer_pending")
      let raw = try await scene.command(
        "send", "a.b", "--amqp", "--raw", "--exchange", exchange, "--routing-key", "a.b.c", "--payload-file", "body",
        environment: ["AMQP_URL": broker.url])
      #expect(raw.status == 0, "\(raw.errors)")
      let message = try #require(try session.get(queue))
      #expect(message.text == "state:running customer_pending")
      #expect(message.routingKey == "a.b.c")
      let nowhere = try await scene.command(
        "send", "a.b", "--amqp", "--url", broker.url, "--exchange", broker.uniqueName("absent"), "--routing-key", "a")
      #expect(nowhere.status == 69)
      #expect(nowhere.errors.contains("NOT_FOUND"))
      try session.deleteExchange(exchange)
      try session.deleteQueue(queue)
    }
  }

  @Test("AMQP_URL serves where the configuration names no broker, and --only-source wants a source that is there")
  func environmentURL() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let session = try broker.session()
      let queue = broker.uniqueName()
      try session.declareQueue(queue, durable: true)
      try session.publish([try leaseBody()], routingKey: queue)
      try scene.write(
        "onevent.conf",
        "[DEFAULT]\nqueues = \(queue)\n[record]\nevents = #\nscript = ./record.sh\nscript_params = node_name\n")
      let wrong = try await scene.command("run", "-c", "onevent.conf", "--only-source", "nova")
      #expect(wrong.status == 78)
      #expect(wrong.errors.contains("default"))
      let daemon = try scene.run("onevent.conf", ["--only-source", "default"], environment: ["AMQP_URL": broker.url])
      try await daemon.waitFor("run succeeded")
      #expect(try await daemon.stop() == 0)
      try session.deleteQueue(queue)
    }
  }

  @Test("check --keys lists every key with its meaning; paths and init read a body as a source would")
  func reference() async throws {
    try await Scene.with { scene in
      let keys = try await scene.command("check", "--keys")
      #expect(keys.status == 0)
      for key in ["order_by", "max_unsettled_bytes", "drain_timeout", "level"] {
        #expect(keys.output.contains("\n\(key)\n"), "\(key)")
      }
      try scene.write("tags.conf", "[DEFAULT]\nqueues = q\nformat = tags\n[a]\nevents = #\nscript = /bin/true\n")
      let paths = try await scene.command(
        "paths", "-c", "tags.conf", "-", input: "state:running\nstatus:ok customer_pending")
      #expect(paths.status == 0)
      #expect(paths.output.contains("tags.state"))
    }
  }

  @Test("--help teaches and --version answers; a wrong option ends with 64")
  func help() async throws {
    try await Scene.with { scene in
      let help = try await scene.command("--help")
      let version = try await scene.command("--version")
      let wrong = try await scene.command("run", "--nonsense")
      #expect(help.output.contains("onevent explain"))
      #expect(version.output.hasPrefix("onevent "))
      #expect(wrong.status == 64)
    }
  }
}
