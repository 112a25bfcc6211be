// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import ProgramFixture
import Testing

@testable import Journal

@Suite struct JournalLockTests {
  let scratch: ScratchJournal

  init() throws { scratch = try ScratchJournal() }

  private var files: JournalFiles { JournalFiles(scratch.path) }

  @Test("a second daemon is told who has the journal, since when, and what to do")
  func second() throws {
    let first = try JournalLock.exclusive(files)
    let error = try #require(#expect(throws: JournalError.self) { _ = try scratch.open() })
    guard case .locked(scratch.path, let holder) = error else {
      Issue.record("not locked, but \(error)")
      return
    }
    let match = holder.wholeMatch(of: /onevent with pid (\d+), since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/)
    #expect(match?.1 == "\(getpid())")
    #expect(error.description.contains("is in use by \(holder): one daemon per journal"))
    #expect(try scratch.names() == ["journal.sqlite.lock"])
    _ = consume first
    _ = try scratch.open()
  }

  @Test("another process that holds the lock is seen, and gone as soon as it is killed", .timeLimit(.minutes(1)))
  func otherProcess() throws {
    try "pid 4711\nsince 2026-11-21T02:30:00Z\nhost elsewhere\n".write(
      toFile: files.lock, atomically: false, encoding: .utf8)
    let ready = scratch.directory + "/ready"
    let program = try Program(
      "python3",
      [
        "-c",
        """
        import fcntl, sys, time
        lock = open(sys.argv[1])
        fcntl.flock(lock, fcntl.LOCK_EX)
        open(sys.argv[2], 'w')
        time.sleep(600)
        """,
        files.lock, ready,
      ])
    defer { program.signal(SIGKILL) }
    while access(ready, F_OK) != 0 { #expect(program.isRunning) }
    #expect(
      throws: JournalError.locked(
        path: scratch.path, holder: "onevent with pid 4711, since 2026-11-21T02:30:00Z, on the host elsewhere")
    ) { _ = try scratch.open() }
    program.signal(SIGKILL)
    program.wait()
    _ = try scratch.open()
    #expect(try String(contentsOfFile: files.lock, encoding: .utf8).hasPrefix("pid \(getpid())\n"))
  }

  @Test("a lock file that nobody holds keeps nobody out, whatever it says", arguments: ["", "nonsense", "pid 1\n"])
  func stale(text: String) throws {
    try text.write(toFile: files.lock, atomically: false, encoding: .utf8)
    _ = try scratch.open()
  }

  @Test("a holder that its file does not name is another process")
  func nameless() {
    #expect(HolderText.sentencePart("pid\nsince") == "another process, which its lock file does not name")
    #expect(HolderText.sentencePart(HolderText.own).hasPrefix("onevent with pid \(getpid()), since "))
  }

  @Test("a child does not inherit the lock")
  func children() throws {
    let lock = try JournalLock.exclusive(files)
    let list = "ls -l /proc/self/fd >\(scratch.directory)/descriptors"
    // The detector first: without close-on-exec the descriptor would be seen there.
    let leaked = open(files.lock, O_RDWR)
    #expect(fcntl(leaked, F_GETFD) & FD_CLOEXEC == 0)
    close(leaked)
    system(list)
    let seen = try String(contentsOfFile: scratch.directory + "/descriptors", encoding: .utf8)
    #expect(seen.contains("/descriptors"))
    #expect(!seen.contains(files.lock))
    _ = consume lock
  }

  @Test("copies of a stopped daemon's journal do not exclude each other; a daemon waits for them")
  func shared() async throws {
    let one = try JournalLock.shared(files)
    let two = try JournalLock.shared(files)
    #expect(throws: JournalError.locked(path: scratch.path, holder: "another command that copies it")) {
      _ = try JournalLock.exclusive(files, patience: .zero)
    }
    _ = consume one
    let named = self.files
    let daemon = Task.detached { _ = try JournalLock.exclusive(named, patience: .seconds(60)) }
    _ = consume two
    try await daemon.value
    let own = try JournalLock.exclusive(files)
    let error = #expect(throws: JournalError.self) { _ = try JournalLock.shared(files) }
    #expect(error?.description.contains("onevent with pid \(getpid())") == true)
    _ = consume own
  }

  @Test("two names of one journal have one lock")
  func symbolicLink() throws {
    do { _ = try scratch.open() }
    let link = scratch.directory + "/link.sqlite"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: scratch.path)
    let journal = try scratch.open()
    #expect(throws: JournalError.self) { _ = try OpenJournal.open(path: link, sync: .full) }
    #expect(journal.setAside == nil)
  }
}
