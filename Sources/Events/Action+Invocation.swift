// SPDX-License-Identifier: Apache-2.0

/// Why an action cannot be run for an event: a value is missing or cannot be passed faithfully.
package struct Refusal: Error, Equatable, CustomStringConvertible {
  /// A sentence with the parameter, the path, the cause, the paths beside it, and the cure.
  package var description: String
}

/// The facts of a run that reach its script's environment.
package struct RunFacts: Sendable {
  package var runID: String
  package var eventNumber: UInt64
  package var attempt: Int

  package init(runID: String, eventNumber: UInt64, attempt: Int) {
    self.runID = runID
    self.eventNumber = eventNumber
    self.attempt = attempt
  }
}

extension Action {
  /// Resolves what an attempt executes for an event.
  ///
  /// - Throws: `Refusal` where a parameter's value is missing, begins with `-` though `dash_params = refuse`, or is
  ///   more than the system can pass on.
  package func invocation(for event: Event, _ run: RunFacts) throws(Refusal) -> Invocation {
    try invocation(for: event, run, .system)
  }

  func invocation(for event: Event, _ run: RunFacts, _ space: ArgumentSpace) throws(Refusal) -> Invocation {
    var arguments = command.words
    var environment = environment
    appendFacts(of: event, run, to: &environment)
    for parameter in parameters {
      let argument = try self.argument(parameter, event)
      arguments.append(argument)
      if let name = parameter.environmentName {
        environment.append(try Self.entry("ONEVENT_PARAM_" + name, argument, parameter))
      }
    }
    for (name, parameter) in environmentParameters {
      environment.append(try Self.entry(name, try parameter.argument(for: event).bytes, parameter))
    }
    let size = ArgumentSpace.size(of: arguments) + ArgumentSpace.size(of: environment)
    guard size <= space.total else {
      throw Refusal(
        description: "Arguments and environment of the action \(name) are \(size) bytes together, more than the "
          + "\(space.total) that the system takes: read the event on standard input instead of passing large values."
      )
    }
    var invocation = Invocation(
      path: command.path, arguments: arguments, environment: environment, standardInput: standardInput(event, run),
      workingDirectory: workingDirectory, timeout: timeout, killAfter: killAfter)
    invocation.trustedPaths = trustedPaths
    invocation.identity = identity
    invocation.allowsRoot = allowsRoot
    invocation.umask = umask
    invocation.nice = nice
    invocation.limits = limits
    invocation.noNewPrivileges = noNewPrivileges
    invocation.leftovers = leftovers
    return invocation
  }

  /// The value that orders this action's runs; nil = unordered.
  ///
  /// The same text as the value would have as an argument, so that the number 5 and the text "5" are one key. Missing,
  /// null and empty values are unordered.
  package func orderingKey(for event: Event) -> String? {
    guard let orderBy else { return nil }
    var bytes: [UInt8] = []
    event.value(at: orderBy).appendArgument(to: &bytes)
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  private func argument(_ parameter: Parameter, _ event: Event) throws(Refusal) -> [UInt8] {
    let argument = try parameter.argument(for: event)
    if dashPolicy == .refuse, argument.beginsWithValue, argument.bytes.first == UInt8(ascii: "-") {
      throw parameter.refusal(
        "begins with -, which the script could take for an option, and dash_params = refuse: "
          + "put text before the value, as in \"--name={path}\", or allow it")
    }
    guard argument.bytes.count <= ArgumentSpace.longest else {
      throw Self.tooLong(parameter, argument.bytes.count)
    }
    return argument.bytes
  }

  private static func entry(
    _ name: String, _ value: [UInt8], _ parameter: Parameter
  ) throws(Refusal) -> [UInt8] {
    let entry = Array(name.utf8) + [UInt8(ascii: "=")] + value
    guard entry.count <= ArgumentSpace.longest else { throw tooLong(parameter, entry.count) }
    return entry
  }

  private static func tooLong(_ parameter: Parameter, _ count: Int) -> Refusal {
    parameter.refusal(
      "gives \(count) bytes, its name in the environment included, more than the \(ArgumentSpace.longest) that one "
        + "argument can have: read the event on standard input instead")
  }

  private func standardInput(_ event: Event, _ run: RunFacts) -> [UInt8]? {
    switch standardInput {
    case .event: return event.normalizedJSON()
    case .payload: return event.payloadJSON()
    case .body: return event.body
    case .none: return nil
    }
  }

  // MARK: Facts

  /// Appends what every script learns of the event and the run.
  ///
  /// Each name is always set, empty where the event lacks the fact, so that a script under `set -u` need not ask. A
  /// fact that no environment can hold (a NUL byte, more bytes than one entry takes) is left out instead of changed,
  /// and does not stop the run, since nobody asked for it: the event on standard input has it.
  private func appendFacts(of event: Event, _ run: RunFacts, to environment: inout [[UInt8]]) {
    func append(_ name: StaticString, _ append: (inout [UInt8]) -> Void) {
      var entry: [UInt8] = []
      // What most of them take, so that few grow.
      entry.reserveCapacity(80)
      entry.append(literal: name)
      append(&entry)
      if !entry.contains(0), entry.count <= ArgumentSpace.longest { environment.append(entry) }
    }
    append("ONEVENT=1") { _ in }
    append("ONEVENT_ACTION=") { $0.append(contentsOf: name.utf8) }
    append("ONEVENT_EVENT_ID=") { event.fact(.id).named.appendArgument(to: &$0) }
    append("ONEVENT_EVENT_NUMBER=") { $0.append(contentsOf: String(run.eventNumber).utf8) }
    append("ONEVENT_EVENT_TYPE=") { entry in event.withType { entry.append(contentsOf: $0) } }
    append("ONEVENT_EVENT_TIME=") { event.fact(.time).named.appendArgument(to: &$0) }
    append("ONEVENT_SUBJECT=") { event.subject.appendArgument(to: &$0) }
    append("ONEVENT_SOURCE=") { $0.append(contentsOf: event.envelope.source.utf8) }
    append("ONEVENT_ROUTING_KEY=") { $0.append(contentsOf: event.envelope.routingKey.utf8) }
    append("ONEVENT_RUN_ID=") { $0.append(contentsOf: run.runID.utf8) }
    append("ONEVENT_ATTEMPT=") { $0.append(contentsOf: String(run.attempt).utf8) }
  }
}
