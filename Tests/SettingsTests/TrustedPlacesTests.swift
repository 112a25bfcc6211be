// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events
import Foundation
import Glibc
import Testing

@testable import Settings

/// What `check` and every load say of files in which somebody untrusted has a say.
@Suite struct TrustedPlacesTests {
  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
  }

  private func action(_ script: String, _ more: String = "") -> String {
    "[DEFAULT]\nqueues = q\n[a]\nevents = x\nscript = \(script)\n\(more)\n"
  }

  private func onlyProblem(_ result: LoadResult) throws -> ConfigProblem {
    #expect(result.problems.count == 1, "\(result.problems)")
    return try #require(result.problems.first)
  }

  @Test("a script that others can change is refused, at the word that names it, with the cure")
  func script() throws {
    try folder.script("it.sh", mode: 0o775)
    let problem = try onlyProblem(try folder.load(action("./it.sh")))
    #expect(problem.position.line == 5 && problem.position.column == 10)
    #expect(problem.message.contains("The script \(folder.path)/it.sh is not trusted"))
    #expect(problem.message.contains("chmod g-w \(folder.path)/it.sh"))
  }

  @Test("a directory above it counts as the script itself")
  func directory() throws {
    try folder.script("tools/it.sh")
    chmod("\(folder.path)/tools", 0o777)
    let problem = try onlyProblem(try folder.load(action("tools/it.sh")))
    #expect(problem.message.contains("chmod go-w \(folder.path)/tools."))
  }

  @Test("an action that runs nothing is warned")
  func observing() throws {
    try folder.script("it.sh", mode: 0o775)
    let result = try folder.load(action("./it.sh", "enabled = observe"))
    #expect(try result.loaded().actions.first?.mode == .observe)
    #expect(result.findings.contains { $0.kind == .warning && $0.message.contains("is not trusted") })
  }

  @Test("what an interpreter is told to run is looked at, what a script is told to work on is not")
  func words() throws {
    let code = try folder.script("it.py", mode: 0o666)
    let problem = try onlyProblem(try folder.load(action("/bin/sh -e \(code) /dev/stdin")))
    #expect(problem.position.column == 10 + "/bin/sh -e ".count)
    #expect(problem.message.hasPrefix("\(code) is not trusted"))
    #expect(try !folder.load(action("/usr/bin/env /bin/sh \(code)")).problems.isEmpty)
    try folder.script("it.sh")
    #expect(
      try folder.load(action("./it.sh \(code)")).loaded().actions[0].trustedPaths == [
        "\(folder.path)/it.sh", "/bin/sh",
      ])
  }

  @Test("what runs is looked at before each start: the script, its interpreter, the interpreter's words")
  func places() throws {
    let script = try folder.script("it.sh")
    let plain = try folder.script("plain", "echo\n")
    #expect(try folder.load(action("plain")).loaded().actions[0].trustedPaths == [plain, "/bin/sh"])
    let wrapped = try folder.load(action("/usr/bin/env \(script) /dev/null data")).loaded().actions[0]
    #expect(wrapped.trustedPaths == ["/usr/bin/env", script])
    #expect(wrapped.command.path == "/usr/bin/env")
  }

  @Test("an interpreter in the first line that others can change is refused")
  func interpreter() throws {
    let interpreter = try folder.script("own-shell", mode: 0o777)
    try folder.script("it.sh", "#!\(interpreter) -e\n")
    let problem = try onlyProblem(try folder.load(action("./it.sh")))
    #expect(problem.message.hasPrefix("\(interpreter) is not trusted"))
  }

  @Test(
    "programs that run what they are told are known by their names",
    arguments: [
      ("/usr/bin/python3.11", true), ("/opt/venv/bin/python", true), ("/bin/sh", true), ("/usr/bin/env", true),
      ("/usr/bin/ansible-playbook", true), ("/usr/bin/lua5.4", true), ("/usr/bin/logger", false),
      ("/etc/onevent/scripts/notify.sh", false), ("/usr/bin/pythonic", false),
    ])
  func runners(path: String, expected: Bool) {
    #expect(CommandTrust.runsItsArguments(path) == expected)
  }

  @Test("a configuration that others can change is refused, with the cure", arguments: [0o660, 0o602, 0o666])
  func configuration(mode: Int) throws {
    let file = try folder.write("x.conf", action("/bin/true"), mode: mode)
    let problem = try onlyProblem(ConfigurationLoader.load(paths: [file], environment: asRoot))
    #expect(problem.position == SourcePosition(file: file, line: 1, column: 1))
    #expect(problem.message.contains("chmod ") && problem.message.contains("-w \(file)"))
  }

  @Test("so is one in a directory that others can change, whether the file or the directory is named")
  func configurationDirectory() throws {
    let file = try folder.write("conf.d/x.conf", action("/bin/true"))
    #expect(throws: Never.self) { try ConfigurationLoader.load(paths: [file], environment: asRoot).loaded() }
    chmod("\(folder.path)/conf.d", 0o775)
    for paths in [[file], ["\(folder.path)/conf.d"]] {
      let problems = ConfigurationLoader.load(paths: paths, environment: asRoot).problems
      #expect(!problems.isEmpty && problems.allSatisfy { $0.message.contains("chmod g-w \(folder.path)/conf.d") })
    }
    // Whoever can add a file there decides as much as whoever can change one.
    chmod("\(folder.path)/conf.d", 0o1777)
    let named = ConfigurationLoader.load(paths: nil, environment: asRoot, defaultDirectory: folder.path)
    #expect(named.problems.contains { $0.message.contains("chmod go-w \(folder.path)/conf.d") }, "\(named.problems)")
  }

  @Test("a configuration that belongs to somebody else is refused", .enabled(if: geteuid() == 0))
  func stranger() throws {
    let file = try folder.write("x.conf", action("/bin/true"))
    chown(file, 65_534, 0)
    let problem = try onlyProblem(ConfigurationLoader.load(paths: [file], environment: asRoot))
    #expect(problem.message.contains("uid 65534") && problem.message.contains("chown root \(file)"))
  }

  @Test("a file that is not there is told once, as before")
  func missing() {
    #expect(ConfigurationLoader.load(paths: ["\(folder.path)/x.conf"], environment: asRoot).problems.count == 1)
  }

  @Test("a password file that everybody can read is warned of, the password not shown", arguments: [0o644, 0o600])
  func passwordFile(mode: Int) throws {
    try folder.write("amqp", "hunter2\n", mode: mode)
    let text = "[DEFAULT]\nqueues = q\npassword_file = amqp\n[a]\nevents = x\nscript = /bin/true\n"
    let findings = try folder.load(text).findings
    #expect(findings.filter { $0.message.contains("chmod o-r \(folder.path)/amqp") }.count == (mode == 0o644 ? 1 : 0))
    #expect(!findings.contains { $0.message.contains("hunter2") })
  }
}
