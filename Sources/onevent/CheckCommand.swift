// SPDX-License-Identifier: Apache-2.0

import AMQP
import ArgumentParser
import Events
import Settings

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Reads the configuration and says everything that is wrong with it.",
    discussion: """
      Errors, with file:line:column; warnings for what will not do what it says; and what differs in meaning from \
      the Python listener that onevent replaces. --broker looks at the queues, and changes nothing there.
      Exit code: 0 good, 78 not, 69 with --broker when the broker cannot be reached.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Look at the queues on the broker: depth, consumers. Nothing is declared or taken.")
  var broker = false

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "List every key with its meaning, type and default, and check nothing.")
  var keys = false

  func run() throws {
    guard !keys else { return print(KeyTable.reference) }
    let result = options.read()
    let report = CheckReport(result, sources: broker ? Self.look(result) : [])
    print(json ? report.json : report.text)
    guard case .loaded = result else { throw ExitCode.configuration }
    guard !report.isBrokerUnreachable else { throw ExitCode.unavailable }
  }

  private static func look(_ result: LoadResult) -> [CheckReport.SourceLook] {
    guard case .loaded(let configuration) = result else { return [] }
    return configuration.sources.map { source in
      let queues = source.consumer.queues.map(\.name)
      do throws(NoHostReached) {
        return CheckReport.SourceLook(
          name: source.name, findings: .success(try QueueInspector.look(at: queues, of: source.consumer.address)))
      } catch {
        return CheckReport.SourceLook(name: source.name, findings: .failure(error))
      }
    }
  }
}
