// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Glibc

/// What a source says about its broker, put together from its layers.
///
/// In each layer the separate keys stand above the URL; a nearer layer stands above a farther one, so that a source's
/// own URL wins over the host of `[DEFAULT]` and still takes its log-in.
struct BrokerParts {
  /// The keys that say which broker it is; where none of them is configured, the variable `AMQP_URL` serves.
  private static let brokerKeys = ["url", "host", "port", "user", "password", "password_file", "virtual_host"]

  private(set) var heartbeat: Duration?
  private(set) var connectTimeout: Duration?
  private var hosts: [BrokerURL.Host] = []
  private var port: UInt16?
  private var tls: Bool?
  private var settings = BrokerAddress.TLS()
  private var base = BrokerAddress()

  init(_ section: Section, environment: [String: String], _ report: Report) {
    var layers = section.layers
    if let url = environment["AMQP_URL"], !url.isEmpty,
      !Self.brokerKeys.contains(where: { section.setting($0) != nil })
    {
      let position = SourcePosition(file: "environment variable AMQP_URL", line: 1, column: 1)
      let setting = Setting(
        key: "url", position: position, value: .scalar(ConfigText(text: url, lines: [position]), .text),
        directory: FilePath.workingDirectory, names: [:], speaksPython: false)
      layers.insert(["url": setting], at: 0)
    }
    for layer in layers {
      var alone = section
      alone.layers = [layer]
      readURL(alone, report)
      readHosts(alone, report)
      readLogin(alone, environment, report)
      readTLS(alone, report)
    }
    check(section, report)
  }

  /// The whole address, defaults filled in.
  var address: BrokerAddress {
    var address = base
    address.tls = tls == true ? settings : nil
    let standard = port ?? BrokerURL.defaultPort(tls: tls == true)
    let named = hosts.isEmpty ? [BrokerURL.Host(name: "localhost", port: nil)] : hosts
    address.hosts = named.map { BrokerAddress.Host(name: $0.name, port: $0.port ?? standard) }
    return address
  }

  // MARK: Layers

  private mutating func readURL(_ layer: Section, _ report: Report) {
    guard let text = layer.value(SourceKeys.url, report) else { return }
    do throws(BrokerURLError) {
      let url = try BrokerURL(text.text)
      if !url.hosts.isEmpty {
        hosts = url.hosts
        port = nil
      }
      if let user = url.user { base.user = user }
      if let password = url.password {
        base.password = .text(password)
        warnIfOpen(password, text.position, "url", report)
      }
      if let virtualHost = url.virtualHost { base.virtualHost = virtualHost }
      if let authentication = url.authentication { base.authentication = authentication }
      if let tls = url.tls { self.tls = tls }
      if let file = url.caFile { settings.caFile = FilePath.absolute(file, in: layer.directory) }
      if let file = url.certificateFile { settings.certificateFile = FilePath.absolute(file, in: layer.directory) }
      if let file = url.keyFile { settings.keyFile = FilePath.absolute(file, in: layer.directory) }
      if let verify = url.verify {
        settings.verify = verify
        if !verify { Self.warnOfVerification(text.position, report) }
      }
      if let name = url.serverName { settings.serverName = name }
      heartbeat = url.heartbeat ?? heartbeat
      connectTimeout = url.connectTimeout ?? connectTimeout
    } catch {
      report.problem(at: text.position(atUTF8: error.offset), "'url' cannot be read: \(error.reason)")
    }
  }

  private mutating func readHosts(_ layer: Section, _ report: Report) {
    if let port = layer.value(SourceKeys.port, report) {
      self.port = UInt16(clamping: port)
      for index in hosts.indices { hosts[index].port = nil }
    }
    guard let items = layer.value(SourceKeys.host, report) else { return }
    guard !items.isEmpty else {
      if let setting = layer.setting("host") {
        report.problem(at: setting.valuePosition, "'host' is empty; expected a host name or address")
      }
      return
    }
    hosts = items.compactMap { item in
      guard let host = Self.host(item.text.text) else {
        report.problem(
          at: item.position,
          "'host' has the entry '\(shortened(item.text.text))'; expected a name or address, with a :port or without; "
            + "an IPv6 address with a port is written [::1]:5672")
        return nil
      }
      return host
    }
  }

  /// Takes `name`, `name:port`, `::1`, `[::1]` or `[::1]:port` apart.
  static func host(_ text: String) -> BrokerURL.Host? {
    guard !text.utf8.contains(where: { $0 <= UInt8(ascii: " ") || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "@") })
    else { return nil }
    var name = text[...]
    var portText: Substring?
    if text.hasPrefix("[") {
      guard let close = text.firstIndex(of: "]") else { return nil }
      name = text[text.index(after: text.startIndex)..<close]
      let rest = text[text.index(after: close)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      portText = rest.isEmpty ? nil : rest.dropFirst()
    } else if let colon = text.firstIndex(of: ":"), text.lastIndex(of: ":") == colon {
      name = text[..<colon]
      portText = text[text.index(after: colon)...]
    }
    guard !name.isEmpty else { return nil }
    guard let portText else { return BrokerURL.Host(name: String(name), port: nil) }
    guard let port = Quantity.digits(portText).flatMap(UInt16.init(exactly:)), port > 0 else { return nil }
    return BrokerURL.Host(name: String(name), port: port)
  }

  private mutating func readLogin(_ layer: Section, _ environment: [String: String], _ report: Report) {
    if let user = layer.value(SourceKeys.user, report) { base.user = user }
    if let virtualHost = layer.value(SourceKeys.virtualHost, report) { base.virtualHost = virtualHost }
    if let authentication = layer.value(SourceKeys.authentication, report) {
      base.authentication = authentication.value
    }
    let password = layer.value(SourceKeys.password, report)
    if let password {
      base.password = .text(password.text)
      warnIfOpen(password.text, password.position, "password", report)
    }
    guard let file = layer.value(SourceKeys.passwordFile, report) else { return }
    if let password {
      report.problem(
        at: file.position, "'password_file' and 'password' (\(password.position)) contradict each other; keep one")
    }
    let directory = layer.setting("password_file")?.directory ?? layer.directory
    guard let path = FilePath.credential(file, key: "password_file", in: directory, environment: environment, report)
    else { return }
    base.password = .file(path)
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IROTH != 0 else { return }
      report.finding(
        .warning, at: file.position,
        "every user of this machine can read the password in \(path) (mode \(String(status.st_mode & 0o7777, radix: 8))); "
          + "chmod o-r \(path)")
    } else {
      report.finding(
        .warning, at: file.position, "'password_file' is not there now: \(path); it is read at each connect")
    }
  }

  private mutating func readTLS(_ layer: Section, _ report: Report) {
    if let tls = layer.value(SourceKeys.tls, report) { self.tls = tls.value }
    if let file = layer.value(SourceKeys.tlsCAFile, report) { settings.caFile = file.value }
    if let file = layer.value(SourceKeys.tlsCertificateFile, report) { settings.certificateFile = file.value }
    if let file = layer.value(SourceKeys.tlsKeyFile, report) { settings.keyFile = file.value }
    if let name = layer.value(SourceKeys.tlsServerName, report) { settings.serverName = name.value }
    if let verify = layer.value(SourceKeys.tlsVerify, report) {
      settings.verify = verify.value
      if !verify.value { Self.warnOfVerification(verify.position, report) }
    }
  }

  // MARK: Checks

  private func check(_ section: Section, _ report: Report) {
    guard tls == true else {
      for key in ["tls_ca_file", "tls_cert_file", "tls_key_file", "tls_verify", "tls_server_name"] {
        guard let setting = section.setting(key) else { continue }
        report.finding(
          .warning, at: setting.position, "'\(key)' has no effect, because TLS is off; write 'tls = yes' or amqps://")
      }
      if base.authentication == .external {
        report.problem(
          at: section.position(of: SourceKeys.authentication),
          "'auth = external' logs in by the client certificate, which needs 'tls = yes' and 'tls_cert_file'")
      }
      return
    }
    for (key, file) in [
      ("tls_ca_file", settings.verify ? settings.caFile : nil), ("tls_cert_file", settings.certificateFile),
      ("tls_key_file", settings.keyFile),
    ] {
      guard let file, access(file, R_OK) != 0 else { continue }
      report.problem(
        at: section.setting(key)?.valuePosition ?? section.position,
        "'\(key)' cannot be read: \(file): \(String(cString: strerror(errno)))")
    }
    if (settings.certificateFile == nil) != (settings.keyFile == nil) {
      report.problem(
        at: section.setting("tls_cert_file")?.position ?? section.position(of: SourceKeys.tlsKeyFile),
        "'tls_cert_file' and 'tls_key_file' belong together; one of them is missing")
    }
    if base.authentication == .external, settings.certificateFile == nil {
      report.problem(
        at: section.position(of: SourceKeys.authentication),
        "'auth = external' logs in by the client certificate; name it in 'tls_cert_file'")
    }
  }

  private static func warnOfVerification(_ position: SourcePosition, _ report: Report) {
    report.finding(
      .warning, at: position,
      "the broker's certificate is not verified: whoever is in between reads the password and every event")
  }

  /// RabbitMQ's own `guest` is known to everybody anyway.
  private func warnIfOpen(_ password: String, _ position: SourcePosition, _ key: String, _ report: Report) {
    var status = stat()
    guard password != "guest", stat(position.file, &status) == 0, status.st_mode & S_IROTH != 0 else { return }
    report.finding(
      .warning, at: position,
      "a password stands in '\(key)', and every user of this machine can read \(position.file); chmod o-r it, or keep the "
        + "password in a 'password_file'")
  }
}
