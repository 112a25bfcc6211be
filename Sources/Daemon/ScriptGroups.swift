// SPDX-License-Identifier: Apache-2.0

import Logging
import Scripts

/// The control groups of runs, where this daemon was given one to divide.
enum ScriptGroups {
  /// Takes them over and says, once, how runs are ended.
  static func takeOver(_ logger: Logger) -> ControlGroups? {
    do throws(ControlGroupsMissing) {
      let groups = try ControlGroups()
      logger.notice(
        "each run gets a control group: nothing of it outlives its end by timeout, stop or leftovers = kill",
        metadata: ["cgroup": "\(groups.directory)"])
      return groups
    } catch {
      logger.notice(
        "runs are ended by session and process group: what makes a session of its own is listed with its run",
        metadata: [LogKey.reason: "\(error)"])
      return nil
    }
  }
}

extension Completion {
  /// What was to be ended with the run and was out of reach, as a sentence; nil = nothing.
  var survivorsSentence: String? {
    guard !survivors.isEmpty else { return nil }
    let shown = survivors.prefix(20).map(\.description).joined(separator: ", ")
    let more = survivors.count > 20 ? " and \(survivors.count - 20) more" : ""
    return "left behind in sessions of their own: \(shown)\(more)"
  }
}
