// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events
import Foundation
import Testing

@testable import Settings

/// Variables that no setting brings to a script.
@Suite struct DangerousEnvironmentTests {
  /// Names of sudo's table `initial_badenv_table` (its env.c) on Linux, patterns with an example in place of the `*`;
  /// then those that a service manager sets for a daemon.
  static let names = [
    "IFS", "CDPATH", "LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES", "NLSPATH", "PATH_LOCALE", "LD_PRELOAD",
    "LD_LIBRARY_PATH", "LD_AUDIT", "_RLD_LIST", "KRB_CONF_DIR", "KRBCONFDIR", "KRBTKFILE", "KRB5_CONFIG", "KRB5_KTNAME",
    "VAR_ACE", "USR_ACE", "DLC_ACE", "TERMINFO", "TERMINFO_DIRS", "TERMPATH", "TERMCAP", "ENV", "BASH_ENV", "PS4",
    "GLOBIGNORE", "BASHOPTS", "SHELLOPTS", "JAVA_TOOL_OPTIONS", "PERLIO_DEBUG", "PERLLIB", "PERL5LIB", "PERL5OPT",
    "PERL5DB", "FPATH", "NULLCMD", "READNULLCMD", "ZDOTDIR", "TMPPREFIX", "PYTHONHOME", "PYTHONPATH", "PYTHONINSPECT",
    "PYTHONUSERBASE", "RUBYLIB", "RUBYOPT", "BASH_FUNC_ls",
    "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "JOURNAL_STREAM",
    "INVOCATION_ID", "WATCHDOG_PID", "WATCHDOG_USEC", "SWIFT_BACKTRACE", "DBUS_SESSION_BUS_ADDRESS", "GCONV_PATH",
    "GLIBC_TUNABLES",
  ]

  private func load(_ setting: String, in folder: ConfigurationFolder) throws -> LoadResult {
    try folder.load(
      "[DEFAULT]\nqueues = q\n[a]\nevents = x\nscript = /bin/true\n\(setting)\n",
      environment: Dictionary(Self.names.map { ($0, "canary") }) { first, _ in first })
  }

  @Test("no key brings one of them to a script: each is refused, by its name", arguments: names)
  func refused(name: String) throws {
    let folder = try ConfigurationFolder()
    for setting in ["pass_environment = \(name)", "environment = \(name)=1", "env_params = \(name)=purpose"] {
      let problems = try load(setting, in: folder).problems
      #expect(problems.count == 1 && problems[0].message.contains("'\(name)'"), "\(setting): \(problems)")
      #expect(problems.first?.position.line == 6)
    }
  }

  @Test("what the daemon has does not get to a script unless it is named")
  func builtFromNothing() throws {
    let folder = try ConfigurationFolder()
    let action = try load("pass_environment = LANG", in: folder).loaded().actions[0]
    let names = action.environment.map { String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self) }
    #expect(Set(names) == ["PATH", "HOME", "USER", "LOGNAME", "LANG"])
  }

  @Test("a fixed value of the operator's may be what a tenant's may not")
  func fixed() throws {
    let folder = try ConfigurationFolder()
    for name in ["PATH", "HOME", "GIT_SSH_COMMAND", "ANSIBLE_CONFIG"] {
      #expect(try load("environment = \(name)=/x", in: folder).problems.isEmpty)
      #expect(try load("env_params = \(name)=purpose", in: folder).problems.count == 1)
    }
  }
}
