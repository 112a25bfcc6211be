// SPDX-License-Identifier: Apache-2.0

/// The listener whose files onevent takes over, `esi-event-action-listener.py` of CCI-MOC's esi-event-actions.
package enum PythonListener {
  /// What is different for every file, whatever stands in it: for `check` to print below the findings.
  package static let generalDifferences: [String] = [
    "Scripts are started without a shell: one parameter is one argument, whatever its value is.",
    "A null gives an empty argument, and a number, a boolean, a map or a list its JSON text; the Python listener ended.",
    "A script is looked for beside the configuration file, not in the directory that the listener was started in, "
      + "and starts there.",
    "A script's environment is built from nothing; 'environment' and 'pass_environment' add to it.",
    "A script's exit status counts, and its output goes to the log.",
    "What a script leaves in the background goes on, but its output is not read any more: connect it elsewhere.",
    "A script that runs longer than 'timeout' (10m) is ended; events of one node run one after another.",
    "A delivery is acknowledged when its event is recorded in the journal, which outlives a crash, not before anything was "
      + "done; with 'settle = run', when its scripts have ended.",
    "A script that exits with 75, is ended for its time or cannot be started for want of means is run again, 3 times unless "
      + "'retries' says otherwise.",
    "Queues are no longer declared: one that does not exist is looked for until its publisher makes it.",
    "The connection is taken up again when it is lost; what cannot be decoded is refused and told, and ends nothing.",
  ]
}
