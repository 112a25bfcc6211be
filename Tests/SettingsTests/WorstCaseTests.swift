// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events
import Testing

@testable import Settings

/// Whether all attempts of a run fit into the broker's delivery timeout.
@Suite struct WorstCaseTests {
  /// 4 × (60 + 10) s of attempts and 10 + 20 + 25 s of waits: 335 s.
  private static func text(_ settle: String, consumerTimeout: String, _ more: String = "") -> String {
    """
    [DEFAULT]
    queues = q
    settle = \(settle)
    consumer_timeout = \(consumerTimeout)
    [a]
    events = x
    script = /bin/true
    timeout = 1m
    retries = 3
    retry_max_delay = 25s
    \(more)
    """
  }

  let folder: ConfigurationFolder

  init() throws {
    folder = try ConfigurationFolder()
  }

  @Test("a worst case that just fits is accepted, and one that is a millisecond longer is refused with all its parts")
  func boundary() throws {
    let fits = try folder.load(Self.text("run", consumerTimeout: "335s"))
    #expect(fits.problems.isEmpty)
    let problems = try folder.load(Self.text("run", consumerTimeout: "334999ms")).problems
    let problem = try #require(problems.first)
    #expect(problems.count == 1)
    #expect(problem.position.line == 4)
    #expect(problem.position.column == 1)
    for part in [
      "'a' (\(folder.path)/onevent.conf:5)", "335s", "4 attempts of timeout 1m and kill_after 10s",
      "retry delays of 55s (10s + 20s + 25s)", "334999ms", "'settle = journal'",
    ] {
      #expect(problem.message.contains(part), "\(part)")
    }
  }

  @Test("with settle = journal nothing has to fit")
  func journal() throws {
    #expect(try folder.load(Self.text("journal", consumerTimeout: "1s")).problems.isEmpty)
  }

  @Test("without configured retries there are none under settle = run, so that the timeout alone counts")
  func unconfigured() throws {
    let text = Self.text("run", consumerTimeout: "70s").replacing("retries = 3\n", with: "")
    #expect(try folder.load(text).problems.isEmpty)
    let problems = try folder.load(text.replacing("70s", with: "69s")).problems
    #expect(problems.count == 1)
    #expect(problems.first?.message.contains("may take 70s, timeout 1m and kill_after 10s, longer") == true)
  }

  @Test("only sources that settle by the run, and only actions that take their events, are looked at")
  func concerned() throws {
    let text = """
      [source:quick]
      queues = q
      [source:slow]
      queues = r
      settle = run
      consumer_timeout = 1m
      [a]
      events = x
      source = quick
      script = /bin/true
      [b]
      events = x
      source = slow
      script = /bin/true
      timeout = 50s
      """
    #expect(try folder.load(text).problems.isEmpty)
    let problems = try folder.load(text.replacing("source = quick\n", with: "")).problems
    #expect(problems.count == 1)
    #expect(problems.first?.message.contains("action 'a' (") == true)
  }

  @Test("of many delays the message names the first and the last, and the sum stays right")
  func many() throws {
    var action = Action(name: "a", place: "f:1", command: Command(path: "/bin/true", words: []))
    action.retry.retries = 1000
    let worst = WorstCase(of: action)
    // 10, 20, 40, 80, 160, 320, and then 994 times the longest, 600.
    #expect(worst.total == .seconds(1001 * 610 + 630 + 994 * 600))
    #expect(worst.words.contains("(10s + 20s + 40s + 80s + … + 10m)"))
    action.retry.retries = Int.min
    #expect(WorstCase(of: action).total == .seconds(610))
  }
}
