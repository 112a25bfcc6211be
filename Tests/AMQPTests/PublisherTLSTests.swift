// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Testing

@testable import AMQP

@Suite struct PublisherTLSTests {
  @Test("TLS is taken when chain and name fit, and refused with the reason when not")
  func verifies() async throws {
    let certificates = try TestCertificates(client: "onevent")
    let config = ["auth_mechanisms.1 = PLAIN", "auth_mechanisms.2 = EXTERNAL", "ssl_cert_login_from = common_name"]
    try await Broker.withPrivate(
      config: config, plugins: ["rabbitmq_auth_mechanism_ssl"], certificates: certificates
    ) { broker in
      try await broker.ctl("add_user", "onevent", "unused")
      try await broker.ctl("set_permissions", "onevent", ".*", ".*", ".*")
      let port = try #require(broker.tlsPort)
      let queue = broker.uniqueName()
      let session = try broker.session()
      try session.declareQueue(queue, exclusive: false)

      // Publishing shows that the connection carries more than a log-in.
      func publish(host: String = "localhost", _ set: (inout BrokerAddress) -> Void = { _ in }) throws {
        var address = BrokerAddress()
        address.hosts = [BrokerAddress.Host(name: host, port: port)]
        var tls = BrokerAddress.TLS()
        tls.caFile = certificates.authority
        address.tls = tls
        set(&address)
        let publisher = try Publisher(address)
        defer { publisher.close() }
        try publisher.publish(OutgoingMessage(body: Array("x".utf8), exchange: "", routingKey: queue))
      }

      try publish()
      try publish(host: "127.0.0.1")
      try publish { $0.tls?.serverName = "localhost" }
      try publish {
        $0.tls?.verify = false
        $0.tls?.serverName = "elsewhere.example"
      }
      try publish {
        $0.authentication = .external
        $0.tls?.certificateFile = certificates.clientCertificate
        $0.tls?.keyFile = certificates.clientKey
      }
      #expect(try session.queueDepth(queue)?.ready == 5)

      func refusal(_ set: (inout BrokerAddress) -> Void) throws -> AMQPError {
        let error = #expect(throws: NoHostReached.self) { try publish(set) }
        return try #require(error?.failures.first)
      }
      guard case .tls = try refusal({ $0.tls?.caFile = certificates.strangeAuthority }) else {
        Issue.record("a certificate of a strange authority was not refused by TLS")
        return
      }
      guard case .tls = try refusal({ $0.tls?.serverName = "elsewhere.example" }) else {
        Issue.record("a certificate for another name was not refused by TLS")
        return
      }
      guard case .file(let path, _) = try refusal({ $0.tls?.caFile = "/nonexistent/ca.pem" }) else {
        Issue.record("a missing file of authorities was not told as that")
        return
      }
      #expect(path == "/nonexistent/ca.pem")
      // Without its certificate, the broker knows nobody by EXTERNAL.
      let stranger = try refusal { $0.authentication = .external }
      #expect(stranger.replyCode == 403 || "\(stranger)".contains("EXTERNAL"), "\(stranger)")
      #expect(try session.queueDepth(queue)?.ready == 5)
    }
  }
}
