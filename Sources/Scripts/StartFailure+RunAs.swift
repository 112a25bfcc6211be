// SPDX-License-Identifier: Apache-2.0

import CRunAs
import Events
import Glibc

// What run-as could not do: each step in words, with its value and the cure.
extension StartFailure {
  /// A daemon of root would start a script as root, and nobody said that it may.
  init(wouldRunAsRoot invocation: Invocation) {
    self.init(
      invocation, EPERM,
      "it would run as root: write run_as = USER into its section of the configuration, or allow_root = yes")
  }

  /// run-as itself could not be started.
  init(startingRunAs invocation: Invocation, _ error: ErrorNumber) {
    let cure =
      switch error.value {
      case ENOENT, EACCES, ENOEXEC: ": it belongs to onevent, install that again"
      default: ""
      }
    self.init(
      invocation, error.value,
      "cannot start \(RunAsProgram.path), which is to set its user and limits: \(Self.cause(error))\(cure)")
  }

  /// run-as ended without a word, for example by a signal.
  init(runAsDied invocation: Invocation, status: Int32) {
    let outcome =
      switch Watcher.outcome(ofStatus: status) {
      case .signalled(let number): "was ended by signal \(number)"
      case .exited(let code): "ended with \(code)"
      default: "ended"
      }
    self.init(
      invocation, EIO,
      "\(RunAsProgram.path), which is to set its user and limits, \(outcome) before it had done so")
  }

  /// The execution took longer than a start may hold up others.
  init(runAsSilent invocation: Invocation, after patience: Duration) {
    self.init(
      invocation, ETIMEDOUT,
      "it was not executed within \(patience.components.seconds) s and was killed: its file system does not answer, "
        + "or somebody stopped it")
  }

  /// A step of run-as failed.
  init(
    _ invocation: Invocation, step: UInt32, _ error: ErrorNumber, _ group: RunGroup?, _ privileges: Privileges
  ) {
    switch step {
    case UInt32(runas_step_program):
      self.init(executing: invocation, error)
    case UInt32(runas_step_directory):
      let user = invocation.identity.map { " as the user \($0.name)" } ?? ""
      self.init(
        invocation, error.value,
        "cannot enter its working directory \(invocation.workingDirectory)\(user): \(Self.cause(error))")
    default:
      let (deed, cure) = Self.words(forStep: step, error, invocation, group, privileges)
      self.init(invocation, error.value, "cannot \(deed): \(Self.cause(error))\(cure.map { ": \($0)" } ?? "")")
    }
  }

  private static func words(
    forStep step: UInt32, _ error: ErrorNumber, _ invocation: Invocation, _ group: RunGroup?, _ privileges: Privileges
  ) -> (deed: String, cure: String?) {
    let limits = invocation.limits
    let hardLimit = "it is more than the daemon's own limit, which the unit raises with "
    let name = invocation.identity?.name ?? String(privileges.user)
    let identity = invocation.identity
    let rights =
      error.value == EPERM
      ? "the daemon needs CAP_SETUID and CAP_SETGID, which the unit's drop-in run-as.conf gives, or to be root" : nil
    switch step {
    case UInt32(runas_step_request):
      return (
        "be started: \(RunAsProgram.path) does not take the request",
        "it is of another version: install onevent again"
      )
    case UInt32(runas_step_own_file):
      return (
        "be started by \(RunAsProgram.path), which has a setuid bit or file capabilities and must not",
        "chmod u-s,g-s and setcap -r take them away"
      )
    case UInt32(runas_step_cgroup): return ("join its control group \(group?.directory ?? "")", nil)
    case UInt32(runas_step_files):
      return ("set its limit nofile=\(limits.openFiles ?? 0)", hardLimit + "LimitNOFILE=")
    case UInt32(runas_step_processes):
      return ("set its limit nproc=\(limits.processes ?? 0)", hardLimit + "LimitNPROC=")
    case UInt32(runas_step_cpu):
      return ("set its limit cpu=\(limits.processorSeconds ?? 0)s", hardLimit + "LimitCPU=")
    case UInt32(runas_step_memory):
      return ("set its limit memory=\(limits.memory ?? 0)", hardLimit + "LimitAS=")
    case UInt32(runas_step_nice):
      return (
        "set its niceness \(invocation.nice ?? 0)",
        "less than the daemon's own needs CAP_SYS_NICE, or LimitNICE= of the unit"
      )
    case UInt32(runas_step_bounding_set): return ("empty its capability bounding set", nil)
    case UInt32(runas_step_groups):
      let groups = (identity?.groups ?? []).map(String.init).joined(separator: ",")
      return ("become the user \(name): cannot set the groups \(groups)", rights)
    case UInt32(runas_step_gid):
      return ("become the user \(name): cannot set the group \(identity?.group ?? privileges.group)", rights)
    case UInt32(runas_step_uid):
      return ("become the user \(name): cannot set the uid \(identity?.user ?? privileges.user)", rights)
    case UInt32(runas_step_capabilities): return ("give up the daemon's capabilities", nil)
    case UInt32(runas_step_verification):
      return ("be started: after it became the user \(name), it did not have exactly that user's rights", nil)
    case UInt32(runas_step_no_new_privileges): return ("set no_new_privs", nil)
    case UInt32(runas_step_descriptors): return ("close the daemon's descriptors", nil)
    default: return ("be started: \(RunAsProgram.path) failed in step \(step)", nil)
    }
  }

  /// execve(2) failed, as the script's user.
  private init(executing invocation: Invocation, _ error: ErrorNumber) {
    if error.value == EAGAIN, let processes = invocation.limits.processes {
      self.init(
        invocation, error.value,
        "the user \(invocation.identity?.name ?? "of the daemon") has more processes than its limit nproc=\(processes)")
      return
    }
    if error.value == EACCES, let identity = invocation.identity,
      let closed = AccessByMode(identity: identity).obstacle(to: invocation.path)
    {
      self.init(invocation, error.value, closed)
      return
    }
    self.init(invocation, executing: error)
  }
}

/// Tells by owner and mode whether a user may execute a file; access control lists are not looked at.
struct AccessByMode {
  let identity: RunIdentity

  /// Says what keeps the user from executing a file, as a sentence that begins with its name goes on.
  func obstacle(to path: String) -> String? {
    let parents = path.indices.filter { path[$0] == "/" }.map { $0 == path.startIndex ? "/" : String(path[..<$0]) }
    for directory in parents where !mayExecute(directory) {
      return "it cannot be reached: the user \(identity.name) may not enter the directory \(directory), which needs "
        + "chmod +x"
    }
    guard !mayExecute(path) else { return nil }
    var status = stat()
    // What nobody may execute is not a matter of the user.
    guard stat(path, &status) == 0, status.st_mode & 0o111 != 0 else { return nil }
    return "it may not be executed by the user \(identity.name) (uid \(identity.user); its owner is "
      + "\(status.st_uid):\(status.st_gid), its mode \(String(status.st_mode & 0o7777, radix: 8)))"
  }

  /// True also where that cannot be told.
  private func mayExecute(_ path: String) -> Bool {
    var status = stat()
    guard identity.user != 0, stat(path, &status) == 0 else { return true }
    if status.st_uid == identity.user { return status.st_mode & 0o100 != 0 }
    let isMember = status.st_gid == identity.group || identity.groups.contains(status.st_gid)
    return status.st_mode & (isMember ? 0o010 : 0o001) != 0
  }
}
