// SPDX-License-Identifier: Apache-2.0

import Journal

/// Where a page of a list stands among the others.
struct ListPage {
  var path: String
  var parameters: RequestParameters
  /// The number of the page's first and last row; nil where it is empty.
  var ends: (first: Int64, last: Int64)?
  /// Whether it has as many rows as it may: then there may be more.
  var isFull: Bool

  static let parameters = ["before", "after", "limit", "per_page"]

  /// How many rows a page may have.
  static let limits: ClosedRange<Int64> = 1...1000

  /// The pages around it, by their relation (RFC 8288).
  ///
  /// Cursors are numbers of rows, so that a page stays what it is while rows are added. `next` goes on in the page's own
  /// direction, `prev` the other way: its rows come in the other order.
  var links: [(relation: String, target: String)] {
    let isUpward = !parameters.all("after").isEmpty
    var links: [(String, String)] = []
    if let ends, isFull { links.append(("next", target(isUpward ? "after" : "before", ends.last))) }
    if isUpward || !parameters.all("before").isEmpty {
      links.append(("first", target(nil, 0)))
      if let ends { links.append(("prev", target(isUpward ? "before" : "after", ends.first))) }
    } else {
      links.append(("first", target(nil, 0)))
    }
    return links
  }

  private func target(_ cursor: String?, _ number: Int64) -> String {
    var parameters = parameters.without(["before", "after"])
    parameters.append(cursor ?? "", cursor == nil ? nil : String(number))
    let query = parameters.encoded
    return query.isEmpty ? path : "\(path)?\(query)"
  }
}

extension RequestParameters {
  /// How many rows are asked for; `per_page` is another name of `limit`.
  func limit() throws(Problem) -> Int? {
    if let limit = try number("limit", in: ListPage.limits) {
      guard all("per_page").isEmpty else {
        throw Problem(.invalid, "limit and per_page are given, which are the same; give one", field: "per_page")
      }
      return Int(limit)
    }
    return try number("per_page", in: ListPage.limits).map { Int($0) }
  }

  /// The row before or after which a page begins.
  func cursor() throws(Problem) -> (before: Int64?, after: Int64?) {
    let cursor = (before: try number("before"), after: try number("after"))
    guard cursor.before == nil || cursor.after == nil else {
      throw Problem(.invalid, "before and after are given; a page goes on from one of them", field: "after")
    }
    return cursor
  }

  /// The same without some parameters.
  func without(_ names: [String]) -> RequestParameters {
    RequestParameters(items.filter { !names.contains($0.name) })
  }

  /// All values of a parameter that may be given several times, none of them empty.
  func texts(_ name: String) throws(Problem) -> [String] {
    let values = all(name)
    guard !values.contains("") else {
      throw Problem(.invalid, "\(name) is empty; leave it out to see everything", field: name, value: "")
    }
    guard values.count <= 20 else {
      throw Problem(.invalid, "\(name) is given \(values.count) times; give it 20 times at most", field: name)
    }
    return values
  }
}
