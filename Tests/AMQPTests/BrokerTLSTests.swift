// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import ProgramFixture
import Testing

@testable import AMQP

/// What RabbitMQ's own TLS listener is, and what is made of it.
@Suite(.timeLimit(.minutes(5))) struct BrokerTLSTests {
  /// A certificate of the listener, and what a client that asks for a name makes of it.
  struct Case {
    var name: String
    var certificate = "good"
    var host = "localhost"
    /// Whether the client knows another authority only.
    var isStrange = false
    /// Nil = it connects; else parts of the sentence.
    var refusal: [String] = []
  }

  private static let cases = [
    Case(name: "by name"),
    Case(name: "by address", host: "127.0.0.1"),
    Case(
      name: "another authority", isStrange: true,
      refusal: ["the broker's certificate was refused", "unable to get local issuer certificate"]),
    Case(name: "expired", certificate: "expired", refusal: ["the broker's certificate was refused", "has expired"]),
    Case(name: "another name", certificate: "other", refusal: ["for the name localhost", "hostname mismatch"]),
    Case(
      name: "an address that it does not have", certificate: "other", host: "127.0.0.1",
      refusal: ["for the name 127.0.0.1", "IP address mismatch"]),
    Case(
      name: "the name in the subject only", certificate: "subject",
      refusal: ["for the name localhost", "hostname mismatch"]),
    Case(name: "by name again, so that it was not the listener's fault"),
  ]

  @Test("the listener's certificate must be valid, of a known authority and for the name that was asked for")
  func matrix() async throws {
    let certificates = try TestCertificates(client: "onevent")
    try makeMore(of: certificates)
    try await Broker.withPrivate(
      config: ["auth_mechanisms.1 = PLAIN", "auth_mechanisms.2 = EXTERNAL", "ssl_cert_login_from = common_name"],
      plugins: ["rabbitmq_auth_mechanism_ssl"], certificates: certificates
    ) { broker in
      try await broker.ctl("add_user", "onevent", "unused")
      try await broker.ctl("set_permissions", "onevent", ".*", ".*", ".*")
      var current = "good"
      for one in Self.cases {
        if one.certificate != current {
          current = one.certificate
          try present(current, of: certificates)
          // The listener reads its certificate anew for the next connection.
          try await broker.ctl("eval", "ssl:clear_pem_cache().")
        }
        let failure = try connect(
          to: one.host, of: broker, authority: one.isStrange ? certificates.strangeAuthority : certificates.authority)
        #expect((failure == nil) == one.refusal.isEmpty, "\(one.name): \(failure ?? "connected")")
        for words in one.refusal { #expect(failure?.contains(words) == true, "\(one.name): \(failure ?? "connected")") }
      }
      // By its certificate alone, without a password.
      let external = try connect(to: "127.0.0.1", of: broker, authority: certificates.authority) { address in
        address.authentication = .external
        address.user = ""
        address.tls?.certificateFile = certificates.clientCertificate
        address.tls?.keyFile = certificates.clientKey
      }
      #expect(external == nil)
    }
  }

  @Test("a listener that demands a client certificate is told as that, and takes the right one")
  func clientCertificate() async throws {
    let certificates = try TestCertificates(client: "onevent")
    try await Broker.withPrivate(
      config: ["ssl_options.fail_if_no_peer_cert = true"], certificates: certificates
    ) { broker in
      let missing = try connect(to: "localhost", of: broker, authority: certificates.authority)
      #expect(missing?.contains("demands a client certificate") == true, "\(missing ?? "connected")")
      #expect(missing?.contains("tls_cert_file") == true)
      let right = try connect(to: "localhost", of: broker, authority: certificates.authority) { address in
        address.tls?.certificateFile = certificates.clientCertificate
        address.tls?.keyFile = certificates.clientKey
      }
      #expect(right == nil)
    }
  }

  @Test("a listener that speaks TLS 1.1 only is refused, with that as the reason")
  func oldVersion() async throws {
    let certificates = try TestCertificates()
    try await Broker.withPrivate(config: ["ssl_options.versions.1 = tlsv1.1"], certificates: certificates) { broker in
      // The detector: who still takes TLS 1.1 is served.
      let port = try #require(broker.tlsPort)
      let old = try runProgram(
        "/usr/bin/openssl",
        ["s_client", "-connect", "127.0.0.1:\(port)", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
      #expect(old.outputText.contains("TLSv1.1"), "\(old.outputText)\n\(old.errorText)")
      let failure = try connect(to: "localhost", of: broker, authority: certificates.authority)
      #expect(failure?.contains("no TLS 1.2 or newer") == true, "\(failure ?? "connected")")
    }
  }

  /// Connects, logs in and publishes; returns why that was refused, as an operator reads it.
  private func connect(
    to host: String, of broker: Broker, authority: String, _ set: (inout BrokerAddress) -> Void = { _ in }
  ) throws -> String? {
    var address = BrokerAddress()
    address.hosts = [BrokerAddress.Host(name: host, port: try #require(broker.tlsPort))]
    var tls = BrokerAddress.TLS()
    tls.caFile = authority
    address.tls = tls
    set(&address)
    do throws(NoHostReached) {
      let publisher = try Publisher(address)
      defer { publisher.close() }
      // To no queue, which shows that the connection carries more than a log-in.
      _ = try? publisher.publish(OutgoingMessage(body: [1], exchange: "", routingKey: broker.uniqueName()))
      return nil
    } catch {
      return error.description
    }
  }

  /// Makes further certificates of the same authority.
  private func makeMore(of certificates: TestCertificates) throws {
    let script = """
      set -eu
      make() {
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$2" -keyout $1-key.pem -out $1-request.pem
        printf '%s' "$3" > $1-fields
        openssl x509 -req -in $1-request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days $4 -extfile $1-fields \
          -out $1.pem
      }
      cp server.pem good.pem
      cp server-key.pem good-key.pem
      make other /CN=broker subjectAltName=DNS:broker.example 2
      make subject /CN=localhost keyUsage=digitalSignature 2
      make expired /CN=broker subjectAltName=DNS:localhost -1
      """
    let result = try runProgram("/bin/sh", ["-c", script], directory: certificates.directory.path)
    try #require(result.status == 0, "\(result.errorText)")
  }

  private func present(_ name: String, of certificates: TestCertificates) throws {
    for ending in [".pem", "-key.pem"] {
      let source = certificates.directory.appendingPathComponent(name + ending)
      try Data(contentsOf: source).write(to: certificates.directory.appendingPathComponent("server" + ending))
    }
  }
}
