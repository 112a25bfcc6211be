// SPDX-License-Identifier: Apache-2.0

import CLinux
import Events
import Glibc
import Trust

/// A child that runs, and the ends of what connects it with us.
struct LaunchedChild: ~Copyable {
  /// The number of the child, of its process group and of its session.
  ///
  /// Valid until the child has been waited for.
  let pid: pid_t
  /// Readable once the child has ended.
  let process: Descriptor
  let standardOutput: Pipe
  let standardError: Pipe
}

/// Turns invocations into children, one at a time; waits in the kernel until the program is executed or refused.
///
/// A script that is to have exactly what a child of this process has anyway is executed at once; any other becomes what
/// it is to be through run-as, which executes it in its own place: the child's number is the script's in both cases.
/// Belongs to the thread that it was made on.
struct Launcher: ~Copyable {
  let start = ChildStart()
  let privileges = Privileges()
  let deserted = DesertedChildren()

  /// Starts a child: its own session, default signals, empty mask, descriptors 0, 1 and 2 only.
  ///
  /// Leaves neither a descriptor nor a process behind when it fails. `group` is the control group that the script is to
  /// be in.
  ///
  /// - Throws: What could not be done, with the real cause where the kernel's `errno` hides it.
  func launch(_ invocation: Invocation, in group: RunGroup? = nil) throws(StartFailure) -> LaunchedChild {
    deserted.reap()
    try refuseEmbeddedNUL(invocation)
    let input = try Self.attempt(invocation, "open its standard input") { () throws(ErrorNumber) in
      try Self.openInput(invocation.standardInput)
    }
    let output = try Self.makePipe(for: invocation)
    let errorOutput = try Self.makePipe(for: invocation)
    var patience = Self.patienceWithWriters
    while true {
      do {
        let child = try startTrusted(
          invocation, in: group, input: input, output: output.writing, error: errorOutput.writing)
        return LaunchedChild(pid: child.pid, process: child.process, standardOutput: output, standardError: errorOutput)
      } catch {
        // Who writes a program, or starts a child while it is open for that, is seldom at it for long.
        guard error.errno == ETXTBSY, patience > 0 else { throw error }
        patience -= 1
        usleep(10_000)
      }
    }
  }

  private func startTrusted(
    _ invocation: Invocation, in group: RunGroup?, input: borrowing Descriptor, output: borrowing Descriptor,
    error: borrowing Descriptor
  ) throws(StartFailure) -> Child {
    // Last, so that as little as can be happens between the look and the start.
    try requireTrust(in: invocation)
    guard group == nil, privileges.suffice(for: invocation) else {
      return try startThroughRunAs(invocation, in: group, input: input, output: output, error: error)
    }
    return try start(invocation, input: input, output: output, error: error)
  }

  /// Ends a child that cannot be watched, with its group, and waits for it.
  ///
  /// One that this process may not signal, or that hangs in the kernel, is waited for later.
  func abandon(_ pid: pid_t, _ group: RunGroup?) {
    RunTree(pid: pid, group: group).kill(nil)
    deserted.add(pid)
  }

  /// Refuses to start what somebody untrusted could have put there.
  ///
  /// The path is then executed as it is written, not as it was resolved: a script's own idea of where it is (`$0`)
  /// stays, and an untrusted user can redirect neither, see `PathTrust`.
  private func requireTrust(in invocation: Invocation) throws(StartFailure) {
    let trust = PathTrust(alsoTrusting: invocation.identity.map { [$0.user] } ?? [])
    for (index, path) in invocation.trustedPaths.enumerated() {
      do throws(Distrust) {
        try trust.check(path, as: index == 0 ? .program : .code)
      } catch {
        throw StartFailure(distrusting: path, of: invocation, error)
      }
    }
  }

  /// How often a program that somebody has open for writing is tried again, after 10 ms each.
  private static var patienceWithWriters: Int { 10 }

  /// Executes the program in the child itself.
  private func start(
    _ invocation: Invocation, input: borrowing Descriptor, output: borrowing Descriptor, error: borrowing Descriptor
  ) throws(StartFailure) -> Child {
    let directory: Descriptor
    do {
      directory = try Descriptor(opened: clinux_open_directory(invocation.workingDirectory))
    } catch {
      throw StartFailure(workingDirectoryOf: invocation, error)
    }
    do {
      return try start(
        invocation.path, invocation.arguments, invocation.environment,
        descriptors: [input.number, output.number, error.number], directory: directory.number)
    } catch {
      throw StartFailure(executing: invocation, in: directory, error)
    }
  }

  /// Opens what the script reads: a sealed memory file at its start, or `/dev/null`.
  ///
  /// Sealed, a script that writes to it changes nothing; a file, it can be opened anew as `/dev/stdin`.
  private static func openInput(_ bytes: [UInt8]?) throws(ErrorNumber) -> Descriptor {
    guard let bytes else { return try Descriptor(opened: open("/dev/null", O_RDONLY | O_CLOEXEC)) }
    let file = try memoryFile("event", bytes)
    guard clinux_seal(file.number) == 0 else { throw ErrorNumber.last }
    return file
  }

  /// A file in memory with this content, at its start.
  static func memoryFile(_ name: String, _ bytes: [UInt8]) throws(ErrorNumber) -> Descriptor {
    let file = try Descriptor(opened: clinux_memfd_create(name))
    var written = 0
    while written < bytes.count {
      // pwrite leaves the file's offset where the script begins to read.
      let count = bytes.withUnsafeBytes { bytes in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
        return pwrite(file.number, rest.baseAddress, rest.count, off_t(written))
      }
      guard count > 0 else { throw ErrorNumber(value: count == 0 ? ENOSPC : errno) }
      written += count
    }
    return file
  }

  static func makePipe(for invocation: Invocation) throws(StartFailure) -> Pipe {
    try attempt(invocation, "make a pipe for its output") { () throws(ErrorNumber) in try Pipe() }
  }

  static func attempt<Value: ~Copyable>(
    _ invocation: Invocation, _ deed: String, _ body: () throws(ErrorNumber) -> Value
  ) throws(StartFailure) -> Value {
    do {
      return try body()
    } catch {
      throw StartFailure(invocation, doing: deed, error)
    }
  }

  /// A C string ends at its first NUL byte: what holds one is refused, never cut.
  private func refuseEmbeddedNUL(_ invocation: Invocation) throws(StartFailure) {
    func holdsNUL(_ bytes: [UInt8]) -> Bool {
      bytes.withUnsafeBytes { bytes in bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false }
    }
    if let index = invocation.arguments.firstIndex(where: holdsNUL) {
      throw StartFailure(invocation, embeddedNULIn: "argument \(index)")
    }
    if let entry = invocation.environment.first(where: holdsNUL) {
      throw StartFailure(invocation, embeddedNULIn: "environment variable \(StartFailure.name(ofEntry: entry))")
    }
    if invocation.path.utf8.contains(0) || invocation.workingDirectory.utf8.contains(0) {
      throw StartFailure(invocation, embeddedNULIn: "path or working directory")
    }
  }
}
