// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Daemon
import Glibc
import Logging
import WebAPI

struct PageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "page",
    abstract: "Opens the daemon's page for a browser of this machine, until Ctrl-C.",
    discussion: """
      A browser cannot open a Unix socket, so this command listens on a port of 127.0.0.1 and hands on what comes. It \
      prints a link that works once and for a minute; whoever opens it may do what you may, until the command ends.
      From afar, with ssh: 'onevent page --port 8300' there, 'ssh -L 8300:127.0.0.1:8300 HOST' here, and open the link.
      Exit code: 0 ended by Ctrl-C; 69 no daemon runs; 74 the port cannot be opened.
      """)

  @Option(help: ArgumentHelp("The port to listen on; default: any that is free.", valueName: "number"))
  var port: UInt16 = 0

  @Flag(help: "Open the link with xdg-open, too.")
  var open = false

  @OptionGroup var daemon: DaemonOptions

  func run() throws {
    // Before any thread exists: all inherit the blocked signals.
    let signals = DaemonSignals()
    let path = try daemon.socket.path(daemon.options)
    // Says in the usual words why not.
    _ = try DaemonConnection(APIClient(socket: path)).get("/api/v1/session")
    let proxy = PageProxy(socket: path, port: Int(port), logger: Logger(label: "page") { _ in Complaints() })
    do {
      let link = try proxy.start()
      print(link)
      fflush(nil)
      if open { Self.open(link) }
    } catch {
      complain(error.description)
      throw ExitCode(74)
    }
    while signals.wait(for: .seconds(3600)) == nil {}
    proxy.stop()
  }

  /// Starts the desktop's own way to open a link, where there is one.
  private static func open(_ link: String) {
    var pid: pid_t = 0
    let arguments = [strdup("xdg-open"), strdup(link), nil]
    defer { arguments.forEach { free($0) } }
    let result = posix_spawnp(&pid, "xdg-open", nil, nil, arguments, environ)
    if result != 0 { complain("the link cannot be opened with xdg-open: \(String(cString: strerror(result)))") }
  }
}

/// What the port refuses, on standard error.
private struct Complaints: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.warning

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    complain("\(event.message)")
  }
}
