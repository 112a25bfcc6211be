// SPDX-License-Identifier: Apache-2.0

import CLinux
import ConfigText
import Events
import Glibc

/// Finds out as whom an action's script runs, and gives the action what its keys of that kind say.
struct IdentityBuilder {
  /// Of the daemon's own user.
  let base: ScriptEnvironment
  /// Whether this process is the daemon, or somebody who only looks at what the daemon will be given.
  let isDaemon: Bool
  let report: Report

  /// What the action runs as.
  struct Result {
    /// Nil = the daemon's own user and group, since nothing else was said.
    var identity: RunIdentity?
    /// The environment of scripts of that user.
    var environment: ScriptEnvironment
    fileprivate var allowsRoot: Bool

    /// Whether it is somebody else than this process, whose rights then say nothing about the script's.
    var isAnother: Bool { identity.map { $0.user != geteuid() } ?? false }
  }

  func build(_ section: Section, _ mode: Action.Mode) -> Result {
    var result = Result(
      identity: nil, environment: base, allowsRoot: section.value(IdentityKeys.allowRoot, report))
    let user = section.value(IdentityKeys.runAs, report)
    let group = section.value(IdentityKeys.runAsGroup, report)
    if user != nil || group != nil {
      guard let account = account(user), let identity = identity(account, group, user) else { return result }
      result.identity = identity
      result.environment = ScriptEnvironment(user: identity.name, home: account.home)
      lookAtRights(identity, user ?? group)
    }
    // Where nothing is run, nobody has to allow anything.
    if mode == .enabled, (result.identity?.user ?? geteuid()) == 0, !result.allowsRoot {
      if let user {
        report.problem(
          at: user.position, "\(section.title) would run its script as root; write 'allow_root = yes' if it needs that")
      } else {
        let words =
          "\(section.title) would run its script as root, as which onevent runs here; write 'run_as = USER' to have it "
          + "run as somebody else, or 'allow_root = yes' if it needs root"
        // Who only looks may be root while the daemon is not.
        if isDaemon {
          report.problem(at: section.position, words)
        } else {
          report.finding(.warning, at: section.position, "\(words); a daemon of another user runs it as that user")
        }
      }
    }
    return result
  }

  /// Gives an action what its section says.
  func apply(_ result: Result, of section: Section, to action: inout Action) {
    action.identity = result.identity
    action.allowsRoot = result.allowsRoot
    action.umask = section.value(IdentityKeys.umask, report)
    action.nice = section.value(IdentityKeys.nice, report)
    action.limits = section.value(IdentityKeys.limits, report)
    action.noNewPrivileges = section.value(IdentityKeys.noNewPrivileges, report)
    action.leftovers = section.value(IdentityKeys.leftovers, report)
  }

  // MARK: Looking up

  private struct Account {
    var name: String
    var number: UInt32
    /// Nil = the user database does not know the number.
    var group: UInt32?
    var home: String
  }

  private func account(_ text: ConfigText?) -> Account? {
    let position = text?.position ?? .nowhere
    let number = text.map { Self.number($0.text) } ?? geteuid()
    do throws(UserDatabase.Failure) {
      let found =
        if let number { try UserDatabase.user(numbered: number) } else {
          try UserDatabase.user(named: text?.text ?? "")
        }
      if let found { return Account(name: found.name, number: found.number, group: found.group, home: found.home) }
      if let number { return Account(name: String(number), number: number, group: nil, home: "/") }
      report.problem(
        at: position,
        "'run_as' names the user '\(shortened(text?.text ?? ""))', which is not there; create it, or name one that "
          + "'getent passwd' lists")
    } catch {
      report.problem(
        at: position, "the user '\(shortened(text?.text ?? ""))' of 'run_as' cannot be looked up: \(error.words)")
    }
    return nil
  }

  private func identity(_ account: Account, _ text: ConfigText?, _ user: ConfigText?) -> RunIdentity? {
    var group = account.group
    if let text {
      do throws(UserDatabase.Failure) {
        group = if let number = Self.number(text.text) { number } else { try UserDatabase.group(named: text.text) }
      } catch {
        report.problem(
          at: text.position, "the group '\(shortened(text.text))' of 'run_as_group' cannot be looked up: \(error.words)"
        )
        return nil
      }
      if group == nil {
        report.problem(
          at: text.position,
          "'run_as_group' names the group '\(shortened(text.text))', which is not there; create it, or name one that "
            + "'getent group' lists")
      }
    } else if group == nil {
      report.problem(
        at: user?.position ?? .nowhere,
        "there is no user with the number \(account.number), so that its group is not known; write 'run_as_group = GROUP'"
      )
    }
    guard let group else { return nil }
    let groups =
      account.group == nil ? [group] : UserDatabase.groups(ofUser: account.name, with: group)
    return RunIdentity(name: account.name, user: account.number, group: group, groups: groups)
  }

  /// A number that can be a user's or group's: to the kernel, the largest one means "leave it as it is".
  private static func number(_ text: String) -> UInt32? {
    Quantity.digits(text).flatMap(UInt32.init(exactly:)).flatMap { $0 < .max ? $0 : nil }
  }

  // MARK: Rights

  /// Says what this process may not do; another one, started by the service manager, perhaps may.
  private func lookAtRights(_ identity: RunIdentity, _ text: ConfigText?) {
    let isOther = identity.user != geteuid()
    guard isOther || identity.group != getegid() else { return }
    let position = text?.position ?? .nowhere
    func holds(_ capability: Int32) -> Bool { clinux_holds_capability(capability) != 0 }
    if !holds(clinux_cap_setgid) || isOther && !holds(clinux_cap_setuid) {
      report.finding(
        .warning, at: position,
        "a daemon with the rights of this process cannot run scripts as the user \(identity.name), and would not start "
          + "them: it needs CAP_SETUID and CAP_SETGID, which the unit's drop-in run-as.conf gives, or to be root")
    } else if isOther, !holds(clinux_cap_kill) {
      report.finding(
        .warning, at: position,
        "a daemon with the rights of this process can start scripts as the user \(identity.name) and cannot end them: "
          + "it needs CAP_KILL too, which the unit's drop-in run-as.conf gives, or a delegated control group")
    }
  }
}
