// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Daemon
import Glibc
import Journal
import Logging
import Settings

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Takes events and runs scripts, in the foreground.",
    discussion: """
      SIGTERM or Ctrl-C stops: nothing more is taken, scripts that run are finished within drain_timeout, the rest \
      stays in the journal for the next start; with 'settle = run' it is given back to the broker. A second signal \
      sends the scripts TERM at once, a third KILL.
      SIGHUP, or 'onevent reload', reads the configuration again: all of it is taken over, or nothing, and the log says \
      why.
      A broker that cannot be reached is no reason to end: it is tried again for ever. AMQP_URL serves where the \
      configuration names no broker.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(help: ArgumentHelp("Take events from this source only.", valueName: "name"))
  var onlySource: String?

  @Flag(name: .shortAndLong, help: "Log at level debug.")
  var verbose = false

  func run() throws {
    // Before any thread exists: all inherit the blocked signals.
    let signals = DaemonSignals()
    // Before the first password is read.
    ProcessMemory.forbidDumps()
    let environment = ServiceEnvironment.take()
    // Scripts inherit it; the default of the key `umask`.
    umask(0o022)
    let origin = options.origin(onlySource: onlySource, isDaemon: true)
    let configuration = try ConfigurationOptions.accept(origin.load())
    // While there is one thread: all inherit it, and what an ordinary user's daemon starts needs no run-as for it.
    NewPrivileges.renounce(configuration.actions)
    let log: DaemonLog
    do {
      log = try DaemonLog(configuration.log, verbose: verbose, environment: environment)
    } catch {
      complain("cannot start: \(error)")
      throw ExitCode(70)
    }
    defer { log.flush() }
    for (place, message) in configuration.warnings {
      log.logger.warning("\(message)", metadata: ["place": "\(place)"])
    }
    do {
      try EventDaemon(configuration, from: origin, log: log, environment: environment).run(signals)
    } catch let error as JournalError {
      complain("cannot start: \(error)")
      throw error.exitCode
    } catch {
      complain("cannot start: \(error)")
      throw ExitCode(70)
    }
  }
}
