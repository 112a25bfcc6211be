// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where the daemon keeps what it writes when no configuration says so.
///
/// The system's directories serve root, and whoever may write there, such as a unit with `StateDirectory=onevent` and
/// `RuntimeDirectory=onevent`; everybody else has their own (XDG Base Directory Specification, 0.8). Variables that
/// hold no absolute path are passed over, as the specification wants it.
struct StateLocations {
  static let systemJournal = "/var/lib/onevent/journal.sqlite"
  static let systemSocket = "/run/onevent/onevent.sock"

  /// The most bytes of a Unix socket's path: `sun_path` of unix(7) has 108, of which a NUL takes one.
  static let longestSocket = 107

  let environment: [String: String]
  let isRoot: Bool
  /// Whether this process may make files in a directory, which is there.
  let isWritable: (_ directory: String) -> Bool

  /// The journal's path; the system's where there is neither a state nor a home directory.
  var journal: String {
    if serves(Self.systemJournal) { return Self.systemJournal }
    if let state = directory("XDG_STATE_HOME") { return FilePath.absolute("onevent/journal.sqlite", in: state) }
    if let home = directory("HOME") { return FilePath.absolute(".local/state/onevent/journal.sqlite", in: home) }
    return Self.systemJournal
  }

  /// The socket's path, beside the journal where nothing else serves.
  func socket(journal: String) -> String {
    if serves(Self.systemSocket) { return Self.systemSocket }
    let directory = directory("XDG_RUNTIME_DIR") ?? FilePath.directory(of: journal)
    return FilePath.absolute("onevent.sock", in: directory)
  }

  private func serves(_ file: String) -> Bool {
    isRoot || isWritable(FilePath.directory(of: file))
  }

  private func directory(_ variable: String) -> String? {
    environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
  }
}

extension StateLocations {
  /// As this process is, with the rights that it has now.
  init(environment: [String: String]) {
    self.init(environment: environment, isRoot: geteuid() == 0) { directory in
      faccessat(AT_FDCWD, "\(directory)/.", W_OK | X_OK, AT_EACCESS) == 0
    }
  }
}
