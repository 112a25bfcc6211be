// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Glibc

/// The keys of `[api]` that open TCP ports.
enum PortKeys {
  static let listen = Key(
    "listen", .fewItems("none, or a comma list of addresses with a port, such as 127.0.0.1:8080 or [::1]:8080"),
    defaultText: "none", in: .api,
    summary: "Where the API and the page are served over TCP, to those with a token of `token_file`.")
  static let tokenFile = Key(
    "token_file", .line("a file"), defaultText: "none", in: .api,
    summary: "The tokens that open these ports, a line each: role, name, token; knows ${CREDENTIALS_DIRECTORY}.")
  static let hosts = Key(
    "hosts", .fewItems("a comma list of host names"), defaultText: "none", in: .api,
    summary: "The names by which clients may call these ports, beside localhost and addresses.")

  static let descriptions = [listen.description, tokenFile.description, hosts.description]

  /// Reads what opens ports, and checks that it hangs together.
  static func read(
    _ section: Section, environment: [String: String], isDaemon: Bool, into settings: inout APISettings,
    _ report: Report
  ) {
    settings.listen = addresses(section.value(listen, report) ?? [], report)
    settings.hosts = (section.value(hosts, report) ?? []).compactMap { name($0, report) }
    guard let file = section.value(tokenFile, report) else {
      if !settings.listen.isEmpty {
        report.problem(
          at: section.position(of: listen),
          "'listen' opens a port, and there is no 'token_file' with the tokens of those who may use it; write one: a line "
            + "such as 'operate alice TOKEN' for each, where TOKEN is what 'openssl rand -hex 32' prints")
      }
      return
    }
    let directory = section.setting(tokenFile.name)?.directory ?? section.directory
    guard
      let path = FilePath.credential(file, key: tokenFile.name, in: directory, environment: environment, report)
    else { return }
    // Looked at only when it counts: another user's check may not be able to read it.
    if settings.listen.isEmpty {
      report.finding(.warning, at: file.position, "'token_file' has no effect, because there is no 'listen'")
    } else {
      settings.tokens = TokenFile(path: path, isDaemon: isDaemon, report: report).read(namedAt: file.position)
    }
  }

  private static func addresses(_ items: [ConfigList.Item], _ report: Report) -> [APISettings.Address] {
    if items.count == 1, items[0].text.text == "none" { return [] }
    var addresses: [APISettings.Address] = []
    for item in items {
      let text = item.text.text
      guard let host = BrokerParts.host(text), let port = host.port, port > 0, isAddress(host.name) else {
        report.problem(
          at: item.position,
          "'listen' has the entry '\(shortened(text))'; expected an address of this machine with a port, such as "
            + "127.0.0.1:8080 or [::1]:8080")
        continue
      }
      let address = APISettings.Address(host: host.name, port: Int(port))
      guard !addresses.contains(address) else {
        report.problem(at: item.position, "'listen' has '\(shortened(text))' twice; remove one")
        continue
      }
      addresses.append(address)
      if !isLoopback(host.name) {
        report.finding(
          .warning, at: item.position,
          "tokens and events cross the network unencrypted at \(text); listen at 127.0.0.1 and let a reverse proxy with "
            + "TLS stand before it (see onevent.conf(5))")
      }
    }
    return addresses
  }

  private static func isAddress(_ text: String) -> Bool {
    var address = in6_addr()
    return text == "localhost" || inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1
  }

  private static func isLoopback(_ text: String) -> Bool {
    text == "localhost" || text == "::1" || text.hasPrefix("127.")
  }

  private static func name(_ item: ConfigList.Item, _ report: Report) -> String? {
    let name = item.text.text.lowercased()
    let isName = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
        UInt8(ascii: "."), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard isName, !name.isEmpty else {
      report.problem(
        at: item.position,
        "'hosts' has the entry '\(shortened(item.text.text))'; expected a name alone, such as onevent.example.org, without "
          + "a port")
      return nil
    }
    return name
  }
}
