// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Settings

/// The source that an event came from: how its bodies are read.
struct SourceOptions: ParsableArguments {
  @OptionGroup var options: ConfigurationOptions

  @Option(help: ArgumentHelp("The source that the event came from; default: the first.", valueName: "name"))
  var source: String?

  /// The source of the configuration that `--config` names; nil without one.
  ///
  /// Where none is named, a recorded event is read as the source that it came from.
  func chosen(from recorded: String? = nil) throws -> EventReading? {
    guard !options.config.isEmpty || source != nil else { return nil }
    return try chosen(of: try options.load(), from: recorded)
  }

  /// The source that is named, else the one that a recorded event came from, else the first; nil where that is gone.
  func chosen(of configuration: Configuration, from recorded: String? = nil) throws -> EventReading? {
    if source == nil, let recorded { return configuration.readings.first { $0.name == recorded } }
    guard let source else { return configuration.readings.first }
    if let chosen = configuration.readings.first(where: { $0.name == source }) { return chosen }
    let names = configuration.readings.map(\.name).joined(separator: ", ")
    complain("--source \(source): there is no such source; configured: \(names)")
    throw ExitCode.configuration
  }
}
