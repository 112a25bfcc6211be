// SPDX-License-Identifier: Apache-2.0

package import Glibc

/// Decides whether nobody but trusted users has a say in what a path leads to.
///
/// The path is walked from `/`, component by component; symbolic links are followed by hand, and the directories that
/// they lead through are walked in the same way. Everything on the way (each directory, each link, the file itself)
/// must belong to a trusted user. Each directory and the file must be writable by nobody but its owner. One exception:
/// a directory with the sticky bit, such as `/tmp`, may be writable by others, since there only the owner of an entry
/// (besides those of the directory and root) can rename or remove it, and the entry's owner is trusted too.
/// The rules are those of OpenSSH's `safe_path` and sudo's `sudo_secure_path`, with links and sticky directories added.
///
/// **Why a positive answer stays true.** To make a path lead elsewhere, a name on its way must be given to something
/// else, which takes the right to write to the directory that holds the name: no directory on the way gives that right
/// to somebody untrusted, or it is sticky and the named entry not theirs. To change the file, its directories' modes or
/// the targets of links takes write permission or ownership, which they have none of either. So whoever executes the
/// path right afterwards, as it was written or resolved, executes what trusted users put there: no untrusted user can
/// change the answer, only trusted ones can. What they do in between (an `mv` of a new version over the old) is theirs
/// to do.
///
/// POSIX access control lists need no look of their own: whoever is named in one gets at most what its mask allows, and
/// the mask is what stat(2) shows as the rights of the group (acl(5)). Nor do capabilities: who has `CAP_FOWNER` or
/// `CAP_DAC_OVERRIDE` over these files is as good as root. Not seen is a descriptor that somebody opened for writing
/// while the file was still theirs to write; the kernel refuses to execute a file while one is open (`ETXTBSY`).
package struct PathTrust: Sendable, Equatable {
  /// What a path must lead to.
  package enum Role: Sendable {
    /// A regular file that is executed: without set-id bits, with at least one right to execute.
    case program
    /// What an interpreter is told to run: a regular file without set-id bits, or a directory.
    ///
    /// It need not be there, if nobody untrusted could put it there.
    case code
    /// A regular file that is read.
    case file
    /// A directory whose entries count.
    case directory
  }

  /// Links that one path may lead through: Linux's own limit, path_resolution(7).
  private static let linkLimit = 40

  /// The users who are trusted, without repetition.
  package let owners: [uid_t]

  /// Trusts root, the user whom this process acts as, and the users that are named, such as a script's `run_as`.
  package init(alsoTrusting users: [uid_t] = []) {
    self.init(owners: [0, geteuid()] + users)
  }

  init(owners: [uid_t]) {
    self.owners = owners.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Walks a path.
  ///
  /// - Returns: The same place without links, `.` and `..`; of something that is not there, how far the path leads.
  /// - Throws: The first thing on the way that is not as it must be.
  @discardableResult
  package func check(_ path: String, as role: Role) throws(Distrust) -> String {
    guard path.hasPrefix("/"), !path.utf8.contains(0) else { throw .relative(path) }
    var walk = Walk(trust: self, pending: Walk.names(of: path))
    let outcome: Result<String, Distrust>
    do throws(LookFailure) {
      outcome = try walk.run(as: role, path)
    } catch {
      // A place that is not there yet is safe where nobody untrusted can make it.
      if case .code = role, error.errno == ENOENT || error.errno == ENOTDIR {
        try walk.requireUnplantable()
        return walk.place
      }
      throw .unreachable(walk.place, error.errno)
    }
    return try outcome.get()
  }

  /// One walk: where it is, and what is left of the path.
  private struct Walk {
    let trust: PathTrust
    /// The names that are still to be followed, the next one last.
    var pending: [Substring]
    /// The path of what is being looked at, without links; empty for `/`.
    private var path = ""
    private var linksLeft = PathTrust.linkLimit
    /// The directory that is looked into, with what it says of itself.
    private var above = stat()
    /// Bytes of the path that lead to it.
    private var length = 0

    var place: String { path.isEmpty ? "/" : path }

    init(trust: PathTrust, pending: [Substring]) {
      self.trust = trust
      self.pending = pending
    }

    /// A path's names, the last one first.
    static func names(of path: String) -> [Substring] { path.split(separator: "/").filter { $0 != "." }.reversed() }

    mutating func run(as role: Role, _ whole: String) throws(LookFailure) -> Result<String, Distrust> {
      above = try look()
      if let distrust = judge(above) { return .failure(distrust) }
      while let name = pending.popLast() {
        if name == ".." {
          // Of a real directory, whose parent is on the way already and has been looked at.
          path.removeSubrange((path.lastIndex(of: "/") ?? path.startIndex)...)
          length = path.utf8.count
          above = try look()
          continue
        }
        path += "/"
        path += name
        let status = try look()
        if let distrust = judge(status) { return .failure(distrust) }
        switch status.st_mode & S_IFMT {
        case S_IFLNK:
          guard linksLeft > 0 else { return .failure(.endless(whole)) }
          linksLeft -= 1
          let target = try target()
          pending += Self.names(of: target)
          path.removeSubrange(path.utf8.index(path.startIndex, offsetBy: length)...)
          guard target.hasPrefix("/") else { continue }
          path = ""
          length = 0
          above = try look()
        case S_IFDIR:
          length = path.utf8.count
          above = status
        default:
          guard pending.isEmpty, !whole.hasSuffix("/") else { throw LookFailure(errno: ENOTDIR) }
          return end(at: status, as: role)
        }
      }
      return end(at: above, as: role)
    }

    /// What is at the place says of itself; of a symbolic link, the link.
    ///
    /// Every name before the last has been judged, so that nobody untrusted can make the path lead elsewhere.
    private func look() throws(LookFailure) -> stat {
      var status = stat()
      guard lstat(place, &status) == 0 else { throw LookFailure(errno: errno) }
      return status
    }

    /// Where the symbolic link at the place leads.
    private func target() throws(LookFailure) -> String {
      // A link's target is at most PATH_MAX - 1 bytes (symlink(7)).
      let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
        count = buffer.withMemoryRebound(to: CChar.self) { buffer in
          buffer.baseAddress.map { max(0, readlink(place, $0, buffer.count)) } ?? 0
        }
      }
      guard !bytes.isEmpty else { throw LookFailure(errno: errno == 0 ? ENOENT : errno) }
      return String(decoding: bytes, as: UTF8.self)
    }

    /// What holds of everything on the way.
    private func judge(_ status: stat) -> Distrust? {
      let kind = status.st_mode & S_IFMT
      guard trust.owners.contains(status.st_uid) else { return .owner(place, status, trusted: trust.owners) }
      // A link's mode says nothing (symlink(7)), a device's only who may use it.
      let isJudged = kind == S_IFDIR || kind == S_IFREG
      guard isJudged, status.st_mode & (S_IWGRP | S_IWOTH) != 0 else { return nil }
      let isSticky = kind == S_IFDIR && status.st_mode & S_ISVTX != 0
      return isSticky ? nil : .writable(place, status)
    }

    /// What holds of the end of the way, besides.
    private func end(at status: stat, as role: Role) -> Result<String, Distrust> {
      switch (status.st_mode & S_IFMT, role) {
      case (S_IFREG, .program), (S_IFREG, .code):
        if status.st_mode & (S_ISUID | S_ISGID) != 0 { return .failure(.setID(place, status)) }
        if case .program = role, status.st_mode & 0o111 == 0 { return .failure(.notExecutable(place, status)) }
        return .success(place)
      case (S_IFREG, .file): return .success(place)
      case (S_IFDIR, .code), (S_IFDIR, .directory):
        // Sticky is enough for one that is passed through, where an entry's owner counts; not where any entry counts.
        let isOpen = status.st_mode & (S_IWGRP | S_IWOTH) != 0
        return isOpen ? .failure(.writable(place, status)) : .success(place)
      case (_, .directory): return .failure(.kind(place, status, expected: "a directory"))
      default: return .failure(.kind(place, status, expected: "a regular file"))
      }
    }

    /// Refuses where somebody untrusted could put what the path names.
    func requireUnplantable() throws(Distrust) {
      guard above.st_mode & (S_IWGRP | S_IWOTH) != 0 else { return }
      throw .plantable(place, in: length == 0 ? "/" : String(decoding: path.utf8.prefix(length), as: UTF8.self), above)
    }
  }
}

/// Why the kernel would not show what is at a place.
private struct LookFailure: Error {
  let errno: Int32
}
