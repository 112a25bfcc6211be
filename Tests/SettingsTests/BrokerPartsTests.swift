// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Testing

@testable import Settings

@Suite struct BrokerPartsTests {
  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
  }

  /// The address of the only source of a file with these keys.
  func consumer(_ keys: String, environment: [String: String] = [:]) throws -> ConsumerSettings {
    let text = "[source:s]\nqueues = q\n\(keys)\n[a]\nevents = x\nscript = /bin/true\n"
    return try folder.load(text, environment: environment).loaded().sources[0].consumer
  }

  @Test("without any key it is guest at localhost")
  func defaults() throws {
    #expect(try consumer("").address == BrokerAddress())
  }

  @Test("separate keys override the parts of the URL")
  func override() throws {
    let consumer = try consumer(
      """
      url = rabbit://u:p%40ss@h1:1,h2/vhost?heartbeat=30
      user = other
      port = 7
      connect_timeout = 3s
      """)
    #expect(consumer.address.user == "other")
    #expect(consumer.address.password == .text("p@ss"))
    #expect(consumer.address.hosts == [.init(name: "h1", port: 7), .init(name: "h2", port: 7)])
    #expect(consumer.address.virtualHost == "vhost")
    #expect(consumer.heartbeat == .seconds(30))
    #expect(consumer.connectTimeout == .seconds(3))
  }

  @Test("TLS changes the default port, and its files count from the configuration's directory")
  func tls() throws {
    for name in ["ca.pem", "c.pem", "k.pem"] { try folder.write(name, "") }
    let address = try consumer(
      """
      host = a, b:1
      tls = on
      tls_ca_file = ca.pem
      tls_cert_file = ./c.pem
      tls_key_file = \(folder.path)/k.pem
      tls_server_name = broker.example
      auth = external
      """
    ).address
    var tls = BrokerAddress.TLS()
    tls.caFile = "\(folder.path)/ca.pem"
    tls.certificateFile = "\(folder.path)/c.pem"
    tls.keyFile = "\(folder.path)/k.pem"
    tls.serverName = "broker.example"
    #expect(address.tls == tls)
    #expect(address.authentication == .external)
    #expect(address.hosts == [.init(name: "a", port: 5671), .init(name: "b", port: 1)])
  }

  @Test("the password's file may lie in systemd's credentials directory")
  func passwordFile() throws {
    try folder.write("amqp", "secret\n")
    let address = try consumer(
      "password_file = ${CREDENTIALS_DIRECTORY}/amqp", environment: ["CREDENTIALS_DIRECTORY": folder.path]
    ).address
    #expect(address.password == .file("\(folder.path)/amqp"))
    #expect(try consumer("password_file = amqp").address.password == .file("\(folder.path)/amqp"))
  }

  @Test("a password in a file that everybody can read is told, and never shown", arguments: [0o644, 0o600])
  func openFile(mode: Int) throws {
    let text = "[DEFAULT]\nqueues = q\npassword = hunter2 # 1\n[a]\nevents = x\nscript = /bin/true\n"
    let file = try folder.write("x.conf", text, mode: mode)
    let findings = try ConfigurationLoader.load(paths: [file], environment: asRoot).loaded().findings
    let warnings = findings.filter { $0.kind == .warning }
    #expect(warnings.count == (mode == 0o644 ? 1 : 0))
    #expect(warnings.allSatisfy { $0.position.line == 3 && $0.message.contains("every user of this machine") })
    #expect(!findings.contains { $0.message.contains("hunter2") })
  }

  @Test(
    "hosts are names and addresses, with a port or without",
    arguments: [
      ("broker", BrokerURL.Host(name: "broker", port: nil)), ("broker:1", .init(name: "broker", port: 1)),
      ("10.0.0.1:5672", .init(name: "10.0.0.1", port: 5672)), ("::1", .init(name: "::1", port: nil)),
      ("[::1]", .init(name: "::1", port: nil)), ("[::1]:9", .init(name: "::1", port: 9)), ("broker:", nil),
      ("broker:0", nil), ("broker:65536", nil), (":1", nil), ("[::1", nil), ("[::1]9", nil), ("u@broker", nil),
      ("a b", nil), ("", nil),
    ] as [(String, BrokerURL.Host?)])
  func hosts(text: String, expected: BrokerURL.Host?) {
    #expect(BrokerParts.host(text) == expected)
  }
}
