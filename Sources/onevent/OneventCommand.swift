// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Daemon

@main
struct OneventCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "onevent",
    abstract: "Runs your scripts when events arrive on your message bus.",
    discussion: """
      A configuration names events, the script to run, the payload values to pass and the conditions to meet:

        [DEFAULT]
        user = esi
        password = secret
        host = controller
        queues = esi_leap_versioned_notifications.info

        [fulfill]
        events = esi_leap.lease.fulfill.end
        script = fulfill.sh
        script_params = node_name, uuid
        filter_params = {"purpose": "test"}

      First steps:
        onevent init > onevent.conf              write a first configuration
        onevent check --keys                     list every key that it can have
        onevent check -c onevent.conf --broker   say what is wrong with it, and look at the queues
        onevent explain -c onevent.conf EVENT    say what every action does with a captured event, and why
        onevent run -c onevent.conf              take events and run scripts, until Ctrl-C

      What came and what ran, and a person's decisions, while it runs:
        onevent status, events, runs, tail       look
        onevent show 5, show 5 --follow          see run 5 whole, or what it prints now
        onevent retry 5, replay 17, discard 6    run again, run anew, give up
        onevent actions                          what each action did
        onevent suspend, observe, resume         hold back an action, or all
        onevent reload                           read the configuration again
        onevent page                             the same in a browser

      Exit codes: 0 done, 1 the answer is no, 64 usage, 65 data, 69 daemon or broker not reachable, 70 internal error,
      74 input/output, 77 permission, 78 configuration.
      """,
    version: "onevent \(Version.current)",
    subcommands: [
      RunCommand.self, CheckCommand.self, ExplainCommand.self, PathsCommand.self, InitCommand.self, SendCommand.self,
      EventsCommand.self, RunsCommand.self, ShowCommand.self, TailCommand.self, TypesCommand.self, RetryCommand.self,
      ReplayCommand.self, DiscardCommand.self, SuspendCommand.self, ObserveCommand.self, ResumeCommand.self,
      ActionsCommand.self, StatusCommand.self, ReloadCommand.self, MetricsCommand.self, PageCommand.self,
    ]
  )
}
