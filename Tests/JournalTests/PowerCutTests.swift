// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProgramFixture
import Testing

@testable import Journal

/// The short form of `scripts/power-cut`, which says what it does.
@Suite struct PowerCutTests {
  private static let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("PowerCut/power_cut.py").path

  let scratch: ScratchJournal

  init() throws {
    scratch = try ScratchJournal()
    let schema = try #require(Schema.migrations.first)
    try schema.write(toFile: scratch.directory + "/schema.sql", atomically: false, encoding: .utf8)
  }

  /// Outside of the pool, and without this object: whoever holds it last removes the directory.
  private func check(sync: String, states: Int) async throws -> ProgramResult {
    let (model, directory, journal) = (Self.model, scratch.directory, scratch.path)
    return try await outsideOfThePool {
      let recorded = try runProgram(
        "python3",
        [
          model, "record", "--journal", journal, "--log", directory + "/log", "--",
          "python3", model, "write", "--journal", journal, "--schema", directory + "/schema.sql", "--sync", sync,
        ])
      #expect(recorded.status == 0, "\(recorded.errorText)")
      return try runProgram(
        "python3",
        [model, "check", "--journal", journal, "--log", directory + "/log", "--states", "\(states)"])
    }
  }

  @Test("after a power cut at any moment the journal opens, and holds every event that was acknowledged")
  func full() async throws {
    let result = try await check(sync: "FULL", states: 300)
    #expect(result.status == 0, "\(result.outputText)\(result.errorText)")
    #expect(result.outputText.contains("300 states"))
  }

  @Test("the model notices what is lost when commits do not wait for the disk")
  func normal() async throws {
    let result = try await check(sync: "NORMAL", states: 100)
    #expect(result.status == 1, "\(result.outputText)\(result.errorText)")
    #expect(result.outputText.contains(": lost "))
    #expect(!result.outputText.contains("damaged"))
  }
}
