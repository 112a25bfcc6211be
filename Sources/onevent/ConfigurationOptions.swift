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
  func load() throws -> Configuration {
    switch read() {
    case .loaded(let configuration):
      return configuration
    case .refused(let problems, _):
      for problem in problems { complain(problem.description) }
      complain("the configuration is refused: \(problems.count) problem\(problems.count == 1 ? "" : "s")")
      throw ExitCode.configuration
    }
  }

  /// Reads the configuration, whatever is wrong with it.
  func read() -> LoadResult {
    ConfigurationLoader.load(paths: config.isEmpty ? nil : config, environment: processEnvironment())
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
