// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Hummingbird
import ProgramFixture
import Testing

@testable import WebAPI

/// `GET /openapi.json`, held against the routes and what they answer.
@Suite struct DescriptionTests {
  private let description: APIDescription
  private let routes: [Route]

  init() throws {
    description = try APIDescription()
    let history = HistoryAnswers(RecordedJournal()) { _ in EventMapping() }
    let followed = FollowedJournal()
    let feeds = LiveFeeds(followed, bell: followed.bell, groups: { EventGroups() })
    routes =
      Routes(daemon: DaemonAnswers(history: history, control: RecordedControl()), feeds: feeds, door: .socket).all
  }

  private func operation(_ route: Route) throws -> JSONValue {
    try #require(
      description.at("paths", route.path, route.method.rawValue.lowercased()),
      "openapi.json does not describe \(route.method.rawValue) \(route.path)")
  }

  @Test("every route is described, and nothing that is no route")
  func routesAgree() throws {
    let paths = try #require(description.at("paths")).members.flatMap { path, item in
      item.members.map { "\($0.key.uppercased()) \(path)" }
    }
    #expect(Set(paths) == Set(routes.map { "\($0.method.rawValue) \($0.path)" }))
    #expect(Set(routes.map { "\($0.method.rawValue) \($0.path)" }).count == routes.count)
  }

  @Test("the role of every route is described, and what those get who lack it")
  func roles() throws {
    for route in routes {
      let operation = try operation(route)
      let (place, answers) = ("\(route.method.rawValue) \(route.path)", Set(answers(operation)))
      switch route.needs {
      case .open:
        #expect(operation.text(of: "x-role") == "open", "\(place)")
        #expect(operation.member(named: "security")?.count == 0, "\(place)")
      case .role(let role):
        #expect(operation.text(of: "x-role") == role.rawValue, "\(place)")
        #expect(answers.contains("403"), "\(place)")
      }
      #expect(answers.isSuperset(of: ["401", "421", "429"]), "\(place)")
      if route.method != .get { #expect(answers.isSuperset(of: ["400", "413"]), "\(place)") }
    }
  }

  private func answers(_ operation: JSONValue) -> [String] {
    operation.member(named: "responses")?.members.map(\.key) ?? []
  }

  @Test("every kind of problem is one of the document's, and the parts of each path are described")
  func partsAndKinds() throws {
    let statuses = Set(try routes.flatMap { answers(try operation($0)) })
    let general = try #require(description.at("info", "description")).text
    for kind in Problem.Kind.allCases where kind != .internal {
      #expect(statuses.contains("\(kind.status)") || general.contains("\(kind.status)"), "\(kind)")
    }
    for route in routes {
      let described = parameters(try operation(route), in: "path")
      let parts = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
        String($0.dropFirst().dropLast())
      }
      #expect(described == Set(parts), "\(route.path)")
    }
  }

  private func parameters(_ operation: JSONValue, in place: String) -> Set<String> {
    Set(
      operation.list(of: "parameters").compactMap(description.resolved).filter { $0.text(of: "in") == place }
        .compactMap { $0.text(of: "name") })
  }

  @Test("the parameters of each look are those that it says it knows")
  func queryParameters() async throws {
    try await ServerScene.with { scene in
      for route in routes where route.method == .get {
        let described = parameters(try operation(route), in: "query")
        let path = Self.filled(route.path)
        // Figures know other parameters than lists.
        let questions = described.contains("aggregate") ? [[], [("aggregate", "count")]] : [[]]
        var known: Set<String> = []
        for question in questions {
          do {
            _ = try await scene.send(.get, path, question + [("nonsense", "1")])
          } catch APIFailure.problem(let problem) where problem.field == "nonsense" {
            known.formUnion(Self.names(problem.detail))
          } catch {}
        }
        // A kind of object that only the journal knows of.
        #expect(described == known.subtracting(["rack"]), "\(route.path)")
      }
    }
  }

  @Test("the members of each body are those that it says it knows")
  func bodies() async throws {
    try await ServerScene.with { scene in
      for route in routes where route.method != .get && route.path.hasPrefix("/api/") {
        let operation = try operation(route)
        let schema = operation.member(named: "requestBody")?.member(named: "content")?.member(
          named: "application/json")?
          .member(named: "schema").flatMap(description.resolved)
        let body = schema?.list(of: "anyOf").first.flatMap(description.resolved) ?? schema
        let described = Set(body?.member(named: "properties")?.members.map(\.key) ?? [])
        let method = try #require(APIClient.Method(rawValue: route.method.rawValue))
        var known: Set<String> = []
        do {
          _ = try await scene.send(method, Self.filled(route.path), body: #"{"nonsense":1}"#)
        } catch APIFailure.problem(let problem) where problem.field == "nonsense" {
          known = Self.names(problem.detail)
        }
        #expect(described == known, "\(route.path)")
      }
    }
  }

  /// The names behind the last "there are" of a refusal.
  private static func names(_ detail: String) -> Set<String> {
    guard let list = detail.ranges(of: "there are ").last else { return [] }
    let names = detail[list.upperBound...].split(separator: ", ").prefix { !$0.hasPrefix("and ") }
    return Set(names.map(String.init))
  }

  /// A path with parts that there are.
  private static func filled(_ path: String) -> String {
    path.replacingOccurrences(of: "unmatched/{event}", with: "unmatched/9")
      .replacingOccurrences(of: "{event}", with: "1").replacingOccurrences(of: "{run}", with: "1")
      .replacingOccurrences(of: "{action}", with: "fulfill")
  }

  @Test("what is really answered fits its schema")
  func realAnswers() async throws {
    try await ServerScene.with { scene in
      for route in routes where route.method == .get {
        guard let schema = try schema(ofAnswer: "200", operation(route)) else { continue }
        let items = parameters(try operation(route), in: "query").intersection(["runs", "fields", "sample"])
        let text = try await scene.send(.get, Self.filled(route.path), items.map { ($0, "true") })
        let document = JSONDocument()
        try document.parse(Array(text.utf8))
        #expect(description.faults(in: document.root, schema) == [], "\(route.path)")
      }
      let problem = try await scene.curl("http://x/api/v1/events?limit=0").outputText
      let document = JSONDocument()
      try document.parse(Array(try #require(problem.split(separator: "\r\n\r\n").last).utf8))
      #expect(
        description.faults(in: document.root, try #require(description.at("components", "schemas", "Problem"))) == [])
    }
  }

  private func schema(ofAnswer status: String, _ operation: JSONValue) -> JSONValue? {
    operation.member(named: "responses")?.member(named: status).flatMap(description.resolved)?
      .member(named: "content")?.member(named: "application/json")?.member(named: "schema")
  }

  @Test("every example fits its schema, and a spoilt one does not")
  func examples() throws {
    var seen = 0
    func look(_ value: JSONValue, at place: String) {
      if value.kind == .object {
        let schema = value.member(named: "schema") ?? (value.member(named: "type") == nil ? nil : value)
        // Null, too, is an example.
        if let example = value.member(Array("example".utf8)), let schema {
          seen += 1
          #expect(description.faults(in: example, schema) == [], "\(place)")
        }
        for (key, member) in value.members { look(member, at: "\(place)/\(key)") }
      }
      for element in value.kind == .array ? value.elements : [] { look(element, at: place) }
    }
    look(description.root, at: "#")
    #expect(seen > 10)
    let schema = try #require(description.at("components", "schemas", "NewStatus"))
    for (text, fault) in [
      (#"{"status":"off"}"#, "$.status is none of"), ("{}", "$.status is missing"), ("[]", "$ is no"),
      (#"{"status":"enabled","more":1}"#, "$.more is unknown"),
    ] {
      let document = JSONDocument()
      try document.parse(Array(text.utf8))
      #expect(description.faults(in: document.root, schema).contains { $0.hasPrefix(fault) }, "\(text)")
    }
  }
}
