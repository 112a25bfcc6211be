// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Scripts
import Testing

/// What a script finds when it starts.
@Suite(.timeLimit(.minutes(3))) struct ScriptWorldTests {
  private static let hostile: [[UInt8]] = [
    [], Array("x; touch /tmp/pwned".utf8), Array("$(id) `id` ${IFS} * ? ~".utf8), Array(#"'"\"'"#.utf8),
    Array("two\nlines\r\n".utf8), Array("-rf".utf8), Array("--".utf8), Array(" ".utf8), [0xFF, 0xC3, 0x28, 1, 0x7F],
    [UInt8](repeating: 65, count: 100_000), Array("ünï €".utf8),
  ]

  @Test("Every argument arrives unchanged, whatever it holds")
  func arguments() async throws {
    let workshop = try Workshop(outputLimit: 1 << 20)
    let script = try workshop.script(#"for word do printf '%s\0' "$word"; done"#)
    var invocation = Invocation(script)
    invocation.arguments += Self.hostile
    let (_, completion) = await workshop.run(invocation)
    #expect(completion.outcome == .exited(0))
    let output = completion.standardOutput.head + completion.standardOutput.tail
    #expect(output.dropLast().split(separator: 0, omittingEmptySubsequences: false).map(Array.init) == Self.hostile)
  }

  @Test("The first word is the script's name, also where another program is executed")
  func name() async throws {
    let workshop = try Workshop()
    var invocation = Invocation("/bin/sh")
    invocation.arguments = [Array("my name".utf8), Array("-c".utf8), Array("cat /proc/$$/cmdline".utf8)]
    let (_, completion) = await workshop.run(invocation)
    #expect(completion.standardOutput.text == "my name\0-c\0cat /proc/$$/cmdline\0")
  }

  @Test("The environment is what was given and nothing else")
  func environment() async throws {
    let workshop = try Workshop()
    let given = ["PATH=/usr/bin:/bin", "EMPTY=", "ODD=a=b\nc", "ONEVENT=1"]
    #expect(ProcessInfo.processInfo.environment.count > 0)
    let (_, completion) = await workshop.run(Invocation("/usr/bin/env", ["-0"], environment: given))
    #expect(completion.standardOutput.text == given.map { $0 + "\0" }.joined())
    let (_, bare) = await workshop.run(Invocation("/usr/bin/env", environment: []))
    #expect(bare.standardOutput.text == "")
  }

  @Test("The descriptors are 0, 1 and 2, although the process has others that are inherited")
  func descriptors() async throws {
    let inherited = open("/dev/null", O_RDONLY)
    defer { close(inherited) }
    #expect(inherited > 2 && fcntl(inherited, F_GETFD) & FD_CLOEXEC == 0)
    let workshop = try Workshop()
    // The third is the directory that ls itself reads.
    let (_, completion) = await workshop.run(Invocation("/bin/ls", ["/proc/self/fd"], input: [65]))
    #expect(completion.standardOutput.text == "0\n1\n2\n3\n")
  }

  @Test("It leads a session and a process group of its own")
  func session() async throws {
    let workshop = try Workshop()
    let (record, completion) = await workshop.run(Invocation("/bin/cat", ["/proc/self/stat"]))
    let pid = try #require(record.pid)
    let fields = completion.standardOutput.text.split(separator: " ")
    #expect(fields[0] == "\(pid)" && fields[4] == "\(pid)" && fields[5] == "\(pid)")
    #expect(getsid(0) != pid)
  }

  @Test("No signal is blocked or ignored, although some are in this process")
  func signals() async throws {
    signal(SIGUSR2, SIG_IGN)
    let workshop = try Workshop()
    let (_, completion) = await workshop.run(Invocation("/bin/cat", ["/proc/self/status"]))
    let none = "0000000000000000"
    for name in ["SigBlk", "SigIgn", "SigCgt"] {
      #expect(completion.standardOutput.text.contains("\(name):\t\(none)\n"))
    }
    let own = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    #expect(!own.contains("SigIgn:\t\(none)\n"))
  }

  @Test("It starts in its working directory")
  func workingDirectory() async throws {
    let workshop = try Workshop()
    let (_, completion) = await workshop.run(Invocation("/bin/pwd", ["-P"], directory: workshop.directory))
    #expect(completion.standardOutput.text == workshop.directory + "\n")
  }

  @Test("It reads the event on standard input, and again as the file /dev/stdin")
  func standardInput() async throws {
    let workshop = try Workshop(outputLimit: 1 << 20)
    let event = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    let script = try workshop.script("cat; cat /dev/stdin")
    let (_, completion) = await workshop.run(Invocation(script, input: event))
    #expect(completion.outcome == .exited(0))
    #expect(completion.standardOutput.head + completion.standardOutput.tail == event + event)
  }

  @Test("It cannot change the event")
  func sealed() async throws {
    let workshop = try Workshop()
    let script = try workshop.script("(echo more >> /dev/stdin) 2>/dev/null && exit 1; cat /dev/stdin")
    let (_, completion) = await workshop.run(Invocation(script, input: Array("event".utf8)))
    #expect(completion.outcome == .exited(0))
    #expect(completion.standardOutput.text == "event")
  }

  @Test("Without an event, standard input is empty")
  func noInput() async throws {
    let workshop = try Workshop()
    let (_, completion) = await workshop.run(Invocation("/bin/readlink", ["/proc/self/fd/0"]))
    #expect(completion.standardOutput.text == "/dev/null\n")
    let (_, empty) = await workshop.run(Invocation("/usr/bin/wc", ["-c"], input: []))
    #expect(empty.standardOutput.text == "0\n")
  }

  @Test("One that does not read a large event is not disturbed")
  func unreadInput() async throws {
    let workshop = try Workshop()
    let event = [UInt8](repeating: 65, count: 10 << 20)
    let (_, completion) = await workshop.run(Invocation("/bin/true", input: event))
    #expect(completion.outcome == .exited(0))
  }

  @Test("Its exit code or signal is the outcome", arguments: [0, 1, 75, 126, 127, 255] as [Int32])
  func exitCodes(code: Int32) async throws {
    let workshop = try Workshop()
    let (record, completion) = await workshop.run(Invocation(try workshop.script("exit \(code)")))
    #expect(completion.outcome == .exited(code))
    #expect(record.completions.count == 1)
  }

  @Test("A signal that is not ours is the outcome", arguments: [SIGTERM, SIGKILL, SIGSEGV])
  func ownSignal(number: Int32) async throws {
    let workshop = try Workshop()
    let (_, completion) = await workshop.run(Invocation(try workshop.script("kill -\(number) $$")))
    #expect(completion.outcome == .signalled(number))
  }
}
