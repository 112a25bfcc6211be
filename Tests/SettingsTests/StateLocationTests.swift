// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

@Suite struct StateLocationTests {
  private static func locations(
    _ environment: [String: String], isRoot: Bool = false, writable: Set<String> = []
  ) -> StateLocations {
    StateLocations(environment: environment, isRoot: isRoot) { writable.contains($0) }
  }

  private static let home = [
    "HOME": "/u", "XDG_STATE_HOME": "/u/state", "XDG_RUNTIME_DIR": "/run/user/1000",
  ]

  @Test("root, and whoever may write there, has the system's directories")
  func system() {
    let root = Self.locations(Self.home, isRoot: true)
    #expect(root.journal == "/var/lib/onevent/journal.sqlite")
    #expect(root.socket(journal: "/j/journal.sqlite") == "/run/onevent/onevent.sock")
    let unit = Self.locations(Self.home, writable: ["/var/lib/onevent", "/run/onevent"])
    #expect(unit.journal == root.journal)
    #expect(unit.socket(journal: "/j/journal.sqlite") == "/run/onevent/onevent.sock")
  }

  @Test("each of the two directories is asked for itself")
  func apart() {
    let state = Self.locations(Self.home, writable: ["/var/lib/onevent"])
    #expect(state.journal == "/var/lib/onevent/journal.sqlite")
    #expect(state.socket(journal: state.journal) == "/run/user/1000/onevent.sock")
    let runtime = Self.locations(Self.home, writable: ["/run/onevent"])
    #expect(runtime.journal == "/u/state/onevent/journal.sqlite")
    #expect(runtime.socket(journal: runtime.journal) == "/run/onevent/onevent.sock")
  }

  @Test(
    "everybody else has the XDG directories, then the home directory; what is no absolute path does not count",
    arguments: [
      (["XDG_STATE_HOME": "/s/", "HOME": "/h"], "/s/onevent/journal.sqlite"),
      (["HOME": "/h"], "/h/.local/state/onevent/journal.sqlite"),
      (["XDG_STATE_HOME": "", "HOME": "/h"], "/h/.local/state/onevent/journal.sqlite"),
      (["XDG_STATE_HOME": "state", "HOME": "/h"], "/h/.local/state/onevent/journal.sqlite"),
      (["HOME": ""], "/var/lib/onevent/journal.sqlite"),
      ([:], "/var/lib/onevent/journal.sqlite"),
    ])
  func own(environment: [String: String], path: String) {
    #expect(Self.locations(environment).journal == path)
  }

  @Test("without a runtime directory the socket is beside the journal")
  func beside() {
    #expect(Self.locations(["HOME": "/h"]).socket(journal: "/data/j.sqlite") == "/data/onevent.sock")
    #expect(Self.locations(["XDG_RUNTIME_DIR": "run"]).socket(journal: "/j.sqlite") == "/onevent.sock")
  }

  @Test("what this process may write is found out, directories that are not there included")
  func process() throws {
    let folder = try ConfigurationFolder()
    let locations = StateLocations(environment: [:])
    #expect(locations.isWritable(folder.path))
    #expect(!locations.isWritable("\(folder.path)/nowhere"))
    try folder.write("file", "")
    #expect(!locations.isWritable("\(folder.path)/file"))
  }
}
