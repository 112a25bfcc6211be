// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Owns the lock that keeps a second daemon from a journal.
///
/// It is flock(2) on a file beside the journal: the system lets go of it whenever the process ends, however it ends,
/// and no child inherits it across exec. The file stays; what it says counts only while somebody holds the lock.
/// A daemon holds it exclusively as long as it lives, whoever copies the journal of a stopped daemon holds it shared.
struct JournalLock: ~Copyable {
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Takes the lock for a daemon, and writes down who has it.
  ///
  /// Copies of the journal are made while it is held shared; they end by themselves, and are waited for as long as
  /// `patience` lasts. Another daemon is not waited for.
  static func exclusive(
    _ files: JournalFiles, patience: Duration = .seconds(30)
  ) throws(JournalError) -> JournalLock {
    let lock = JournalLock(descriptor: try opened(files))
    let start = ContinuousClock.now
    while flock(lock.descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else { throw refusal(files, errno) }
      let isCopied = flock(lock.descriptor, LOCK_SH | LOCK_NB) == 0
      if isCopied { flock(lock.descriptor, LOCK_UN) }
      // A child that was being started when its daemon was killed, or let go of the lock, has it until its program is
      // executed.
      let waited = ContinuousClock.now - start
      let mayBeChild = lock.holderIsGone() || lock.holderIsThisProcess() && waited < .seconds(1)
      guard isCopied || mayBeChild, waited < patience else {
        throw isCopied ? .locked(path: files.path, holder: "another command that copies it") : lock.taken(files)
      }
      usleep(20_000)
    }
    guard lock.isStillNamed(files) else {
      throw .unreachable(path: files.path, reason: "its lock file \(files.lock) was replaced just now: start again")
    }
    try lock.write(HolderText.own, files)
    return lock
  }

  /// Takes the lock for as long as the files are copied: other copies may be made, no daemon may start.
  static func shared(_ files: JournalFiles) throws(JournalError) -> JournalLock {
    let lock = JournalLock(descriptor: try opened(files))
    guard flock(lock.descriptor, LOCK_SH | LOCK_NB) == 0 else {
      throw errno == EWOULDBLOCK ? lock.taken(files) : refusal(files, errno)
    }
    return lock
  }

  private static func opened(_ files: JournalFiles) throws(JournalError) -> Int32 {
    let descriptor = open(files.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw refusal(files, errno) }
    // Root may look at a journal before its owner does, who has to be able to lock it afterwards.
    var status = stat()
    if geteuid() == 0, stat(files.path, &status) == 0 { _ = fchown(descriptor, status.st_uid, status.st_gid) }
    return descriptor
  }

  private static func refusal(_ files: JournalFiles, _ error: Int32) -> JournalError {
    .unreachable(
      path: files.path,
      reason: "its lock file \(files.lock) cannot be locked (\(reason(error))): let the user that runs onevent write "
        + "in its directory")
  }

  private borrowing func taken(_ files: JournalFiles) -> JournalError {
    .locked(path: files.path, holder: HolderText.sentencePart(text()))
  }

  /// Whether the daemon that the file names runs no more, on this host.
  private borrowing func holderIsGone() -> Bool {
    guard let pid = HolderText.pid(onThisHost: text()) else { return false }
    return kill(pid, 0) != 0 && errno == ESRCH
  }

  private borrowing func holderIsThisProcess() -> Bool { HolderText.pid(onThisHost: text()) == getpid() }

  private borrowing func text() -> String {
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }

  /// Whether the file that is locked is the one that the next daemon would try to lock.
  private borrowing func isStillNamed(_ files: JournalFiles) -> Bool {
    var (locked, named) = (stat(), stat())
    guard fstat(descriptor, &locked) == 0, lstat(files.lock, &named) == 0 else { return false }
    return locked.st_dev == named.st_dev && locked.st_ino == named.st_ino
  }

  private borrowing func write(_ text: String, _ files: JournalFiles) throws(JournalError) {
    let bytes = Array(text.utf8)
    // A full disk keeps nobody from holding the lock: the text is for people.
    guard ftruncate(descriptor, 0) == 0 || errno == ENOSPC else { throw Self.refusal(files, errno) }
    _ = pwrite(descriptor, bytes, bytes.count, 0)
  }
}

/// What a lock file says about the daemon that wrote it: three lines, `pid`, `since` and `host`.
enum HolderText {
  static var own: String { "pid \(getpid())\nsince \(UTCStamp.rfc3339(time(nil)))\nhost \(host)\n" }

  /// `onevent with pid 123, since 2026-11-21T02:30:00Z`, and the host where it is another.
  static func sentencePart(_ text: String) -> String {
    let facts = facts(in: text)
    guard let pid = facts["pid"].flatMap({ Int32($0) }) else {
      return "another process, which its lock file does not name"
    }
    let since = facts["since"].map { ", since \($0)" } ?? ""
    let elsewhere = facts["host"].flatMap { $0 == host ? nil : ", on the host \($0)" } ?? ""
    return "onevent with pid \(pid)\(since)\(elsewhere)"
  }

  /// The daemon's process; nil where it runs on another host, or nobody knows.
  static func pid(onThisHost text: String) -> Int32? {
    let facts = facts(in: text)
    guard let name = facts["host"], name == host else { return nil }
    return facts["pid"].flatMap { Int32($0) }
  }

  private static func facts(in text: String) -> [Substring: Substring] {
    var facts: [Substring: Substring] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      if let name = words.first, words.count == 2 { facts[name] = words[1] }
    }
    return facts
  }

  private static var host: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
