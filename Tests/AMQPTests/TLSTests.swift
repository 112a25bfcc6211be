// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

@testable import AMQP

@Suite struct TLSTests {
  /// A server's certificate and what a client makes of it.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var certificate = "good"
    var host = "localhost"
    var serverName: String?
    var authority = "ca.pem"
    var version = "1.3"
    var verify = true
    /// Nil = it connects; else a part of the reason.
    var refusal: String?

    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "a good certificate, by name"),
    Case(name: "a good certificate, by address", host: "127.0.0.1"),
    Case(name: "TLS 1.2", version: "1.2"),
    Case(name: "another authority", authority: "stranger.pem", refusal: "certificate"),
    Case(name: "another name", certificate: "other", refusal: "hostname mismatch"),
    Case(name: "another name that is asked for", certificate: "other", serverName: "broker.example"),
    Case(
      name: "an address that is not in the certificate", certificate: "other", host: "127.0.0.1",
      refusal: "IP address mismatch"),
    Case(name: "the name only in the subject", certificate: "subject", refusal: "hostname mismatch"),
    Case(name: "an expired certificate", certificate: "expired", refusal: "expired"),
    Case(name: "TLS 1.1", version: "1.1", refusal: "protocol"),
    Case(name: "another name, without verification", certificate: "other", verify: false),
    Case(name: "no file of authorities", authority: "nowhere.pem", refusal: "nowhere.pem cannot be used"),
  ]

  @Test("the certificate must be for the name that was asked for", arguments: cases)
  func matrix(one: Case) async throws {
    let files = try Certificates.shared.get()
    let server = (files.path("\(one.certificate).pem"), files.path("\(one.certificate)-key.pem"), one.version)
    try await FakeBroker.run(.normal, tls: server) { broker in
      var settings = broker.settings()
      settings.address.hosts[0].name = one.host
      var tls = BrokerAddress.TLS()
      tls.caFile = files.path(one.authority)
      tls.serverName = one.serverName
      tls.verify = one.verify
      settings.address.tls = tls
      try await ConsumerHarness.run(settings) { harness in
        if let refusal = one.refusal {
          try await waitUntil("a refusal") { !harness.losses.isEmpty }
          #expect(harness.losses.first?.contains(refusal) == true, "\(harness.losses)")
          #expect(!harness.events.contains { if case .connected = $0 { true } else { false } })
        } else {
          try await waitUntil("alive") { harness.taken.contains { $0.text == "alive" } }
          let asked = one.serverName ?? (one.host == "localhost" ? "localhost" : "None")
          #expect(broker.log.first == "sni \(asked)")
        }
        let warned = harness.events.contains { event in
          if case .warning(let words) = event { words.contains("without verification") } else { false }
        }
        #expect(warned == !one.verify)
      }
    }
  }

  @Test("a key with a passphrase is refused without asking for it")
  func encryptedKey() async throws {
    let files = try Certificates.shared.get()
    var settings = ConsumerSettings()
    settings.address.hosts = [.init(name: "127.0.0.1", port: 1)]
    var tls = BrokerAddress.TLS()
    tls.caFile = files.path("ca.pem")
    tls.certificateFile = files.path("good.pem")
    tls.keyFile = files.path("encrypted-key.pem")
    settings.address.tls = tls
    try await ConsumerHarness.run(settings) { harness in
      try await waitUntil("a refusal") { !harness.losses.isEmpty }
      #expect(harness.losses.first?.contains("encrypted-key.pem cannot be used") == true, "\(harness.losses)")
    }
  }

  @Test("RabbitMQ takes a client by its certificate alone")
  func external() async throws {
    let certificates = try TestCertificates(client: "onevent")
    try await Broker.withPrivate(
      config: ["auth_mechanisms.1 = PLAIN", "auth_mechanisms.2 = EXTERNAL", "ssl_cert_login_from = common_name"],
      plugins: ["rabbitmq_auth_mechanism_ssl"], certificates: certificates
    ) { broker in
      try await broker.ctl("add_user", "onevent", "not used")
      try await broker.ctl("set_permissions", "onevent", "", "", ".*")
      let session = try broker.session()
      let queue = broker.uniqueName()
      try session.declareQueue(queue)
      try session.publish([[UInt8](repeating: 7, count: 400_000)], routingKey: queue)
      var settings = broker.settings(queue)
      settings.address.hosts = [.init(name: "127.0.0.1", port: try #require(broker.tlsPort))]
      settings.address.authentication = .external
      settings.address.user = ""
      var tls = BrokerAddress.TLS()
      tls.caFile = certificates.authority
      tls.certificateFile = certificates.clientCertificate
      tls.keyFile = certificates.clientKey
      settings.address.tls = tls
      try await ConsumerHarness.run(settings) { harness in
        try await harness.took(1)
        #expect(harness.taken.first?.body == [UInt8](repeating: 7, count: 400_000))
        try await harness.leaves(queue, empty: session)
        #expect(harness.losses == [])
      }
    }
  }
}

/// Certificates of every kind that a test refuses, made once by openssl.
private final class Certificates: Sendable {
  static let shared = Result { try Certificates() }

  private static let directory = FileManager.default.temporaryDirectory
    .appendingPathComponent("onevent-certificates-\(UUID().uuidString)")

  func path(_ name: String) -> String { Self.directory.appendingPathComponent(name).path }

  private init() throws {
    try FileManager.default.createDirectory(at: Self.directory, withIntermediateDirectories: true)
    let script = """
      set -eu
      new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
      for name in ca stranger; do
        openssl req -x509 $new -days 2 -subj "/CN=$name" -keyout $name-key.pem -out $name.pem
      done
      make() {
        openssl req $new -subj "$2" -keyout $1-key.pem -out request.pem
        printf '%s' "$3" > fields
        openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days $4 -extfile fields -out $1.pem
      }
      make good /CN=broker subjectAltName=DNS:localhost,IP:127.0.0.1 2
      make other /CN=broker subjectAltName=DNS:broker.example 2
      make subject /CN=localhost keyUsage=digitalSignature 2
      make expired /CN=broker subjectAltName=DNS:localhost -1
      openssl ec -in good-key.pem -aes256 -passout pass:secret -out encrypted-key.pem
      """
    let result = try runProgram("/bin/sh", ["-c", script], directory: Self.directory.path)
    guard result.status == 0 else {
      throw ProgramFailure(description: "openssl in \(Self.directory.path): \(result.errorText)")
    }
    atexit { try? FileManager.default.removeItem(at: Certificates.directory) }
  }
}
