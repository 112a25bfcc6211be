// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Glibc

/// Where a daemon's configuration comes from: read at its start, and again at each reload.
package struct ConfigurationOrigin: Sendable {
  /// The files and directories that were named; nil = the default ones.
  package var paths: [String]?
  package var environment: [String: String]
  /// Take events from this source only; nil = from all.
  package var onlySource: String?

  /// Whether this process runs the scripts, or only looks.
  package var isDaemon: Bool

  package init(
    paths: [String]?, environment: [String: String], onlySource: String? = nil, isDaemon: Bool = false
  ) {
    self.isDaemon = isDaemon
    self.paths = paths
    self.environment = environment
    self.onlySource = onlySource
  }

  /// What the files look like now, those that have come or gone among them.
  package var stamp: ConfigStamp { ConfigStamp(of: ConfigFiles.list(paths, Report())) }

  /// Reads the configuration, whatever is wrong with it.
  package func load() -> LoadResult {
    let result = ConfigurationLoader.load(paths: paths, environment: environment, isDaemon: isDaemon)
    guard let onlySource, case .loaded(var configuration) = result else { return result }
    let local = configuration.local.isEnabled ? [configuration.local.name] : []
    let names = configuration.sources.map(\.name) + local
    configuration.sources.removeAll { $0.name != onlySource }
    let isLocal = configuration.local.name == onlySource
    configuration.local.isEnabled = configuration.local.isEnabled && isLocal
    guard configuration.sources.isEmpty, !configuration.local.isEnabled else { return .loaded(configuration) }
    let problem = ConfigProblem(
      position: SourcePosition(file: configuration.files.first ?? "", line: 1, column: 1),
      message: "--only-source \(onlySource): there is no such source; configured: \(names.joined(separator: ", "))")
    return .refused(problems: [problem], findings: configuration.findings)
  }

  /// Reads the configuration once nobody writes its files any more.
  ///
  /// An editor that writes in place, or a version control system that replaces one file after the other, leaves moments
  /// in which the files make a configuration that nobody meant. So what was read counts only if all files still look
  /// the same after a pause; otherwise they are read again.
  ///
  /// - Returns: Nil when they changed all the time.
  package func loadWhenSettled() -> LoadResult? {
    // 300 ms each: at most about ten seconds.
    loadWhenSettled(tries: 30) { usleep(300_000) }
  }

  func loadWhenSettled(tries: Int, pause: () -> Void) -> LoadResult? {
    for _ in 0..<tries {
      let before = stamp
      let result = load()
      pause()
      if stamp == before { return result }
    }
    return nil
  }
}
