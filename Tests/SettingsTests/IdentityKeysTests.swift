// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events
import Foundation
import Testing

@testable import Settings

/// As whom an action's script runs, and with what limits.
@Suite struct IdentityKeysTests {
  private func load(
    _ keys: String, allowsRoot: Bool = true, isDaemon: Bool = true
  ) throws -> (LoadResult, ConfigurationFolder) {
    let folder = try ConfigurationFolder()
    try folder.script("run.sh")
    let file = try folder.write(
      "onevent.conf", "[DEFAULT]\nqueues = q\n\n[act]\nevents = a.b\nscript = ./run.sh\n\(keys)\n")
    let result = ConfigurationLoader.load(paths: [file], environment: allowsRoot ? asRoot : [:], isDaemon: isDaemon)
    return (result, folder)
  }

  private func action(_ keys: String) throws -> Action {
    let (result, _) = try load(keys)
    return try #require(try result.loaded().actions.first)
  }

  private func environment(_ action: Action) -> [String] {
    action.environment.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("Without keys, an action runs as the daemon does, with its limits")
  func defaults() throws {
    let action = try action("")
    #expect(action.identity == nil && action.nice == nil && action.limits == ResourceLimits())
    #expect(action.umask == 0o022 && action.noNewPrivileges && action.leftovers == .keep)
  }

  @Test("A user is resolved to its numbers, with all its groups; HOME, USER and LOGNAME follow it")
  func user() throws {
    let action = try action("run_as = nobody")
    let entry = try #require(try UserDatabase.user(named: "nobody"))
    #expect(
      action.identity
        == RunIdentity(
          name: "nobody", user: entry.number, group: entry.group,
          groups: UserDatabase.groups(ofUser: "nobody", with: entry.group)))
    #expect(environment(action).contains("USER=nobody") && environment(action).contains("LOGNAME=nobody"))
    #expect(environment(action).contains("HOME=\(entry.home)"))
    #expect(try self.action("run_as = \(entry.number)").identity == action.identity)
  }

  @Test("A group replaces the user's own; a number that the user database does not know needs one")
  func group() throws {
    let daemon = try #require(try UserDatabase.group(named: "daemon"))
    let identity = try #require(try action("run_as = nobody\nrun_as_group = daemon").identity)
    #expect(identity.group == daemon && identity.groups.contains(daemon))
    let unknown = try action("run_as = 61234\nrun_as_group = 61235")
    #expect(unknown.identity == RunIdentity(name: "61234", user: 61_234, group: 61_235, groups: [61_235]))
    #expect(environment(unknown).contains("USER=61234") && environment(unknown).contains("HOME=/"))
  }

  @Test("Every key is read, and [scripts] gives defaults")
  func everyKey() throws {
    let action = try action(
      "umask = 0077\nnice = -5\nlimits = nofile=1024, nproc=64, cpu=60s, memory=1GiB\nno_new_privs = no\n"
        + "leftovers = kill\n\n[scripts]\nrun_as = nobody")
    #expect(action.umask == 0o077 && action.nice == -5 && !action.noNewPrivileges && action.leftovers == .kill)
    var limits = ResourceLimits()
    (limits.openFiles, limits.processes, limits.processorSeconds, limits.memory) = (1024, 64, 60, 1 << 30)
    #expect(action.limits == limits)
    #expect(action.identity?.name == "nobody")
    #expect(try self.action("umask = 7").umask == 0o007)
  }

  @Test("What an invocation executes has all of it")
  func invocation() throws {
    let action = try action("run_as = nobody\nnice = 3\nlimits = nproc=9\nleftovers = kill\numask = 027")
    let bytes = Array(#"{"event_type": "a.b", "message_id": "m", "payload": {}}"#.utf8)
    let event = try bytes.withUnsafeBytes {
      try EventDecoder(EventMapping(), inflatedLimit: 1 << 20).decode($0, Envelope(source: "s"))
    }
    let invocation = try action.invocation(for: event, RunFacts(runID: "r", eventNumber: 1, attempt: 1))
    #expect(invocation.identity == action.identity && invocation.nice == 3 && invocation.limits == action.limits)
    #expect(invocation.leftovers == .kill && invocation.umask == 0o027 && invocation.noNewPrivileges)
    #expect(invocation.allowsRoot)
  }

  @Test(
    "What cannot be is a problem at its place, with what was expected",
    arguments: [
      ("run_as = nosuchuser", 7, ["nosuchuser", "which is not there", "getent passwd"]),
      ("run_as = nobody\nrun_as_group = nosuchgroup", 8, ["nosuchgroup", "getent group"]),
      ("run_as = 61234", 7, ["its group is not known", "run_as_group"]),
      ("run_as = 4294967295", 7, ["which is not there"]),
      ("umask = 8", 7, ["octal"]), ("umask = 01000", 7, ["octal"]), ("umask =", 7, ["octal"]),
      ("nice = 20", 7, ["-20 to 19"]), ("nice = -21", 7, ["-20 to 19"]), ("nice = x", 7, ["-20 to 19"]),
      ("limits = nofiles=3", 7, ["no limit 'nofiles'", "nofile"]), ("limits = nofile", 7, ["NAME=value"]),
      ("limits = nofile=2", 7, ["3 to 1048576"]), ("limits = nproc=0", 7, ["1 to"]),
      ("limits = cpu=500ms", 7, ["whole seconds"]), ("limits = memory=1KiB", 7, ["at least 1MiB"]),
      ("limits = cpu=1s, cpu=2s", 7, ["stands twice"]), ("no_new_privs = maybe", 7, ["yes or no"]),
      ("leftovers = some", 7, ["keep, kill"]), ("allow_root = x", 7, ["yes or no"]),
    ] as [(String, Int, [String])])
  func problems(keys: String, line: Int, words: [String]) throws {
    let problems = try load(keys).0.problems
    let problem = try #require(problems.first { $0.position.line == line }, "\(keys): \(problems)")
    for word in words { #expect(problem.description.contains(word), "\(problem)") }
  }

  @Test("As root, an action that names no user and does not allow root is a problem that names the cure")
  func root() throws {
    try #require(geteuid() == 0, "this needs root: run the tests as root")
    let problems = try load("", allowsRoot: false).0.problems
    #expect(problems.count == 1)
    let text = try #require(problems.first).description
    #expect(text.contains("run_as = USER") && text.contains("allow_root = yes"), "\(text)")
    #expect(try load("run_as = root", allowsRoot: false).0.problems.count == 1)
    #expect(try load("run_as = nobody", allowsRoot: false).0.problems.isEmpty)
    #expect(try load("allow_root = yes", allowsRoot: false).0.problems.isEmpty)
    // Who only looks may be root where the daemon is not.
    let looked = try load("", allowsRoot: false, isDaemon: false).0.loaded()
    #expect(looked.findings.contains { $0.kind == .warning && $0.message.contains("run_as = USER") })
    // They run nothing.
    #expect(try load("enabled = no", allowsRoot: false).0.problems.isEmpty)
    #expect(try load("enabled = observe", allowsRoot: false).0.problems.isEmpty)
  }
}
