// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

@Suite struct RobustnessTests {
  /// Numbers that are the same in every run (Knuth's MMIX multiplier and increment).
  struct Sequence: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  @Test(
    "a file with parts cut out, doubled and spoilt loads or is refused with a reason, whatever it looks like",
    arguments: [("onevent.conf", EquivalenceTests.ini), ("onevent.yaml", EquivalenceTests.yaml)])
  func spoilt(name: String, text: String) throws {
    let folder = try ConfigurationFolder()
    var random = Sequence(state: 2)
    let spoilers = Array("=:#;%\"'{}[]()!@*,.\\/\n\t \u{0}é٣".unicodeScalars)
    var (loaded, refused) = (0, 0)
    for _ in 0..<300 {
      var scalars = Array(text.unicodeScalars)
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let start = Int.random(in: 0..<scalars.count, using: &random)
        let end = min(scalars.count, start + Int.random(in: 1...20, using: &random))
        switch Int.random(in: 0...2, using: &random) {
        case 0: scalars.removeSubrange(start..<end)
        case 1: scalars.insert(contentsOf: scalars[start..<end], at: start)
        default: scalars[start] = spoilers[Int.random(in: 0..<spoilers.count, using: &random)]
        }
      }
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars)
      switch try folder.load(String(view), as: name) {
      case .loaded: loaded += 1
      case .refused(let problems, _):
        refused += 1
        #expect(!problems.isEmpty)
      }
    }
    #expect(loaded > 0)
    #expect(refused > 0)
  }

  @Test("a secret that is named by interpolation is not shown")
  func secrets() throws {
    let result = try ConfigurationFolder().load(
      "[DEFAULT]\nqueues = q\npassword = hunter2\n[a]\nevents = x\nscript = /bin/echo %(password)s %%\n")
    #expect(result.findings.contains { $0.message.contains("is interpolated") })
    #expect(!result.findings.contains { $0.message.contains("hunter2") })
  }
}
