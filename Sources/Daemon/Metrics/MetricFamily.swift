// SPDX-License-Identifier: Apache-2.0

/// What is told of all series of one name: see "Metric types" of the Prometheus documentation.
struct MetricFamily: Sendable {
  enum Kind: String, Sendable {
    /// Only grows, from 0 at the start of the daemon; its name ends in `_total`.
    case counter
    case gauge
    /// Seconds, counted by upper bounds.
    case histogram
  }

  var name: String
  var kind: Kind
  /// A sentence for whoever sees the name for the first time; nil = nothing is known of it.
  var help: String?
  /// The names of the labels that each of its series has, without a histogram's `le`.
  var labels: [String] = []
  /// A histogram's upper bounds, ascending, without the last, infinite one.
  var bounds: [Double] = []
}

/// One value of a family that is looked up when somebody asks.
struct MetricSample {
  var labels: [(name: String, value: String)] = []
  var value: Double

  init(_ value: Double, _ labels: (name: String, value: String)...) {
    self.labels = labels
    self.value = value
  }

  init(_ value: Int, _ labels: (name: String, value: String)...) {
    self.labels = labels
    self.value = Double(value)
  }
}
