// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a path is not trusted, as a sentence that names the offending place, its owner and mode, and the cure.
package struct Distrust: Error, Equatable, CustomStringConvertible {
  package enum Cause: Sendable, Equatable {
    /// The path does not lead to anything, or not for this user: `errno` of the look at it.
    case unreachable
    /// The path is not absolute.
    case relative
    /// Somebody whom nobody trusts owns the place.
    case owner
    /// Others than its owner may change the place.
    case writable
    /// There is nothing yet, and others may put something there.
    case plantable
    /// It is not the kind of file that is asked for.
    case kind
    /// The file has the set-user-id or set-group-id bit.
    case setID
    /// Nobody may execute the file.
    case notExecutable
  }

  package let cause: Cause
  /// What a start fails with for it: the look's own, or `EACCES`, or `EPERM`.
  ///
  /// Never a number that says of a start that it may succeed later by itself, unless the look itself failed for want
  /// of means (`EMFILE`, `ENFILE`, `ENOMEM`) or a disk that does not answer.
  package let errno: Int32
  /// The place that offends: the path itself, a directory above it, a link on the way, or where such a link leads.
  package let path: String
  /// A whole sentence without its full stop.
  package let description: String

  init(_ cause: Cause, errno: Int32, path: String, _ description: String) {
    self.cause = cause
    self.errno = errno
    self.path = path
    self.description = description
  }
}

extension Distrust {
  static func unreachable(_ path: String, _ errno: Int32) -> Distrust {
    Distrust(.unreachable, errno: errno, path: path, "\(path) cannot be looked at: \(String(cString: strerror(errno)))")
  }

  static func relative(_ path: String) -> Distrust {
    Distrust(
      .relative, errno: EACCES, path: path,
      "\(path) is no absolute path, so that it leads elsewhere from another directory: write the whole path")
  }

  static func endless(_ path: String) -> Distrust {
    Distrust(.unreachable, errno: ELOOP, path: path, "\(path) leads through too many symbolic links, or in a circle")
  }

  static func owner(_ path: String, _ status: stat, trusted: [uid_t]) -> Distrust {
    let command = status.st_mode & S_IFMT == S_IFLNK ? "chown -h" : "chown"
    return Distrust(
      .owner, errno: EACCES, path: path,
      "\(path) belongs to \(userName(status.st_uid)) (mode \(digits(status))), who could put anything in its place; "
        + "expected \(trusted.map(userName).joined(separator: " or ")): \(command) \(userWord(trusted)) \(path)")
  }

  static func writable(_ path: String, _ status: stat) -> Distrust {
    let byGroup = status.st_mode & S_IWGRP != 0
    let byOthers = status.st_mode & S_IWOTH != 0
    let who =
      byGroup && byOthers
      ? "its group and everybody else" : byOthers ? "everybody" : "its group, \(groupName(status.st_gid))"
    let classes = (byGroup ? "g" : "") + (byOthers ? "o" : "")
    return Distrust(
      .writable, errno: EACCES, path: path,
      "\(path) can be changed by \(who) (owner \(userName(status.st_uid)), mode \(digits(status))): "
        + "chmod \(classes)-w \(path)")
  }

  static func plantable(_ path: String, in directory: String, _ status: stat) -> Distrust {
    Distrust(
      .plantable, errno: ENOENT, path: path,
      "\(path) is not there, and everybody may put something there (\(directory) has mode \(digits(status))): "
        + "choose a place where only trusted users can write")
  }

  static func kind(_ path: String, _ status: stat, expected: String) -> Distrust {
    let found =
      switch status.st_mode & S_IFMT {
      case S_IFDIR: "a directory"
      case S_IFIFO: "a named pipe"
      case S_IFSOCK: "a socket"
      case S_IFCHR, S_IFBLK: "a device"
      default: "something else"
      }
    return Distrust(.kind, errno: EACCES, path: path, "\(path) is \(found), and \(expected) is expected")
  }

  static func setID(_ path: String, _ status: stat) -> Distrust {
    let bits = status.st_mode & (S_ISUID | S_ISGID)
    let word = bits & S_ISUID != 0 ? "user" : "group"
    return Distrust(
      .setID, errno: EPERM, path: path,
      "\(path) has the set-\(word)-id bit (owner \(userName(status.st_uid)), mode \(digits(status))), so that it would "
        + "run as somebody else than configured: chmod \(bits & S_ISUID != 0 ? "u" : "g")-s \(path), or let a script "
        + "of your own start it")
  }

  static func notExecutable(_ path: String, _ status: stat) -> Distrust {
    Distrust(
      .notExecutable, errno: EACCES, path: path,
      "\(path) is not executable (its mode is \(digits(status))): chmod +x \(path)")
  }

  // MARK: Words

  private static func digits(_ status: stat) -> String { String(status.st_mode & 0o7777, radix: 8) }

  /// The word for chown(1): root, unless only others are trusted.
  private static func userWord(_ trusted: [uid_t]) -> String {
    trusted.contains(0) || trusted.isEmpty ? "root" : trusted.map { String($0) }[0]
  }

  /// A name with its number, or the number alone where the user database has no name for it.
  private static func userName(_ id: uid_t) -> String {
    let name = lookUp { entry, strings, size, result in
      getpwuid_r(id, entry, strings, size, result)
    } name: { (entry: passwd) in
      entry.pw_name
    }
    return name.map { "\($0) (uid \(id))" } ?? "uid \(id)"
  }

  private static func groupName(_ id: gid_t) -> String {
    let name = lookUp { entry, strings, size, result in
      getgrgid_r(id, entry, strings, size, result)
    } name: { (entry: group) in
      entry.gr_name
    }
    return name.map { "\($0) (gid \(id))" } ?? "gid \(id)"
  }

  /// Asks a database of accounts; what cannot be found has no name.
  private static func lookUp<Entry>(
    _ ask: (
      UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    ) -> Int32,
    name: (Entry) -> UnsafeMutablePointer<CChar>?
  ) -> String? {
    withUnsafeTemporaryAllocation(of: Entry.self, capacity: 1) { entry in
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { strings in
        guard let place = entry.baseAddress, let start = strings.baseAddress else { return nil }
        var found: UnsafeMutablePointer<Entry>?
        guard ask(place, start, strings.count, &found) == 0, let found else { return nil }
        return name(found.pointee).map { String(cString: $0) }
      }
    }
  }
}
