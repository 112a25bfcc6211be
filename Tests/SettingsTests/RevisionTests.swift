// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Settings

@Suite struct RevisionTests {
  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
  }

  private func revision(_ paths: [String], _ environment: [String: String] = [:]) throws -> String {
    try ConfigurationLoader.load(paths: paths, environment: environment.merging(asRoot) { own, _ in own }).loaded()
      .revision
  }

  @Test("the revision is the same for the same files, and another one when a byte, a path, or their order is")
  func files() throws {
    let first = try folder.write("a.conf", JournalSectionTests.bare)
    let second = try folder.write("b.conf", "[log]\nlevel = info\n")
    let original = try revision([first, second])
    #expect(original.count == 12)
    #expect(original.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    #expect(try revision([first, second]) == original)

    let renamed = try folder.write("c.conf", "[log]\nlevel = info\n")
    try folder.write("b.conf", "[log]\nlevel = info\n# a comment\n")
    let others = [
      try revision([first]), try revision([first, second]), try revision([first, renamed]),
      try revision([renamed, first]),
    ]
    #expect(Set(others + [original]).count == 5)
    try folder.write("b.conf", "[log]\nlevel = info\n")
    #expect(try revision([first, second]) == original)
  }

  @Test("overrides belong to it, and the rest of the environment does not")
  func overrides() throws {
    let file = try folder.write("a.conf", JournalSectionTests.bare)
    let original = try revision([file])
    #expect(try revision([file], ["PATH": "/bin", "ONEVENT_PARAM_X__Y": "1", "ONEVENT_RUN_ID": "1"]) == original)
    let (debug, error) = (
      try revision([file], ["ONEVENT_LOG__LEVEL": "debug"]), try revision([file], ["ONEVENT_LOG__LEVEL": "error"])
    )
    #expect(Set([original, debug, error]).count == 3)
  }

  @Test("a part that ends elsewhere is another part")
  func parts() {
    func text(_ name: String, _ content: String) -> String {
      var revision = Revision()
      revision.add(file: name, Array(content.utf8))
      return revision.text
    }
    #expect(text("ab", "c") != text("a", "bc"))
    var (file, variable) = (Revision(), Revision())
    file.add(file: "a", Array("b".utf8))
    variable.add(variable: "a", "b")
    #expect(file.text != variable.text)
    // SHA-256 of nothing begins so (FIPS 180-4 examples).
    #expect(Revision().text == "e3b0c44298fc")
  }
}
