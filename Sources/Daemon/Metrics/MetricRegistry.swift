// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// The backend of swift-metrics: keeps every series, and shows them as Prometheus reads them.
///
/// A series that was made stays until the daemon ends, also when its action or source is no longer configured: a
/// counter that vanished would take with it what happened last. Making one locks and allocates; whoever counts makes
/// its handles once and keeps them.
final class MetricRegistry: MetricsFactory {
  private struct Series: Sendable {
    var labels: [(name: String, value: String)]
    var cell: any MetricCell
  }

  private struct State {
    var families: [MetricFamily]
    /// The place of each family, by its name.
    var places: [String: Int] = [:]
    /// The series of each family, by their labels as they are shown.
    var series: [[String: Series]]
  }

  private let state: Mutex<State>

  /// Knows families beforehand, and shows them in this order; others follow as they come.
  init(_ families: [MetricFamily]) {
    var state = State(families: families, series: families.map { _ in [:] })
    for (place, family) in families.enumerated() { state.places[family.name] = place }
    self.state = Mutex(state)
  }

  // MARK: swift-metrics

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    cell(label, .counter, dimensions) { _ in CounterCell() }
  }

  func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
    cell(label, .counter, dimensions) { _ in NumberCell() }
  }

  func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    cell(label, .gauge, dimensions) { _ in NumberCell() }
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    guard aggregate else { return cell(label, .gauge, dimensions) { _ in NumberCell() } as NumberCell }
    return histogram(label, dimensions)
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { histogram(label, dimensions) }

  func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
  func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

  private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramCell {
    cell(name, .histogram, dimensions) { HistogramCell(bounds: $0.bounds) }
  }

  /// The series of a name and labels, made when there is none.
  ///
  /// One that contradicts what is known of the name counts, but is never shown: a name has one type.
  private func cell<Cell: MetricCell>(
    _ name: String, _ kind: MetricFamily.Kind, _ dimensions: [(String, String)], make: (MetricFamily) -> Cell
  ) -> Cell {
    let name = Exposition.name(name)
    let labels = dimensions.map { (name: Exposition.labelName($0.0), value: $0.1) }
    return state.withLock { state in
      let place = state.places[name] ?? state.families.count
      if place == state.families.count {
        state.families.append(MetricFamily(name: name, kind: kind, help: nil, labels: labels.map(\.name)))
        state.series.append([:])
        state.places[name] = place
      }
      let (family, key) = (state.families[place], Exposition.labels(labels))
      if let known = state.series[place][key] { return known.cell as? Cell ?? make(family) }
      let cell = make(family)
      if family.kind == kind { state.series[place][key] = Series(labels: labels, cell: cell) }
      return cell
    }
  }

  private func remove(_ handler: AnyObject) {
    state.withLock { state in
      for place in state.series.indices {
        state.series[place] = state.series[place].filter { $0.value.cell !== handler }
      }
    }
  }

  // MARK: Reading

  /// The sum of a counter or gauge over all series that have these labels.
  func total(of family: MetricFamily, where labels: (name: String, value: String)...) -> Int {
    state.withLock { state in
      guard let place = state.places[family.name] else { return 0 }
      return state.series[place].values.reduce(0) { sum, series in
        let fits = labels.allSatisfy { label in series.labels.contains { $0 == label } }
        guard fits, case .number(let number) = series.cell.value else { return sum }
        return sum + (Int(exactly: number.rounded()) ?? 0)
      }
    }
  }

  /// Everything, as Prometheus reads it, with what was looked up for this answer: values by the name of their family.
  func exposition(_ looked: [String: [MetricSample]] = [:]) -> [UInt8] {
    let (families, series) = state.withLock { ($0.families, $0.series) }
    var page = Exposition()
    for (family, series) in zip(families, series) {
      var values: [String: MetricValue] = series.mapValues { $0.cell.value }
      for sample in looked[family.name] ?? [] { values[Exposition.labels(sample.labels)] = .number(sample.value) }
      page.add(family, values)
    }
    return page.bytes
  }
}
