// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Events

/// Reads configuration files into one configuration, or into everything that is wrong with them.
package enum ConfigurationLoader {
  /// Loads a configuration.
  ///
  /// Nothing but the files and the scripts that they name is looked at; nothing is started or connected.
  ///
  /// - Parameters:
  ///   - paths: The files and directories that were named; nil = the default ones.
  ///   - environment: The process's environment: `ONEVENT_<SECTION>__<KEY>`, `AMQP_URL`, `CREDENTIALS_DIRECTORY`,
  ///     and what `pass_environment` names.
  ///   - isDaemon: Whether scripts are run by this process; otherwise its user may be another than the daemon's.
  /// - Returns: The configuration, or everything that is wrong with it.
  package static func load(paths: [String]?, environment: [String: String], isDaemon: Bool = false) -> LoadResult {
    load(paths: paths, environment: environment, isDaemon: isDaemon, defaultDirectory: ConfigFiles.directory)
  }

  static func load(
    paths: [String]?, environment: [String: String], isDaemon: Bool = false, defaultDirectory: String
  ) -> LoadResult {
    let report = Report()
    let files = ConfigFiles.list(paths, directory: defaultDirectory, report)
    let overrides = EnvironmentOverrides(environment, report)
    var assembly = ConfigurationAssembly(
      environment: environment, isDaemon: isDaemon, overrides: overrides, report: report)
    var revision = Revision()
    let trust = ConfigTrust(report: report)
    for file in files {
      let isINI = file.hasSuffix(".conf") || file.hasSuffix(".ini")
      let (document, bytes) = ConfigFile.readWithBytes(file)
      trust.look(atFile: file, wasRead: !bytes.isEmpty)
      assembly.add(FileSections(document, path: file, isINI: isINI, overrides: overrides.defaults, report))
      revision.add(file: FilePath.absolute(file, in: FilePath.workingDirectory), bytes)
    }
    for variable in overrides.variables { revision.add(variable: variable.name, variable.value) }
    var configuration = assembly.configuration()
    configuration.files = files
    configuration.revision = revision.text
    report.sort(files: files)
    guard report.problems.isEmpty else {
      return .refused(problems: report.problems, findings: report.findings)
    }
    configuration.findings = report.findings
    return .loaded(configuration)
  }
}
