// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import MetricsFixture
import Testing

@testable import Daemon

@Suite struct MetricRegistryTests {
  /// Not the one of another test.
  private typealias Recorder = CoreMetrics.Recorder

  private let families = [
    MetricFamily(name: "b_total", kind: .counter, help: "Bees.", labels: ["who"]),
    MetricFamily(name: "a", kind: .gauge, help: "One \\ and\ntwo."),
    MetricFamily(name: "h_seconds", kind: .histogram, help: "Time.", labels: ["who"], bounds: [0.5, 1, 2.5]),
  ]

  private func shown(_ registry: MetricRegistry) -> String { String(decoding: registry.exposition(), as: UTF8.self) }

  @Test("the text is what Prometheus' documentation asks for, in a stable order")
  func text() throws {
    let registry = MetricRegistry(families)
    Gauge(label: "a", factory: registry).record(1.5)
    for who in ["y", "x"] { Counter(label: "b_total", dimensions: [("who", who)], factory: registry).increment(by: 2) }
    let recorder = Recorder(label: "h_seconds", dimensions: [("who", "x")], factory: registry)
    for value in [0.25, 0.5, 2, 7] { recorder.record(value) }
    let expected = """
      # HELP b_total Bees.
      # TYPE b_total counter
      b_total{who="x"} 2
      b_total{who="y"} 2
      # HELP a One \\\\ and\\ntwo.
      # TYPE a gauge
      a 1.5
      # HELP h_seconds Time.
      # TYPE h_seconds histogram
      h_seconds_bucket{who="x",le="0.5"} 2
      h_seconds_bucket{who="x",le="1"} 2
      h_seconds_bucket{who="x",le="2.5"} 3
      h_seconds_bucket{who="x",le="+Inf"} 4
      h_seconds_sum{who="x"} 9.75
      h_seconds_count{who="x"} 4

      """
    #expect(shown(registry) == expected)
    #expect(shown(registry) == expected)
    let scraped = try ScrapedMetrics(shown(registry))
    #expect(scraped.value("h_seconds_bucket", ["who": "x", "le": "2.5"]) == 3)
  }

  @Test(
    "a label value comes back as it was, whatever is in it",
    arguments: ["", "plain", #"say "hi""#, #"back\slash"#, "two\nlines", #"\n"#, "\\\"\n", "ä€😀", "a}b{c,d=e", "\r\t"])
  func escaping(_ value: String) throws {
    let registry = MetricRegistry(families)
    Counter(label: "b_total", dimensions: [("who", value)], factory: registry).increment()
    let scraped = try ScrapedMetrics(shown(registry))
    #expect(scraped.samples.map(\.labels) == [["who": value]])
  }

  @Test("numbers are written as Prometheus reads them")
  func numbers() {
    #expect(
      Exposition.number(0) == "0" && Exposition.number(-3) == "-3" && Exposition.number(1e15) == "1000000000000000")
    #expect(
      Exposition.number(0.1) == "0.1" && Exposition.number(1e-7) == "1e-07" && Exposition.number(1e300) == "1e+300")
    #expect(Exposition.number(.infinity) == "+Inf" && Exposition.number(-.infinity) == "-Inf")
    #expect(Exposition.number(.nan) == "NaN")
  }

  @Test("names that Prometheus does not take are spelled so that it does")
  func names() {
    #expect(Exposition.name("a.b-c:d") == "a_b_c:d" && Exposition.name("9x") == "_x" && Exposition.name("") == "_")
    #expect(Exposition.labelName("a:b") == "a_b")
  }

  @Test("one name and labels are one series, however often it is made and in which order its labels stand")
  func sameSeries() throws {
    let registry = MetricRegistry([])
    Counter(label: "c_total", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
    Counter(label: "c_total", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment(by: 4)
    #expect(shown(registry) == "# TYPE c_total counter\nc_total{a=\"1\",b=\"2\"} 5\n")
  }

  @Test("a name keeps its type: what contradicts it is not shown")
  func contradiction() throws {
    let registry = MetricRegistry(families)
    let counter = Counter(label: "b_total", dimensions: [("who", "x")], factory: registry)
    counter.increment()
    Meter(label: "b_total", dimensions: [("who", "x")], factory: registry).set(9)
    Meter(label: "b_total", dimensions: [("who", "z")], factory: registry).set(9)
    #expect(try ScrapedMetrics(shown(registry)).samples.map(\.value) == [1])
  }

  @Test("every instrument of swift-metrics does what its documentation says")
  func instruments() throws {
    let registry = MetricRegistry([])
    let floating = FloatingPointCounter(label: "f_total", factory: registry)
    floating.increment(by: 0.25)
    floating.increment(by: 0.5)
    let meter = Meter(label: "m", factory: registry)
    meter.set(10)
    meter.increment(by: 2.5)
    meter.decrement(by: 0.5)
    let timer = Timer(label: "t_seconds", factory: registry)
    timer.recordNanoseconds(1_500_000_000)
    let counter = Counter(label: "c_total", factory: registry)
    counter.increment(by: 3)
    counter.increment(by: -2)
    #expect(registry.total(of: MetricFamily(name: "c_total", kind: .counter)) == 3)
    counter.reset()
    let gone = Counter(label: "g_total", factory: registry)
    gone.increment()
    gone.destroy()
    #expect(
      shown(registry) == """
        # TYPE f_total counter
        f_total 0.75
        # TYPE m gauge
        m 12
        # TYPE t_seconds histogram
        t_seconds_bucket{le="+Inf"} 1
        t_seconds_sum 1.5
        t_seconds_count 1
        # TYPE c_total counter
        c_total 0

        """)
  }

  @Test("what several threads count at once is all counted, and a histogram read meanwhile agrees with itself")
  func concurrency() async throws {
    let registry = MetricRegistry(families)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let counter = Counter(label: "b_total", dimensions: [("who", "x")], factory: registry)
          let recorder = Recorder(label: "h_seconds", dimensions: [("who", "x")], factory: registry)
          let meter = Meter(label: "a", factory: registry)
          for _ in 0..<2_000 {
            counter.increment()
            recorder.record(1)
            meter.increment(by: 1)
          }
        }
      }
      group.addTask {
        for _ in 0..<200 {
          guard case .histogram(let counts)? = registry.cellValue("h_seconds") else { continue }
          #expect(Double(counts.buckets.reduce(0, +)) == counts.sum)
        }
      }
    }
    #expect(registry.total(of: families[0]) == 8_000)
    #expect(registry.total(of: families[1]) == 8_000)
    let scraped = try ScrapedMetrics(shown(registry))
    #expect(scraped.value("h_seconds_count", ["who": "x"]) == 8_000)
    #expect(scraped.value("h_seconds_sum", ["who": "x"]) == 8_000)
  }
}

extension MetricRegistry {
  /// The value of the one series of a name.
  fileprivate func cellValue(_ name: String) -> MetricValue? {
    (makeRecorder(label: name, dimensions: [("who", "x")], aggregate: true) as? any MetricCell)?.value
  }
}
