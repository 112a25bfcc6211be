// SPDX-License-Identifier: Apache-2.0

/// One thing that is asked of a row, and how the rows are found for which it holds, where an index knows them.
struct Filter {
  /// What holds for the row, however it was found.
  var term: String
  var way: Way?

  init(_ term: String, way: Way? = nil) {
    self.term = term
    self.way = way
  }
}

/// What is asked of the rows of a table.
struct Search {
  var parameters = Parameters()
  /// Those whose way leads far on a few rows come first.
  var filters: [Filter] = []
  /// All rows, in order.
  var scan: Way
  /// Where all rows lie that are wanted.
  var range = NumberRange()
}

/// The way that a question takes, and what is still to be looked at in the rows that it brings.
struct Route {
  var way: Way
  var terms: [String]
  /// How many rows it brings at most; nil where they were not counted, or are many.
  var count: Int?
}

extension Search {
  /// So many rows are few: they are read and looked at in a moment, in whatever order they come.
  static let few = 10_000

  /// The way that brings the fewest rows.
  ///
  /// The rows of each way are counted in its index, up to `few`. Where all bring many, rows in order are taken: among
  /// many that are likely to be wanted, the first ones are soon found.
  ///
  /// `isCounted` asks for a count even where there is nothing else to choose.
  func route(_ connection: borrowing Connection, isCounted: Bool = false) throws(SQLiteError) -> Route {
    let candidates = filters.indices.filter { filters[$0].way != nil }
    guard let first = candidates.first, let way = filters[first].way else {
      return Route(way: scan, terms: filters.map(\.term), count: nil)
    }
    // In order, and nothing else to choose: to count would be all the work there is.
    if candidates.count == 1, way.gathered == nil, !isCounted { return route(by: first, count: nil) }
    var best: (index: Int, count: Int)?
    for index in candidates {
      guard let way = filters[index].way else { continue }
      let count = try count(of: way, upTo: (best?.count ?? Self.few + 1), connection)
      if count < best?.count ?? Self.few + 1 { best = (index, count) }
      if count == 0 { break }
    }
    if let best { return route(by: best.index, count: best.count) }
    if let ordered = candidates.first(where: { filters[$0].way?.gathered == nil }) {
      return route(by: ordered, count: nil)
    }
    return Route(way: scan, terms: filters.map(\.term), count: nil)
  }

  private func route(by index: Int, count: Int?) -> Route {
    var terms = filters.map(\.term)
    terms.remove(at: index)
    return Route(way: filters[index].way ?? scan, terms: terms, count: count)
  }

  /// How many rows a way brings, as far as a bound.
  private func count(
    of way: Way, upTo bound: Int, _ connection: borrowing Connection
  ) throws(SQLiteError) -> Int {
    var count = 0
    for branch in way.branches where count < bound {
      let select = branch.select([], within: range)
      count +=
        try connection.prepare("SELECT count(*) FROM (\(select) LIMIT \(bound - count))")
        .first(parameters.values) { row throws(SQLiteError) in Int(row.integer(0)) } ?? 0
    }
    return count
  }
}
