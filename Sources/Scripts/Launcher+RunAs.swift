// SPDX-License-Identifier: Apache-2.0

import CRunAs
import Events
import Glibc

extension Launcher {
  /// How long a start may hold up those behind it.
  ///
  /// Whoever may signal the script's user can stop run-as once it is that user; an execution can hang in the kernel.
  private static let patience = Duration.seconds(30)

  /// Has run-as become what the invocation asks for, and execute its program.
  ///
  /// - Returns: The script, which has been executed by now.
  func startThroughRunAs(
    _ invocation: Invocation, in group: RunGroup?, input: borrowing Descriptor, output: borrowing Descriptor,
    error: borrowing Descriptor
  ) throws(StartFailure) -> Child {
    let user = invocation.identity?.user ?? privileges.user
    guard user != 0 || invocation.allowsRoot else { throw StartFailure(wouldRunAsRoot: invocation) }
    guard let request = RunAsRequest(invocation, in: group, privileges) else {
      throw StartFailure(invocation, executing: ErrorNumber(value: E2BIG))
    }
    let channel = try Self.attempt(invocation, "prepare it") { () throws(ErrorNumber) in
      try RunAsChannel(request: request)
    }
    let child: Child
    do {
      // Nothing of the script's environment: its variables must not change what a privileged program does.
      child = try start(
        RunAsProgram.path, [Array("run-as".utf8)], [],
        descriptors: [
          input.number, output.number, error.number, channel.request.number, channel.writing.number,
        ])
    } catch {
      throw StartFailure(startingRunAs: invocation, error)
    }
    let reading = Self.readingEnd(of: channel)
    try confirm(
      invocation, child.pid, in: group, RunAsReport(from: reading, until: Moment.now().advanced(by: Self.patience)))
    return child
  }

  /// Gives up our copies of what run-as has now: only then does the pipe end when it has no more to say.
  private static func readingEnd(of channel: consuming RunAsChannel) -> Descriptor { channel.reading }

  private func confirm(
    _ invocation: Invocation, _ pid: pid_t, in group: RunGroup?, _ report: RunAsReport
  ) throws(StartFailure) {
    switch report {
    case .executed: return
    case .failed(let step, let error):
      _ = Self.wait(for: pid)
      throw StartFailure(invocation, step: step, error, group, privileges)
    case .died:
      throw StartFailure(runAsDied: invocation, status: Self.wait(for: pid))
    case .silent:
      abandon(pid, group)
      throw StartFailure(runAsSilent: invocation, after: Self.patience)
    }
  }

  /// Waits for a child that is ending by itself.
  private static func wait(for pid: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status
  }
}

/// Owns what connects us with run-as while it works.
private struct RunAsChannel: ~Copyable {
  let request: Descriptor
  let reading: Descriptor
  /// Above the numbers that run-as's two descriptors get.
  let writing: Descriptor

  init(request: RunAsRequest) throws(ErrorNumber) {
    let file = try Launcher.memoryFile("request", request.bytes)
    let pipe = try Pipe()
    let writing = try pipe.writing.lifted(above: Int32(runas_report_descriptor))
    self.request = file
    self.reading = pipe.reading
    self.writing = writing
  }
}
