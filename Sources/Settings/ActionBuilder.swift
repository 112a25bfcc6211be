// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events
import Glibc

/// Makes an action of its section.
struct ActionBuilder {
  /// The names of all sources.
  let sources: [String]
  let groups: EventGroups
  let environment: [String: String]
  let base: ScriptEnvironment
  let isDaemon: Bool
  let report: Report
  let files = SeenFiles()

  /// Nil = it cannot be built, and the report says why.
  func build(_ section: Section) -> Action? {
    let mode = section.value(ActionKeys.enabled, report)
    let tags = tags(section)
    let selection = selection(section, hasTags: !tags.isEmpty)
    let conditions = section.value(ActionKeys.filterParams, report)
    let identities = IdentityBuilder(base: base, isDaemon: isDaemon, report: report)
    let identity = identities.build(section, mode)
    let fixed = EnvironmentBuilder(environment: environment, base: identity.environment, report: report).build(section)
    let searchPath = fixed.first { $0.name == "PATH" }?.value ?? ""
    let found = command(section, mode, searchPath: searchPath, identity)
    let timeout = section.value(ActionKeys.timeout, report)

    var action = Action(
      name: section.name, place: "\(section.position.file):\(section.position.line)",
      command: found?.command ?? Command(path: "/", words: []))
    action.fingerprint = section.fingerprint + groupsMark(section, selection)
    action.written = section.written(["events", "source", "tags", "filter_params"])
    action.trustedPaths = found?.places.map(\.path) ?? []
    action.mode = mode
    action.events = selection
    action.tags = tags
    action.sources = sourceNames(section)
    action.filter = conditions?.filter
    action.parameters = parameters(section)
    action.environmentParameters = environmentParameters(section)
    let replaced = Set(action.environmentParameters.map(\.name))
    action.environment = fixed.filter { !replaced.contains($0.name) }.map { Array("\($0.name)=\($0.value)".utf8) }
    action.standardInput = section.value(ActionKeys.stdin, report)
    action.dashPolicy = section.value(ActionKeys.dashParams, report)
    action.workingDirectory = workingDirectory(section, isForAnother: identity.isAnother)
    identities.apply(identity, of: section, to: &action)
    action.timeout = timeout
    action.killAfter = section.value(ActionKeys.killAfter, report)
    action.warnAfter = section.value(ActionKeys.warnAfter, report) ?? timeout / 2
    action.maxConcurrent = section.value(ActionKeys.maxConcurrent, report)
    action.orderBy = orderBy(section)
    action.maxEventAge = section.value(ActionKeys.maxEventAge, report)
    action.retry = RetryKeys.policy(section, report)
    action.onInterrupt = section.value(RetryKeys.onInterrupt, report)
    action.onSuspend = section.value(RetryKeys.onSuspend, report)

    ActionAdvice(section: section, report: report).look(at: action, conditions)
    return found == nil ? nil : action
  }

  // MARK: Script

  private func command(
    _ section: Section, _ mode: Action.Mode, searchPath: String, _ identity: IdentityBuilder.Result
  ) -> ScriptLocator.Found? {
    guard let script = section.value(ActionKeys.script, report) else {
      // A script that could not be read was told already.
      if section.setting("script") == nil {
        report.problem(at: section.position, "\(section.title) has no script; write 'script = FILE'")
      }
      return nil
    }
    let split = script.scriptWords()
    for problem in split.problems {
      report.add(problem)
      if section.speaksPython {
        report.finding(
          .difference, at: problem.position,
          "the Python listener gave the script and the values of the event to a shell; now no shell runs")
      }
    }
    guard split.problems.isEmpty, let first = split.words.first else { return nil }
    let directory = section.setting("script")?.directory ?? section.directory
    let locator = ScriptLocator(
      files: files, directory: directory, searchPath: searchPath, isForAnother: identity.isAnother)
    do throws(ScriptLocator.Failure) {
      let found = try locator.find(first.text, arguments: split.words.dropFirst().map(\.text))
      if let warning = found.warning { report.finding(.warning, at: first.position, warning) }
      let trust = CommandTrust(files: files, alsoTrusted: identity.identity.map { [$0.user] } ?? [])
      if let fault = trust.firstFault(in: found.places) {
        let position = split.words[fault.word].position
        if mode == .enabled {
          report.problem(at: position, fault.message)
        } else {
          report.finding(.warning, at: position, fault.message)
        }
      }
      return found
    } catch {
      guard mode == .enabled else {
        // It runs nothing, so nothing fails.
        report.finding(.warning, at: first.position, error.message)
        let path = FilePath.absolute(first.text, in: directory)
        let words = [Array(path.utf8)] + split.words.dropFirst().map { Array($0.text.utf8) }
        return ScriptLocator.Found(
          command: Command(path: path, words: words), places: [CommandTrust.Place(path: path, word: 0)])
      }
      report.problem(at: first.position, error.message)
      return nil
    }
  }

  private func workingDirectory(_ section: Section, isForAnother: Bool) -> String {
    guard let configured = section.value(ActionKeys.workingDirectory, report) else { return section.directory }
    var status = stat()
    if stat(configured.value, &status) != 0 {
      // What this user may not see the script's user may.
      if isForAnother, errno == EACCES { return configured.value }
      report.problem(
        at: configured.position,
        "'working_directory' is not there: \(configured.value): \(String(cString: strerror(errno)))")
    } else if status.st_mode & S_IFMT != S_IFDIR {
      report.problem(at: configured.position, "'working_directory' is no directory: \(configured.value)")
    }
    return configured.value
  }

  // MARK: Values

  private func parameters(_ section: Section) -> [Parameter] {
    var names: [String: String] = [:]
    return section.value(ActionKeys.scriptParams, report).compactMap { item in
      guard let parameter = item.text.parameter(quoting: item.quoting, report) else { return nil }
      if let name = parameter.environmentName {
        // The same path twice gives the same value twice: nothing is lost.
        if let other = names[name], other != parameter.description {
          report.problem(
            at: item.position,
            "'\(shortened(other))' and '\(shortened(parameter.description))' would both be ONEVENT_PARAM_\(name); "
              + "write one of them as \"{\(shortened(parameter.description))}\", which has no variable")
        }
        names[name] = parameter.description
      }
      return parameter
    }
  }

  private func environmentParameters(_ section: Section) -> [(name: String, parameter: Parameter)] {
    var seen: Set<String> = []
    return section.value(ActionKeys.envParams, report).compactMap { pair in
      let name = pair.name.text
      guard ScriptEnvironment.isName(name) else {
        report.problem(
          at: pair.name.position,
          "'\(shortened(name))' cannot be a variable's name; expected letters, digits and '_', no digit first")
        return nil
      }
      guard !ScriptEnvironment.isReserved(name), !ScriptEnvironment.isDangerous(name) else {
        report.problem(
          at: pair.name.position,
          "'\(name)' must not have a value from an event: "
            + (ScriptEnvironment.isReserved(name)
              ? "names that begin with ONEVENT are onevent's own" : "it changes what programs do; choose another name"))
        return nil
      }
      guard seen.insert(name).inserted else {
        report.problem(at: pair.name.position, "'\(name)' stands twice in 'env_params'")
        return nil
      }
      return pair.value.parameter(quoting: pair.quoting, report).map { (name, $0) }
    }
  }

  private func orderBy(_ section: Section) -> FieldPath? {
    guard let text = section.value(ActionKeys.orderBy, report) else { return try? FieldPath("@subject") }
    return text.text == "none" ? nil : text.fieldPath(report)
  }
}

extension ConfigText {
  /// The parameter that the text is; nil = the report says why it is none.
  func parameter(quoting: ConfigList.Item.Quoting, _ report: Report) -> Parameter? {
    let written = quoting == .none ? text : "\"\(text)\""
    do throws(FieldPathError) {
      return try Parameter(written)
    } catch {
      let offset = error.offset - (quoting == .none ? 0 : 1)
      report.problem(
        at: position(atUTF8: offset),
        "'\(shortened(written))' is no parameter: \(error.reason)"
          + (quoting == .none ? "; a fixed text is written in double quotes" : ""))
      return nil
    }
  }
}
