// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AMQP

@Suite struct BrokerURLTests {
  struct Reading: Sendable, CustomTestStringConvertible {
    var text: String
    var expected: BrokerURL
    var testDescription: String { text }

    init(_ text: String, _ scheme: BrokerURL.Scheme, _ set: (inout BrokerURL) -> Void) {
      self.text = text
      expected = BrokerURL(scheme: scheme)
      set(&expected)
    }
  }

  static let readings: [Reading] = [
    Reading("amqp://", .amqp) { _ in },
    Reading("amqp://host", .amqp) { $0.hosts = [host("host")] },
    Reading("AMQP://host:5", .amqp) { $0.hosts = [host("host", 5)] },
    Reading("amqp://host:", .amqp) { $0.hosts = [host("host")] },
    Reading("amqp:///v", .amqp) { $0.virtualHost = "v" },
    Reading("amqp://user@/v", .amqp) {
      $0.user = "user"
      $0.virtualHost = "v"
    },
    Reading("amqp://user:pass@host:10000/vhost", .amqp) {
      $0.user = "user"
      $0.password = "pass"
      $0.hosts = [host("host", 10_000)]
      $0.virtualHost = "vhost"
    },
    // The specification's own example of percent-encoding.
    Reading("amqp://user%61:%61pass@ho%61st:10000/v%2fhost", .amqp) {
      $0.user = "usera"
      $0.password = "apass"
      $0.hosts = [host("hoast", 10_000)]
      $0.virtualHost = "v/host"
    },
    Reading("amqp://user:@host", .amqp) {
      $0.user = "user"
      $0.password = ""
      $0.hosts = [host("host")]
    },
    Reading("amqp://:@host", .amqp) {
      $0.password = ""
      $0.hosts = [host("host")]
    },
    Reading("amqp://u:p@ss:w@host", .amqp) {
      $0.user = "u"
      $0.password = "p@ss:w"
      $0.hosts = [host("host")]
    },
    Reading("amqp://u:%25%23%3A%2F%40%2C%3F@h", .amqp) {
      $0.user = "u"
      $0.password = "%#:/@,?"
      $0.hosts = [host("h")]
    },
    Reading("amqp://u:p+w@h", .amqp) {
      $0.user = "u"
      $0.password = "p+w"
      $0.hosts = [host("h")]
    },
    Reading("amqp://u:caf%C3%A9@h", .amqp) {
      $0.user = "u"
      $0.password = "café"
      $0.hosts = [host("h")]
    },
    Reading("amqp://h/", .amqp) {
      $0.hosts = [host("h")]
      $0.virtualHost = "/"
    },
    Reading("amqp://h//", .amqp) {
      $0.hosts = [host("h")]
      $0.virtualHost = "/"
    },
    Reading("amqp://h/%2F", .amqp) {
      $0.hosts = [host("h")]
      $0.virtualHost = "/"
    },
    Reading("amqp://[::1]", .amqp) { $0.hosts = [host("::1")] },
    Reading("amqp://[2001:db8::1]:99/v", .amqp) {
      $0.hosts = [host("2001:db8::1", 99)]
      $0.virtualHost = "v"
    },
    Reading("amqp://[fe80::1%25eth0]:99", .amqp) { $0.hosts = [host("fe80::1%eth0", 99)] },
    Reading("amqps://h", .amqps) {
      $0.hosts = [host("h")]
      $0.tls = true
    },
    Reading(
      "amqps://h?cacertfile=/ca.pem&certfile=/c+1.pem&keyfile=/k%20.pem&verify=verify_none"
        + "&server_name_indication=name&auth_mechanism=external&heartbeat=30&connection_timeout=2500", .amqps
    ) {
      $0.hosts = [host("h")]
      $0.tls = true
      $0.caFile = "/ca.pem"
      $0.certificateFile = "/c+1.pem"
      $0.keyFile = "/k .pem"
      $0.verify = false
      $0.serverName = "name"
      $0.authentication = .external
      $0.heartbeat = .seconds(30)
      $0.connectTimeout = .milliseconds(2_500)
    },
    Reading("amqp://h/v?", .amqp) {
      $0.hosts = [host("h")]
      $0.virtualHost = "v"
    },
    Reading("rabbit://u:p@h1:1,h2:2/vhost?ssl=1", .rabbit) {
      $0.user = "u"
      $0.password = "p"
      $0.hosts = [host("h1", 1), host("h2", 2)]
      $0.virtualHost = "vhost"
      $0.tls = true
    },
    Reading("rabbit://u:p@h1:1,u:p@h2/", .rabbit) {
      $0.user = "u"
      $0.password = "p"
      $0.hosts = [host("h1", 1), host("h2")]
      $0.virtualHost = "/"
    },
    Reading("rabbit://u:p@h1", .rabbit) {
      $0.user = "u"
      $0.password = "p"
      $0.hosts = [host("h1")]
    },
    Reading("rabbit://h/a/b", .rabbit) {
      $0.hosts = [host("h")]
      $0.virtualHost = "a/b"
    },
    Reading(
      "rabbit://h/?ssl_cert_file=/c&ssl=True&ssl_ca_file=/a&ssl_key_file=/k&rabbit_login_method=AMQPLAIN", .rabbit
    ) {
      $0.hosts = [host("h")]
      $0.virtualHost = "/"
      $0.tls = true
      $0.certificateFile = "/c"
      $0.caFile = "/a"
      $0.keyFile = "/k"
      $0.authentication = .plain
    },
    Reading("rabbit://h?ssl=0&heartbeat_timeout_threshold=60", .rabbit) {
      $0.hosts = [host("h")]
      $0.tls = false
      $0.heartbeat = .seconds(60)
    },
  ]

  static func host(_ name: String, _ port: UInt16? = nil) -> BrokerURL.Host { BrokerURL.Host(name: name, port: port) }

  @Test("A URL says what it names and nothing else", arguments: readings)
  func reads(_ reading: Reading) throws {
    let url = try BrokerURL(reading.text)
    #expect(url == reading.expected)
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var text: String
    var offset: Int
    var words: String
    var testDescription: String { text }

    init(_ text: String, _ offset: Int, _ words: String) {
      self.text = text
      self.offset = offset
      self.words = words
    }
  }

  static let faults: [Fault] = [
    Fault("", 0, "begins with amqp://"),
    Fault("localhost:5672", 0, "begins with amqp://"),
    Fault("amqp:/host", 0, "begins with amqp://"),
    Fault("http://host", 0, "`http` is not a scheme"),
    Fault("amqp://a b@h", 8, "write %20"),
    Fault("amqp://h\t", 8, "write %09"),
    Fault("amqp://h/v\u{7F}", 10, "write %7F"),
    Fault("amqp://h:0", 9, "1 to 65535"),
    Fault("amqp://h:65536", 9, "1 to 65535"),
    Fault("amqp://h:+5", 9, "1 to 65535"),
    Fault("amqp://::1", 7, "[::1]:5672"),
    Fault("amqp://[::1", 7, "not closed"),
    Fault("amqp://[::1]5", 12, "behind the `]`"),
    Fault("amqp://:5672", 7, "host is missing"),
    Fault("amqp://[]:5672", 8, "host is missing"),
    Fault("amqp://h1,,h2", 10, "between two commas"),
    Fault("rabbit://h1,", 12, "behind the last one"),
    Fault("rabbit://u:p@h1,u:q@h2", 16, "another user or password"),
    Fault("rabbit://h1,u:q@h2", 12, "another user or password"),
    Fault("amqp://h/a/b", 10, "%2F"),
    Fault("amqp://u:%zz@h", 9, "%25"),
    Fault("amqp://u:50%@h", 11, "%25"),
    Fault("amqp://u:%00@h", 9, "NUL"),
    Fault("amqp://u:%FF@h", 9, "not UTF-8"),
    Fault("amqp://h#x", 8, "%23"),
    Fault("amqp://h/v?heartbeat=5#x", 22, "%23"),
    Fault("amqp://h?channel_max=5", 9, "unknown key `channel_max`"),
    Fault("rabbit://h?rabbit_quorum_queue=1", 11, "unknown key `rabbit_quorum_queue`"),
    Fault("amqp://h?heartbeat=5&heartbeat=6", 21, "stands twice"),
    Fault("amqps://h?certfile=/a&ssl_cert_file=/b", 22, "stands twice"),
    Fault("amqp://h?heartbeat", 18, "has no value"),
    Fault("amqp://h?heartbeat=0", 19, "1 to 65535"),
    Fault("amqp://h?heartbeat=1s", 19, "1 to 65535"),
    Fault("amqp://h?connection_timeout=10", 28, "milliseconds"),
    Fault("amqp://h?cacertfile=/ca", 9, "amqps://"),
    Fault("rabbit://h?ssl=0&ssl_ca_file=/ca", 17, "ssl=1"),
    Fault("rabbit://h?ssl=maybe", 15, "yes nor no"),
    Fault("amqps://h?ssl=0", 14, "contradicts"),
    Fault("amqps://h?verify=yes", 17, "verify_peer, verify_none"),
  ]

  @Test("A faulty URL is refused with offset and cure", arguments: faults)
  func refuses(_ fault: Fault) {
    let error = #expect(throws: BrokerURLError.self) { try BrokerURL(fault.text) }
    #expect(error?.offset == fault.offset)
    #expect(error?.reason.contains(fault.words) == true, "\(error?.reason ?? "")")
  }

  @Test(
    "An error never quotes a password, however it is written",
    arguments: [
      "amqp://u:secret/x@h/", "amqp://u:secret?x@h/", "amqp://u:12?secret@h/", "amqp://u:12?secret=@h/",
      "amqp://u:secret#x@h", "amqp://u:se,secret@h", "amqp://u:secret%@h", "amqp://u:12,secret:x@h",
      "amqp://u:secret secret@h", "u:secret@h", "amqp://u:12/secret/x@h", "amqp://u:secret:x/y@h",
      "amqp://u:12/secret@h", "rabbit://u:12/secret@h/v", "rabbit://u:12/secret/x@h",
    ])
  func keepsTheSecret(_ text: String) {
    let error = #expect(throws: BrokerURLError.self) { try BrokerURL(text) }
    #expect(error?.description.contains("secret") == false, "\(error?.description ?? "")")
    #expect(!BrokerURL.redacted(text).contains("secret"))
  }

  @Test("The description hides the password and keeps the rest")
  func describes() throws {
    let url = try BrokerURL("rabbit://esi:s3cret@h1:1,[::1]/v?ssl=1")
    #expect("\(url)" == "rabbit://esi:***@h1:1,[::1]/v")
    #expect(!String(reflecting: url).contains("s3cret"))
    var dumped = ""
    dump(url, to: &dumped)
    #expect(!dumped.contains("s3cret"))
    #expect(BrokerURL.redacted("amqps://u:p@h/v") == "amqps://***@h/v")
    #expect(BrokerURL.redacted("amqp://h/v") == "amqp://h/v")
  }

  @Test("Only what the URL says changes an address")
  func applies() throws {
    var address = BrokerAddress()
    address.user = "kept"
    try BrokerURL("amqp://h1,h2:9/v").apply(to: &address)
    #expect(address.hosts == [.init(name: "h1", port: 5672), .init(name: "h2", port: 9)])
    #expect(address.user == "kept")
    #expect(address.password == .text("guest"))
    #expect(address.virtualHost == "v")
    #expect(address.tls == nil)

    try BrokerURL("amqps://u:p@h?cacertfile=/ca.pem&verify=verify_none&auth_mechanism=EXTERNAL").apply(to: &address)
    #expect(address.hosts == [.init(name: "h", port: 5671)])
    #expect(address.user == "u")
    #expect(address.password == .text("p"))
    #expect(address.virtualHost == "v")
    #expect(address.tls?.caFile == "/ca.pem")
    #expect(address.tls?.verify == false)
    #expect(address.authentication == .external)

    try BrokerURL("rabbit://h/?ssl=0").apply(to: &address)
    #expect(address.tls == nil)
    #expect(address.hosts == [.init(name: "h", port: 5672)])
    #expect(address.virtualHost == "/")
  }
}
