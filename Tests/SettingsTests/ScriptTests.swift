// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc
import Testing

@testable import Settings

@Suite struct ScriptTests {
  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
  }

  func find(_ word: String, _ arguments: [String] = []) throws(ScriptLocator.Failure) -> ScriptLocator.Found {
    let locator = ScriptLocator(
      files: SeenFiles(), directory: folder.path, searchPath: "\(folder.path)/bin:/usr/bin:/bin")
    return try locator.find(word, arguments: arguments)
  }

  func failure(_ word: String) -> String {
    do throws(ScriptLocator.Failure) {
      return "found \(try find(word))"
    } catch {
      return error.message
    }
  }

  @Test("a name without '/' is looked for beside the file, in its scripts, then in PATH")
  func order() throws {
    try folder.script("bin/x")
    #expect(try find("x").command.path == "\(folder.path)/bin/x")
    try folder.script("scripts/x")
    #expect(try find("x").command.path == "\(folder.path)/scripts/x")
    try folder.script("x")
    #expect(try find("x").command.path == "\(folder.path)/x")
    #expect(try find("./scripts/x").command.path == "\(folder.path)/scripts/x")
    #expect(try find("true").command.path == "/usr/bin/true")
  }

  @Test("what was not found says where it was looked for")
  func missing() {
    let message = failure("no-such-script")
    for place in ["\(folder.path)/no-such-script", "\(folder.path)/scripts/no-such-script", "/bin/no-such-script"] {
      #expect(message.contains(place))
    }
    #expect(!failure("sub/none").contains("/usr/bin"))
  }

  @Test("a directory, a file that may not be executed, and a device are each named as such")
  func unusable() throws {
    try folder.script("plain", mode: 0o644)
    #expect(failure("plain").contains("chmod +x"))
    #expect(failure("/usr").contains("is a directory"))
    #expect(failure("/dev/null").contains("no file that can be executed"))
  }

  @Test("a file without '#!' is run by /bin/sh, with a warning")
  func shell() throws {
    try folder.script("old", "echo \"$1\"\n")
    let found = try find("old", ["a b"])
    let path = "\(folder.path)/old"
    #expect(found.command == Command(path: "/bin/sh", words: ["/bin/sh", path, "a b"].map { Array($0.utf8) }))
    #expect(found.warning?.contains("'#!/bin/sh'") == true)
  }

  @Test("a script with '#!' and a program are executed themselves")
  func direct() throws {
    try folder.script("new")
    let path = "\(folder.path)/new"
    #expect(try find("new", ["x"]).command == Command(path: path, words: [path, "x"].map { Array($0.utf8) }))
    #expect(try find("new").warning == nil)
    #expect(try find("/usr/bin/env").command.path == "/usr/bin/env")
    #expect(try find("/usr/bin/env").warning == nil)
  }

  @Test("an interpreter that is not there, or that a CR belongs to, is told before a run fails for it")
  func interpreters() throws {
    try folder.script("gone", "#!/no/such/interpreter -x\n")
    #expect(failure("gone").contains("/no/such/interpreter"))
    try folder.script("windows", "#!/bin/sh\r\necho x\r\n")
    #expect(failure("windows").contains("CR LF"))
    try folder.script("empty", "#!\n")
    #expect(failure("empty").contains("names no interpreter"))
  }

  @Test("the environment is built from nothing; the configuration adds to it, and PATH decides where scripts are found")
  func environment() throws {
    try folder.script("tools/tool")
    let configuration = try folder.load(
      """
      [DEFAULT]
      queues = q
      [a]
      events = x
      script = tool
      environment = PATH=\(folder.path)/tools, GREETING="a, b", EMPTY=
      pass_environment = HTTPS_PROXY, NOT_THERE, LANG
      env_params = NODE=node_name, GREETING=purpose?
      """, environment: ["HTTPS_PROXY": "proxy:1", "SECRET": "s", "LANG": "de_DE.UTF-8"]
    ).loaded()
    let action = configuration.actions[0]
    let entries = action.environment.map { String(decoding: $0, as: UTF8.self) }
    let user = try #require(getpwuid(geteuid())?.pointee)
    #expect(
      Set(entries) == [
        "PATH=\(folder.path)/tools", "HOME=\(String(cString: user.pw_dir))", "USER=\(String(cString: user.pw_name))",
        "LOGNAME=\(String(cString: user.pw_name))", "LANG=de_DE.UTF-8", "EMPTY=", "HTTPS_PROXY=proxy:1",
      ])
    #expect(entries.count == 7)
    #expect(action.environmentParameters.map(\.name) == ["NODE", "GREETING"])
    #expect(action.command.path == "\(folder.path)/tools/tool")
  }

  @Test("a disabled action may name a script that is not there; it is a warning")
  func disabled() throws {
    let result = try folder.load(
      "[DEFAULT]\nqueues = q\n[a]\nevents = x\nscript = none\nenabled = observe\n")
    #expect(try result.loaded().actions.first?.mode == .observe)
    #expect(result.findings.contains { $0.kind == .warning && $0.message.contains("'none' was not found") })
  }
}
