// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Looks users and groups up, as the system's name services know them (getpwnam_r(3), getgrouplist(3)).
///
/// Only while a configuration is loaded: such a look may ask a directory server.
enum UserDatabase {
  struct User: Equatable {
    var name: String
    var number: UInt32
    var group: UInt32
    var home: String
  }

  /// A service did not answer; not to be mixed up with its answer that there is none.
  struct Failure: Error {
    var words: String
  }

  static func user(named name: String) throws(Failure) -> User? {
    try entry { (result, space, size) throws(Failure) -> User? in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      try check(getpwnam_r(name, &entry, space, size, &found), &result)
      return found == nil ? nil : User(entry)
    }
  }

  static func user(numbered number: UInt32) throws(Failure) -> User? {
    try entry { (result, space, size) throws(Failure) -> User? in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      try check(getpwuid_r(number, &entry, space, size, &found), &result)
      return found == nil ? nil : User(entry)
    }
  }

  static func group(named name: String) throws(Failure) -> UInt32? {
    try entry { (result, space, size) throws(Failure) -> UInt32? in
      var entry = Glibc.group()
      var found: UnsafeMutablePointer<Glibc.group>?
      try check(getgrnam_r(name, &entry, space, size, &found), &result)
      return found == nil ? nil : entry.gr_gid
    }
  }

  /// All groups of a user, with one that counts as its first.
  static func groups(ofUser name: String, with group: UInt32) -> [UInt32] {
    var room: Int32 = 64
    while room <= 65_536 {
      var count = room
      var groups = [gid_t](repeating: 0, count: Int(room))
      if getgrouplist(name, group, &groups, &count) >= 0 { return Array(groups.prefix(Int(max(0, count)))) }
      // It says how many there are; a larger number all the same, should it not.
      room = max(count, room * 2)
    }
    return [group]
  }

  /// Gives a look more space as long as it says that it had too little.
  private static func entry<Value>(
    _ look: (inout Int32, UnsafeMutablePointer<CChar>, Int) throws(Failure) -> Value?
  ) throws(Failure) -> Value? {
    var size = 1024
    while true {
      var result: Int32 = 0
      let space = UnsafeMutablePointer<CChar>.allocate(capacity: size)
      defer { space.deallocate() }
      let value = try look(&result, space, size)
      guard result == ERANGE else { return value }
      guard size <= 1 << 20 else { throw Failure(words: String(cString: strerror(ERANGE))) }
      size *= 2
    }
  }

  /// Takes an answer: these four also say that there is no such entry (getpwnam(3), "ERRORS").
  private static func check(_ code: Int32, _ result: inout Int32) throws(Failure) {
    result = code
    guard [0, ERANGE, ENOENT, ESRCH, EBADF, EPERM].contains(code) else {
      throw Failure(words: String(cString: strerror(code)))
    }
  }
}

extension UserDatabase.User {
  fileprivate init(_ entry: passwd) {
    self.init(
      name: entry.pw_name.map { String(cString: $0) } ?? String(entry.pw_uid), number: entry.pw_uid,
      group: entry.pw_gid, home: entry.pw_dir.map { String(cString: $0) } ?? "/")
  }
}
