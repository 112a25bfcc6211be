// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// The keys of actions that say as whom a script runs, and with what limits.
enum IdentityKeys {
  static let runAs = Key(
    "run_as", .line("a user's name or number"), defaultText: "the daemon's user", in: .action, .scripts,
    summary: "The user that the script runs as, with its groups and no privilege of the daemon's.")

  static let runAsGroup = Key(
    "run_as_group", .line("a group's name or number"), defaultText: "the user's own group", in: .action, .scripts,
    summary: "The script's group; the user's other groups remain.")

  static let allowRoot = Key(
    "allow_root", .boolean, default: false, in: .action, .scripts,
    summary: "Whether the script may run as root.")

  static let umask = Key(
    "umask", .fileMask, default: 0o022, in: .action, .scripts,
    summary: "The permissions that files and directories of the script do not get.")

  static let nice = Key(
    "nice", .niceness, defaultText: "the daemon's", in: .action, .scripts,
    summary: "The script's niceness: 19 leaves the processor to everybody else; less than the daemon's needs a right.")

  static let limits = Key(
    "limits", .limits, default: ResourceLimits(), defaultText: "the daemon's", in: .action, .scripts,
    summary: "`nofile`: open files of each process. `nproc`: processes of the script's user, all together. `cpu`: "
      + "processor time of each process. `memory`: address space of each process.")

  static let noNewPrivileges = Key(
    "no_new_privs", .boolean, default: true, in: .action, .scripts,
    summary: "Whether the script and what it starts are kept from more rights; `no` lets it use sudo.")

  static let leftovers = Key(
    "leftovers", .word(), default: Action.LeftoverPolicy.keep, in: .action, .scripts,
    summary: "What becomes of processes that a script leaves behind when it ends by itself.")

  static let descriptions: [KeyDescription] = [
    runAs.description, runAsGroup.description, allowRoot.description, umask.description, nice.description,
    limits.description, noNewPrivileges.description, leftovers.description,
  ]
}

extension ValueType where Value == UInt32 {
  /// A umask in octal digits, as umask(1) takes it.
  static let fileMask = ValueType.single(
    expected: "an octal number such as 022 or 0077, 0 to 0777", text: { "0" + String($0, radix: 8) }
  ) { text in
    guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ 0x30...0x37 ~= $0 }) else { return nil }
    return UInt32(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil }
  }
}

extension ValueType where Value == Int32 {
  /// A niceness, as setpriority(2) takes it.
  static let niceness = ValueType.single(expected: "a whole number, -20 to 19", text: { String($0) }) { text in
    let isNegative = text.hasPrefix("-")
    guard let size = Quantity.digits(isNegative ? text.dropFirst() : text[...]), size <= 20 else { return nil }
    let value = Int32(isNegative ? -size : size)
    return (-20...19).contains(value) ? value : nil
  }
}

extension ValueType where Value == ResourceLimits {
  /// A comma list of `NAME=value`, or a YAML map.
  static let limits = ValueType(
    expected: "a comma list such as nofile=1024, nproc=64, cpu=60s, memory=1GiB", isSingle: false, text: { _ in nil }
  ) { setting, report in
    guard let pairs = setting.pairs(report) else { return nil }
    var limits = ResourceLimits()
    var seen: Set<String> = []
    for pair in pairs {
      let (name, text) = (pair.name.text, pair.value.text)
      guard seen.insert(name).inserted else {
        report.problem(at: pair.name.position, "'\(shortened(name))' stands twice in 'limits'")
        continue
      }
      func expect(_ expected: String) {
        report.problem(
          at: pair.value.position, "the limit '\(name)' has the value '\(shortened(text))'; expected \(expected)")
      }
      switch name {
      case "nofile":
        // Less than a program needs to be loaded is no limit but a fault.
        limits.openFiles = count(text, 3...1_048_576)
        if limits.openFiles == nil { expect("a whole number, 3 to 1048576") }
      case "nproc":
        limits.processes = count(text, 1...4_194_304)
        if limits.processes == nil { expect("a whole number, 1 to 4194304") }
      case "cpu":
        let seconds = Quantity.duration(text)?.components
        limits.processorSeconds = seconds.flatMap { seconds in
          seconds.attoseconds == 0 && seconds.seconds >= 1 ? UInt64(seconds.seconds) : nil
        }
        if limits.processorSeconds == nil { expect("whole seconds such as 60s or 5m, at least 1s") }
      case "memory":
        limits.memory = Quantity.bytes(text).flatMap { $0 >= 1 << 20 ? UInt64($0) : nil }
        if limits.memory == nil { expect("a size such as 512MiB or 1GiB, at least 1MiB") }
      default:
        report.problem(
          at: pair.name.position,
          "there is no limit '\(shortened(name))'; expected one of \(names.joined(separator: ", "))"
            + NearestName.suggestion(for: name, in: names))
      }
    }
    return limits
  }

  private static let names = ["nofile", "nproc", "cpu", "memory"]

  private static func count(_ text: String, _ range: ClosedRange<UInt64>) -> UInt64? {
    Quantity.digits(text).flatMap(UInt64.init(exactly:)).flatMap { range.contains($0) ? $0 : nil }
  }
}
