// SPDX-License-Identifier: Apache-2.0

import Glibc
import Trust

/// Knows what of a command decides what is run, and whether nobody untrusted has a say in it.
///
/// That is the script itself; the interpreter of its first line; and where the first word is an interpreter or another
/// program that runs what it is told, each further word that is an absolute path.
struct CommandTrust {
  let files: SeenFiles
  /// The users who may have a say besides root and the daemon's own: the action's `run_as`.
  var alsoTrusted: [uid_t] = []

  /// One path that is looked at, here and before each start.
  struct Place: Equatable {
    var path: String
    /// Which of the command's words names it, counting from 0.
    var word: Int
  }

  /// Lists what is to be looked at.
  ///
  /// - Parameters:
  ///   - script: The absolute path of the file that the first word was found to be.
  ///   - interpreter: What the script's first line names; nil without `#!`.
  ///   - arguments: The command's further words.
  /// - Returns: The paths, each once; the first one is executed, or read by a shell.
  static func places(script: String, interpreter: String?, arguments: [String]) -> [Place] {
    var places = [Place(path: script, word: 0)]
    func add(_ path: String, _ word: Int) {
      if !places.contains(where: { $0.path == path }) { places.append(Place(path: path, word: word)) }
    }
    if let interpreter, interpreter.hasPrefix("/") { add(interpreter, 0) }
    guard arguments.contains(where: namesFile), runsItsArguments(script) else { return places }
    for (index, argument) in arguments.enumerated() where namesFile(argument) { add(argument, index + 1) }
    return places
  }

  /// The first thing that is not as it must be, with the word that leads there.
  func firstFault(in places: [Place]) -> (word: Int, message: String)? {
    let trust = PathTrust(alsoTrusting: alsoTrusted)
    for (index, place) in places.enumerated() {
      let role: PathTrust.Role = index == 0 ? .program : .code
      guard let distrust = files.distrust(of: place.path, as: role, by: trust) else { continue }
      let subject = index == 0 ? "The script \(place.path)" : place.path
      return (place.word, "\(subject) is not trusted: \(distrust)")
    }
    return nil
  }

  /// Devices and the kernel's own files hold nothing that a user has put there.
  private static func namesFile(_ word: String) -> Bool {
    word.hasPrefix("/") && !word.utf8.contains(0) && !["/dev/", "/proc/", "/sys/"].contains { word.hasPrefix($0) }
  }

  /// Whether a program runs a file that its arguments name.
  ///
  /// By its name, with or without a version (`python3.11`, `lua5.4`), as it is written and as links lead to it.
  static func runsItsArguments(_ path: String) -> Bool {
    let resolved = realpath(path, nil)
    defer { free(resolved) }
    return [path, resolved.map { String(cString: $0) } ?? path].contains { path in
      let name = FilePath.name(of: path)
      let bare = name.prefix { !$0.isNumber }
      return runners.contains(String(name)) || runners.contains(String(bare))
    }
  }

  private static let runners: Set<String> = [
    // Interpreters.
    "sh", "ash", "bash", "busybox", "dash", "fish", "ksh", "mksh", "zsh", "awk", "gawk", "mawk", "bun", "deno",
    "expect",
    "guile", "java", "julia", "lua", "luajit", "make", "node", "nodejs", "perl", "php", "pwsh", "pypy", "python", "R",
    "Rscript", "ruby", "sed", "tclsh", "wish", "ansible-playbook", "terraform",
    // Programs that run what follows.
    "chrt", "chroot", "doas", "env", "flock", "ionice", "nice", "nohup", "nsenter", "numactl", "runuser", "setpriv",
    "setsid", "stdbuf", "strace", "sudo", "systemd-run", "taskset", "time", "timeout", "unshare", "xargs",
  ]
}
