// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Glibc
import Scripts
import Testing

/// Right before a start it is looked at once more who has a say in what is started.
@Suite(.timeLimit(.minutes(3))) struct TrustedStartTests {
  private func refusal(_ completion: Completion) throws -> (errno: Int32, reason: String) {
    guard case .couldNotStart(let errno, let reason) = completion.outcome else {
      Issue.record("outcome is \(completion.outcome)")
      return (0, "")
    }
    #expect(!RetryPolicy().retries(completion.outcome), "a person has to put it right, not time")
    return (errno, reason)
  }

  @Test("What became writable after it was loaded is not started, until it is put right")
  func becameWritable() async throws {
    let workshop = try Workshop()
    let script = try workshop.script("echo ran")
    var invocation = Invocation(script)
    invocation.trustedPaths = [script, "/bin/sh"]
    #expect(await workshop.run(invocation).completion.standardOutput.text == "ran\n")

    chmod(script, 0o775)
    let (record, completion) = await workshop.run(invocation)
    let (errno, reason) = try refusal(completion)
    #expect(errno == EACCES && record.pid == nil && record.lines.isEmpty)
    #expect(reason.hasPrefix("cannot run \(script): ") && reason.contains("chmod g-w \(script)"))

    chmod(script, 0o755)
    chmod(workshop.directory, 0o777)
    let above = try refusal(await workshop.run(invocation).completion)
    #expect(above.reason.contains("\(script) is not trusted: \(workshop.directory) can be changed by"))
    chmod(workshop.directory, 0o755)
    #expect(await workshop.run(invocation).completion.outcome == .exited(0))
  }

  @Test("What an interpreter is told to run counts as the script itself")
  func words() async throws {
    let workshop = try Workshop()
    let code = try workshop.file("code", Array("echo ran\n".utf8), mode: 0o664)
    var invocation = Invocation("/bin/sh", [code])
    invocation.trustedPaths = ["/bin/sh", code]
    let (_, reason) = try refusal(await workshop.run(invocation).completion)
    #expect(reason.hasPrefix("cannot run /bin/sh: ") && reason.contains("chmod g-w \(code)"))
    chmod(code, 0o644)
    #expect(await workshop.run(invocation).completion.standardOutput.text == "ran\n")
  }

  @Test("A script that got the set-user-id bit is not started")
  func setID() async throws {
    let workshop = try Workshop()
    let script = try workshop.file("it", Array("#!/bin/sh\n".utf8), mode: 0o4755)
    var invocation = Invocation(script)
    invocation.trustedPaths = [script]
    #expect(try refusal(await workshop.run(invocation).completion).errno == EPERM)
  }

  @Test("A script that is gone is told in the same words as without the look")
  func missing() async throws {
    let workshop = try Workshop()
    let path = "\(workshop.directory)/gone"
    var invocation = Invocation(path)
    let bare = await workshop.run(invocation).completion.outcome
    invocation.trustedPaths = [path]
    #expect(await workshop.run(invocation).completion.outcome == bare)
    #expect(try refusal(await workshop.run(invocation).completion).reason.contains("does not exist"))
  }
}
