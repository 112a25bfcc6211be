// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ConfigText
import Glibc
import Settings

/// Where the configuration is.
struct ConfigurationOptions: ParsableArguments {
  @Option(
    name: [.short, .customLong("config")],
    help: ArgumentHelp(
      "A configuration file, INI or YAML by its ending; may repeat.",
      discussion: "Default: /etc/onevent/onevent.conf, then /etc/onevent/conf.d/*.{conf,ini,yaml,yml}.",
      valueName: "file"))
  var config: [String] = []

  /// Loads the configuration; on failure every problem is told and the command ends with 78.
  func load() throws -> Configuration { try Self.accept(read()) }

  /// A configuration that was read; what is wrong with it is told and ends the command with 78.
  static func accept(_ result: LoadResult) throws -> Configuration {
    switch result {
    case .loaded(let configuration):
      return configuration
    case .refused(let problems, _):
      for problem in problems { complain(problem.description) }
      complain("the configuration is refused: \(problems.count) problem\(problems.count == 1 ? "" : "s")")
      throw ExitCode.configuration
    }
  }

  /// Reads the configuration, whatever is wrong with it.
  func read() -> LoadResult { origin().load() }

  /// Where the configuration comes from.
  func origin(onlySource: String? = nil, isDaemon: Bool = false) -> ConfigurationOrigin {
    ConfigurationOrigin(
      paths: config.isEmpty ? nil : config, environment: processEnvironment(), onlySource: onlySource,
      isDaemon: isDaemon)
  }

  /// The socket of the daemon that this configuration makes, or would make.
  func socket() throws -> String {
    let locations = ClientLocations(environment: processEnvironment())
    var journal = locations.journal
    var configured: String?
    switch read() {
    case .loaded(let configuration):
      guard let socket = configuration.api.socket else {
        complain("the configuration says 'socket = none': commands cannot reach the daemon")
        throw ExitCode.configuration
      }
      configured = socket
      journal = configuration.journal.path
    case .refused where config.isEmpty: break
    case .refused: _ = try load()
    }
    let own = locations.socket(journal: journal)
    let socket = configured ?? own
    // The daemon may run as somebody else: then its default is not this user's.
    let isSystems = socket == own && access(own, F_OK) != 0 && access(ClientLocations.systemSocket, F_OK) == 0
    return isSystems ? ClientLocations.systemSocket : socket
  }

  /// The journal of the daemon that this configuration makes, or would make.
  func journal() throws -> String {
    switch read() {
    case .loaded(let configuration): return configuration.journal.path
    case .refused where config.isEmpty: return ClientLocations(environment: processEnvironment()).journal
    case .refused: return try load().journal.path
    }
  }
}

/// The environment of this process.
func processEnvironment() -> [String: String] {
  var result: [String: String] = [:]
  var next = environ
  while let entry = next.pointee {
    let text = String(cString: entry)
    if let equals = text.firstIndex(of: "=") {
      result[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    next += 1
  }
  return result
}
