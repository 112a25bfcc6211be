// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Events
import WebAPI

struct ReloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Has the daemon read its configuration again, and waits until all of it holds.",
    discussion: """
      Scripts that run end as they began; only sources whose settings, passwords or certificates have changed are \
      connected anew. A configuration with anything wrong in it changes nothing.
      Exit code: 0 it holds; 78 it is refused, with every reason; 69 no daemon runs.
      """)

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let answer = try daemon.daemon().send(.post, "/api/v1/reload")
    if json { return print(answer.json) }
    print("configuration \(answer.shown("revision")) holds".printable)
    for (key, words) in [
      ("added", "action added"), ("changed", "action changed"), ("removed", "action removed"),
      ("connected", "source connected anew"), ("disconnected", "source disconnected"),
    ] {
      for name in answer.list(of: key) { print("\(words): \(name.text)".printable) }
    }
  }
}
