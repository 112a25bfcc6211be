// SPDX-License-Identifier: Apache-2.0

import Events
import Testing
import WebAPI

@testable import onevent

@Suite struct ReportTests {
  private func value(_ json: String) throws -> JSONValue {
    let document = JSONDocument()
    try document.parse(Array(json.utf8))
    return document.root
  }

  @Test("a run is shown with every attempt, its arguments quoted and its output behind bars")
  func run() throws {
    let run = try value(
      #"""
      {"run":5,"run_id":"abcd","event":17,"type":"t","subject":"n-1","action":"a","state":"failed","attempts":1,
       "unclean":0,"created":"2026-11-27T00:00:00.000000Z","ended":"2026-11-27T00:00:01.000000Z","due":null,
       "outcome":"exited 3","reason":null,"replay":false,"aside":false,"attempts_made":[
        {"attempt":1,"started":"2026-11-27T00:00:00.000000Z","ended":"2026-11-27T00:00:01.000000Z","duration":0.512,
         "outcome":"exited 3","code":3,"reason":null,"program":"/bin/x","arguments":["/bin/x","a b\u001b"],
         "directory":"/","revision":"r","pid":7,
         "stdout":{"head":"one\ntw","tail":"o\n","dropped":0},"stderr":{"head":"a\n","tail":"z","dropped":9}}]}
      """#)
    let lines = RunReport(run).lines
    #expect(lines.first == "run 5  abcd")
    #expect(lines.contains("  event     e17 t, subject n-1"))
    #expect(lines.contains("attempt 1: exited 3 after 0.512 s"))
    #expect(lines.contains(#"  argv[1]   "a b\u001b""#))
    let output = [
      "  stdout", "    | one", "    | two", "  stderr", "    | a", "    … 9 bytes were not kept …", "    | z",
    ]
    #expect(lines.suffix(7) == output)
    #expect(!lines.contains { $0.hasPrefix("  due") || $0.hasPrefix("  reason") })
  }

  @Test("an event is shown with its objects, runs, envelope and payload; one that cannot be decoded with its bytes")
  func event() throws {
    let event = try value(
      #"""
      {"event":17,"type":"t","result":"matched","objects":{"node":"n-1"},
       "runs":[{"run":5,"run_id":"abcd","action":"a","state":"held","reason":"its action is gone"}],
       "envelope":{"routing_key":"k"},"body":"…","decoded":{"payload":{"a":[1,{"b":"\u009b"}],"c":{}}}}
      """#)
    let lines = EventReport(event, title: "event e17").lines
    #expect(lines.contains("  object    node:n-1"))
    #expect(lines.contains("  run       5  abcd  a  held (its action is gone)"))
    #expect(lines.contains("  routing key k"))
    #expect(
      lines.suffix(10) == [
        "  payload", "    {", "      \"a\": [", "        1", "        {", "          \"b\": \"\\u{9b}\"", "        }",
        "      ]", "      \"c\": {}", "    }",
      ])
    let broken = try value(#"{"event":18,"type":"","result":"undecodable","body":{"base64":"/wo="},"decoded":null}"#)
    let last = EventReport(broken, title: "event e18").lines.suffix(3)
    #expect(last == ["  body      2 bytes that are not decoded", "    | \u{FFFD}", "    | "])
  }

  @Test("a status names what needs a person, and only that")
  func status() throws {
    let well = try value(
      #"""
      {"version":"1","pid":7,"started":"2026-11-27T00:00:00.000000Z","revision":"r","files":["f"],"suspended":true,
       "sources":[{"source":"s","state":"connected","since":"2026-11-27T00:00:00.000000Z","host":"h","queues":{"q":"consumed"}}],
       "actions":[{"action":"a","status":"enabled","running":1,"pending":2,"waiting":3}],
       "running":1,"pending":2,"waiting":3,"held":4,"failed":5,"journal":{"path":"p","bytes":20480,"trouble":null,"retention_suspended":null}}
      """#)
    let report = StatusReport(well)
    #expect(report.troubles.isEmpty)
    let lines = report.lines(for: Terminal(width: nil, hasColour: false))
    #expect(lines[0] == "onevent 1, pid 7, since 2026-11-27T00:00:00Z, all actions suspended")
    #expect(lines.contains("runs: 1 running, 2 pending, 3 waiting, 4 held, 5 failed"))
    #expect(lines.contains("journal: p, 20 KiB"))
    #expect(lines.contains("s\tconnected\t2026-11-27T00:00:00Z\th\tq consumed"))
    let ill = try value(
      #"""
      {"sources":[{"source":"s","state":"lost","reason":"refused"}],
       "journal":{"trouble":"the disk is full","retention_suspended":"the clock jumped"}}
      """#)
    #expect(StatusReport(ill).troubles.count == 3)
  }
}
