// SPDX-License-Identifier: Apache-2.0

import MetricsFixture
import Testing

/// The judge of all tests of metrics sees what it is for.
@Suite struct ScrapedMetricsTests {
  @Test(
    "what breaks a rule of the text format is seen",
    arguments: [
      "# HELP a A.\n# TYPE a gauge\na 1",  // The last line does not end.
      "# TYPE a gauge\na 1\n",  // Without HELP.
      "# HELP a A.\n# TYPE a gauge\na 1\na 2\n",  // Twice the same.
      "# HELP a A.\n# TYPE a gauge\nb 1\n",  // Not with its family.
      "# HELP a A.\n# TYPE a gauge\na 1 1700000000\n",  // A time stamp.
      "# HELP a A.\n# TYPE a gauge\na one\n",
      "# HELP a A.\n# TYPE a gauge\na inf\n",
      "# HELP a A.\n# TYPE a gauge\na{b=\"c} 1\n",
      "# HELP a A.\n# TYPE a gauge\na{b=\"\\c\"} 1\n",
      "# HELP a A.\n# TYPE a gauge\na{9=\"c\"} 1\n",
      "# HELP a A.\n# TYPE a gauge\na{b=\"c\",} 1\n",
      "# HELP a A.\n# TYPE a gauge\n\na 1\n",
      "# HELP a A.\n# TYPE a gauge\n",  // No samples.
      "# HELP a A.\n# TYPE a counter\na 1\n",  // Not _total.
      "# HELP a_total A.\n# TYPE a_total counter\na_total -1\n",
      "# HELP a A.\n# TYPE a thing\na 1\n",
      "# HELP a A.\n# TYPE a gauge\na 1\n# HELP a A.\n# TYPE a gauge\na{b=\"c\"} 1\n",
      "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",  // No +Inf.
      "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
      "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n",
      "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 1\n",
      "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"2\"} 1\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 1\n"
        + "a_count 1\n",
    ])
  func faults(_ text: String) {
    #expect(throws: ScrapedMetrics.Fault.self) { try ScrapedMetrics(text) }
  }

  @Test("an expression's metrics, labels and label values are compared with what is emitted")
  func expressions() throws {
    let scraped = try ScrapedMetrics(
      """
      # HELP a_total A.
      # TYPE a_total counter
      a_total{who="x",result="good"} 1
      # HELP h H.
      # TYPE h histogram
      h_bucket{le="+Inf"} 1
      h_sum 1
      h_count 1

      """)
    func faults(_ text: String) throws -> [String] { try MetricExpression(text).faults(against: scraped) }
    #expect(try faults(#"sum by (who, instance) (rate(a_total{result="good",who=~"$who"}[5m])) > 0.5"#) == [])
    #expect(try faults("histogram_quantile(0.9, sum by (le) (rate(h_bucket[$__rate_interval])))") == [])
    #expect(try faults("a_totals > 1") == ["there is no metric a_totals"])
    #expect(try faults("h > 1") == ["there is no metric h"])
    #expect(try faults(#"a_total{what="x"}"#) == ["a_total has no label what"])
    #expect(try faults(#"a_total{result=~"good|bad"}"#) == [#"no a_total has result="bad""#])
    #expect(try faults("sum by (what) (a_total)") == ["nothing in it has the label what"])
    #expect(throws: ScrapedMetrics.Fault.self) { try MetricExpression("summe(a_total)") }
    #expect(throws: ScrapedMetrics.Fault.self) { try MetricExpression(#"a_total{who "x"}"#) }
    #expect(throws: ScrapedMetrics.Fault.self) { try MetricExpression("1 > 0") }
  }
}
