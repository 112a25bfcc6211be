// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import Foundation
import Testing

@Suite struct ScriptEnvironmentTests {
  /// What sudo takes away (`initial_badenv_table` of its env.c), and what a service manager gives a daemon.
  private static let names = [
    "IFS", "CDPATH", "LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES", "NLSPATH", "PATH_LOCALE", "LD_PRELOAD",
    "LD_LIBRARY_PATH", "LD_AUDIT", "_RLD_LIST", "KRB_CONF_DIR", "KRBCONFDIR", "KRBTKFILE", "KRB5_CONFIG", "KRB5_KTNAME",
    "VAR_ACE", "USR_ACE", "DLC_ACE", "TERMINFO", "TERMINFO_DIRS", "TERMPATH", "TERMCAP", "ENV", "BASH_ENV", "PS4",
    "GLOBIGNORE", "BASHOPTS", "SHELLOPTS", "JAVA_TOOL_OPTIONS", "PERLIO_DEBUG", "PERLLIB", "PERL5LIB", "PERL5OPT",
    "PERL5DB", "FPATH", "NULLCMD", "READNULLCMD", "ZDOTDIR", "TMPPREFIX", "PYTHONHOME", "PYTHONPATH", "PYTHONINSPECT",
    "PYTHONUSERBASE", "RUBYLIB", "RUBYOPT", "BASH_FUNC_ls%%", "GCONV_PATH", "GLIBC_TUNABLES",
    "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "JOURNAL_STREAM",
    "INVOCATION_ID", "WATCHDOG_PID", "WATCHDOG_USEC", "SWIFT_ROOT", "DBUS_SESSION_BUS_ADDRESS",
  ]

  @Test("no variable of the daemon's reaches a script but what pass_environment names")
  func builtFromNothing() async throws {
    try await Scene.with { scene in
      let broker = try Broker.shared()
      let session = try broker.session()
      let queue = broker.uniqueName()
      try session.declareQueue(queue, durable: true)
      // What the kernel gave it, before a shell makes anything of it.
      try scene.script(
        "environ.sh", "#!/bin/sh\ntr '\\0' '\\n' < /proc/$$/environ > environ.new && mv environ.new environ\n")
      try scene.write(
        "onevent.conf",
        """
        [DEFAULT]
        host = 127.0.0.1
        port = \(broker.port)
        queues = \(queue)

        [a]
        events = #
        script = ./environ.sh
        pass_environment = HARMLESS
        """)
      var environment = Dictionary(uniqueKeysWithValues: Self.names.map { ($0, "/nonexistent/canary") })
      environment["BASH_FUNC_ls%%"] = "() { echo canary; }"
      environment["HARMLESS"] = "passed-canary"
      environment["UNNAMED"] = "canary"
      let daemon = try scene.run(environment: environment)
      try await daemon.waitFor("queue is consumed")
      try session.publish([try leaseBody()], routingKey: queue)
      try await waitUntil("the script has run") { scene.exists("environ") }
      let lines = scene.text(of: "environ").split(separator: "\n").map(String.init)
      // What is named does come through: the daemon had these variables.
      #expect(lines.filter { $0.contains("canary") } == ["HARMLESS=passed-canary"])
      let given = Set(lines.map { String($0.prefix { $0 != "=" }) })
      #expect(given.isDisjoint(with: Self.names))
      let expected: Set<String> = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "HARMLESS"]
      #expect(given.filter { !$0.hasPrefix("ONEVENT") } == expected)
      #expect(try await daemon.stop() == 0)
    }
  }
}
