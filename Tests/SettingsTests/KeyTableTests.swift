// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

@Suite struct KeyTableTests {
  @Test("every key is there once for each kind of section, with a summary that is a sentence")
  func unique() {
    for kind in SectionKind.allCases {
      let names = KeyTable.all.filter { $0.kinds.contains(kind) }.map(\.name)
      #expect(!names.isEmpty)
      #expect(Set(names).count == names.count)
    }
    for key in KeyTable.all {
      #expect(key.summary.hasSuffix("."), "\(key.name)")
    }
  }

  @Test("defaults written out mean what leaving the keys out means")
  func defaults() throws {
    let folder = try ConfigurationFolder()
    func written(_ kind: SectionKind, but left: Set<String>) -> String {
      KeyTable.all.filter { $0.kinds.contains(kind) && !left.contains($0.name) }
        .compactMap { key in
          let words = ["required", "none", "unlimited", "by format"]
          guard let text = key.defaultText, !words.contains(where: text.hasPrefix), !text.contains(" ") else {
            return nil
          }
          return "\(key.name) = \(text)\n"
        }.joined()
    }
    let left: Set<String> = ["queue", "durable", "queue_type", "tls_ca_file", "port"]
    let common = [SectionKind.scripts, .journal, .api, .log]
      .map { "[\($0.rawValue)]\n" + written($0, but: []) }.joined()
    let full =
      "[source:default]\nqueues = q\n" + written(.source, but: left) + common
      + "[a]\nevents = x\nscript = /bin/true\n"
      // Written out, it would refuse the action where the tests run as root.
      + written(.action, but: ["events", "script", "allow_root"])
    #expect(full.contains("timeout = 10m") && full.contains("prefetch") == false)
    for line in ["settle = journal", "keep = 30d", "max_size = 4GiB", "min_free = 64MiB", "record = matched"] {
      #expect(full.contains("\(line)\n"), "\(line)")
    }
    for line in ["retry_on = tempfail", "retry_delay = 10s", "retry_backoff = 2", "retry_max_delay = 10m"] {
      #expect(full.contains("\(line)\n"), "\(line)")
    }
    let bare = "[source:default]\nqueues = q\n[a]\nevents = x\nscript = /bin/true\n"
    let (one, other) = (try folder.load(full).loaded(), try folder.load(bare).loaded())
    #expect(one.summary == other.summary)
  }

  @Test("the listing names every key of a kind with its default")
  func listing() {
    let text = KeyTable.listing(of: .action)
    #expect(text.contains("timeout\n"))
    #expect(text.contains("a bare number is seconds; default: 10m"))
    #expect(!text.contains("prefetch"))
  }

  @Test("the nearest name is found over swapped, missing and wrong letters, and nothing far away is proposed")
  func nearest() {
    let known = ["script", "script_params", "timeout", "events"]
    #expect(NearestName.to("scirpt", in: known) == "script")
    #expect(NearestName.to("TIMOUT", in: known) == "timeout")
    #expect(NearestName.to("script_param", in: known) == "script_params")
    #expect(NearestName.to("banana", in: known) == nil)
    #expect(NearestName.to("", in: known) == nil)
    #expect(NearestName.distance(Array("ab".unicodeScalars), Array("ba".unicodeScalars)) == 1)
    #expect(NearestName.distance(Array("kitten".unicodeScalars), Array("sitting".unicodeScalars)) == 3)
  }

  @Test(
    "durations and sizes are read with their units, and nothing else is",
    arguments: [
      ("30", Duration.seconds(30)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
      ("1d", .seconds(86_400)), ("250ms", .milliseconds(250)), ("5 m", .seconds(300)), ("0", .zero), ("-1s", nil),
      ("1.5s", nil), ("5x", nil), ("", nil), ("m", nil), ("99999999999999999999s", nil), ("9223372036854775807d", nil),
      ("١s", nil),
    ] as [(String, Duration?)])
  func durations(text: String, expected: Duration?) {
    #expect(Quantity.duration(text) == expected)
  }

  @Test(
    "sizes",
    arguments: [
      ("64KiB", 65_536), ("1MiB", 1 << 20), ("2GiB", 2 << 30), ("512", 512), ("512B", 512), ("1kib", 1024),
      ("1KB", nil),
      ("9223372036854775807KiB", nil), ("-1", nil),
    ] as [(String, Int?)])
  func sizes(text: String, expected: Int?) {
    #expect(Quantity.bytes(text) == expected)
  }

  @Test(
    "numbers have digits and at most one point between them",
    arguments: [
      ("2", 2), ("1.5", 1.5), ("0", 0), ("007.250", 7.25), ("", nil), (".5", nil), ("5.", nil), ("1.2.3", nil),
      ("-1", nil), ("+1", nil), ("1e3", nil), ("0x1p3", nil), ("inf", nil), ("nan", nil), ("1,5", nil), ("١", nil),
    ] as [(String, Double?)])
  func numbers(text: String, expected: Double?) {
    #expect(Quantity.number(text) == expected)
  }

  @Test("the reference has every section with its keys")
  func reference() {
    let text = KeyTable.reference
    for key in KeyTable.all { #expect(text.contains("\n\(key.name)\n"), "\(key.name)") }
    for title in ["[scripts]", "[journal]", "[api]", "[log]"] { #expect(text.contains("\n\(title)\n"), "\(title)") }
  }

  @Test("quantities are written in their largest whole unit")
  func written() {
    #expect(Quantity.text(.seconds(600)) == "10m")
    #expect(Quantity.text(.milliseconds(1500)) == "1500ms")
    #expect(Quantity.text(.zero) == "0s")
    #expect(Quantity.text(bytes: 65_536) == "64KiB")
    #expect(Quantity.text(bytes: 1000) == "1000")
    #expect(Quantity.text(2.0) == "2")
    #expect(Quantity.text(1.5) == "1.5")
  }
}
