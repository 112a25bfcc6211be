// SPDX-License-Identifier: Apache-2.0

import BrokerFixture
import ConfigText
import Foundation
import MetricsFixture
import ProgramFixture
import Testing

extension Scene {
  /// What the daemon shows, as `onevent metrics` prints it.
  func metrics() async throws -> ScrapedMetrics {
    let result = try await command("metrics", "-c", directory.appendingPathComponent("onevent.conf").path)
    guard result.status == 0 else { throw DaemonFailure(description: "onevent metrics: \(result.errors)") }
    return try ScrapedMetrics(result.output)
  }

  /// Waits until what the daemon shows is as it is to become.
  func metrics(where holds: (ScrapedMetrics) -> Bool) async throws -> ScrapedMetrics {
    var last: ScrapedMetrics?
    do {
      try await waitUntil("the metrics are as expected", pause: .milliseconds(50)) {
        let scraped = try await self.metrics()
        last = scraped
        return holds(scraped)
      }
    } catch {
      let shown = last?.samples.filter { $0.value != 0 && $0.labels["le"] == nil }.map {
        "\($0.name) \($0.labels) \($0.value)"
      }
      throw DaemonFailure(description: "\(error); they are:\n\(shown?.joined(separator: "\n") ?? "none")")
    }
    return try #require(last)
  }

  /// What curl prints of an answer of the socket.
  func curl(_ arguments: String...) async throws -> String {
    let socket = directory.appendingPathComponent("api").path
    return try await outsideOfThePool {
      try runProgram("curl", ["--silent", "--show-error", "--unix-socket", socket] + arguments).outputText
    }
  }
}

extension ScrapedMetrics {
  /// The values of a family's series that have a label, by what it says.
  func values(_ name: String, by label: String, where labels: [String: String] = [:]) -> [String: Double] {
    var values: [String: Double] = [:]
    for sample in samples where sample.name == name && labels.allSatisfy({ sample.labels[$0.key] == $0.value }) {
      values[sample.labels[label] ?? "", default: 0] += sample.value
    }
    return values
  }

  func sum(_ name: String) -> Double { samples.filter { $0.name == name }.map(\.value).reduce(0, +) }
}
