// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The environment that scripts start with: built from nothing, the same under any service manager and shell.
struct ScriptEnvironment {
  static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  /// The user whom scripts run as, from the user database; the number where it knows none.
  let user: String
  let home: String

  init() {
    let id = geteuid()
    var found: (user: String, home: String)?
    var size = 1024
    var code: Int32 = ERANGE
    while code == ERANGE, size <= 1 << 20 {
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { strings in
        guard let start = strings.baseAddress else { return }
        var entry = passwd()
        var result: UnsafeMutablePointer<passwd>?
        code = getpwuid_r(id, &entry, start, strings.count, &result)
        guard code == 0, result != nil, let user = entry.pw_name, let home = entry.pw_dir else { return }
        found = (String(cString: user), String(cString: home))
      }
      size *= 2
    }
    user = found?.user ?? String(id)
    home = found?.home ?? "/"
  }

  /// The variables that every script has before `environment` and `pass_environment`.
  var base: [(name: String, value: String)] {
    [
      ("PATH", Self.searchPath), ("HOME", home), ("USER", user), ("LOGNAME", user), ("LANG", "C.UTF-8"),
    ]
  }

  /// Whether a text is a name that shells can use.
  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39 ~= first) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
      default: false
      }
    }
  }

  /// Whether the name is ours, in every setting.
  static func isReserved(_ name: String) -> Bool {
    name == "ONEVENT" || name.hasPrefix("ONEVENT_")
  }

  /// Whether a variable of this name belongs to the daemon alone, or could make a program do something else than it is
  /// meant to before its first line is reached: none of these gets to a script by any setting.
  ///
  /// sudo's list of what it removes (`initial_badenv_table` in its `env.c`), what glibc obeys besides, and what a
  /// service manager tells a daemon about itself (systemd.exec(5), sd_notify(3), sd_listen_fds(3)).
  static func isForbidden(_ name: String) -> Bool {
    forbiddenNames.contains(name) || forbiddenPrefixes.contains { name.hasPrefix($0) }
  }

  /// Whether a value from an event under this name could make a program do something else than it is meant to.
  ///
  /// More than what is forbidden: a fixed `PATH` or `GIT_SSH_COMMAND` is the operator's business, one that a tenant
  /// chooses is not.
  static func isDangerous(_ name: String) -> Bool {
    isForbidden(name) || dangerousNames.contains(name) || dangerousPrefixes.contains { name.hasPrefix($0) }
  }

  private static let dangerousPrefixes = ["GIT_", "KRB5_", "ANSIBLE_"]

  private static let dangerousNames: Set<String> = ["PATH", "HOME", "NODE_OPTIONS", "SHELL", "EDITOR", "PAGER"]

  private static let forbiddenPrefixes = [
    "LD_", "_RLD", "LDR_", "DYLD_", "KRB_CONF", "KRB5_CONFIG", "BASH_FUNC_",
    "DBUS_", "LISTEN_", "SWIFT_", "WATCHDOG_",
  ]

  private static let forbiddenNames: Set<String> = [
    "IFS", "CDPATH", "LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES", "NLSPATH", "PATH_LOCALE", "SHLIB_PATH", "LIBPATH",
    "AUTHSTATE", "KRBCONFDIR", "KRBTKFILE", "KRB5_KTNAME", "VAR_ACE", "USR_ACE", "DLC_ACE", "TERMINFO", "TERMINFO_DIRS",
    "TERMPATH", "TERMCAP", "ENV", "BASH_ENV", "PS4", "GLOBIGNORE", "BASHOPTS", "SHELLOPTS", "JAVA_TOOL_OPTIONS",
    "PERLIO_DEBUG", "PERLLIB", "PERL5LIB", "PERL5OPT", "PERL5DB", "FPATH", "NULLCMD", "READNULLCMD", "ZDOTDIR",
    "TMPPREFIX", "PYTHONHOME", "PYTHONPATH", "PYTHONINSPECT", "PYTHONSTARTUP", "PYTHONUSERBASE", "RUBYLIB", "RUBYOPT",
    "GCONV_PATH", "GLIBC_TUNABLES", "LOCPATH",
    "CREDENTIALS_DIRECTORY", "INVOCATION_ID", "JOURNAL_STREAM", "NOTIFY_SOCKET",
  ]
}
