// SPDX-License-Identifier: Apache-2.0

import ConfigText

/// Makes the fixed part of a script's environment.
struct EnvironmentBuilder {
  /// The daemon's own.
  let environment: [String: String]
  let base: ScriptEnvironment
  let report: Report

  /// The variables in order; `environment` stands above `pass_environment`, and that above what every script has.
  func build(_ section: Section) -> [(name: String, value: String)] {
    var result = base.base
    func set(_ name: String, _ value: String) {
      if let index = result.firstIndex(where: { $0.name == name }) {
        result[index].value = value
      } else {
        result.append((name, value))
      }
    }
    for item in section.value(ActionKeys.passEnvironment, report) where check(item.text) {
      if let value = environment[item.text.text] { set(item.text.text, value) }
    }
    var seen: Set<String> = []
    for pair in section.value(ActionKeys.environment, report) where check(pair.name) {
      guard seen.insert(pair.name.text).inserted else {
        report.problem(at: pair.name.position, "'\(pair.name.text)' stands twice in 'environment'")
        continue
      }
      guard !pair.value.text.utf8.contains(0) else {
        report.problem(at: pair.value.position, "'\(pair.name.text)' holds a NUL, which no variable can")
        continue
      }
      set(pair.name.text, pair.value.text)
    }
    return result
  }

  private func check(_ name: ConfigText) -> Bool {
    guard ScriptEnvironment.isName(name.text) else {
      report.problem(
        at: name.position,
        "'\(shortened(name.text))' cannot be a variable's name; expected letters, digits and '_', no digit first")
      return false
    }
    guard !ScriptEnvironment.isReserved(name.text) else {
      report.problem(at: name.position, "'\(name.text)': names that begin with ONEVENT are onevent's own")
      return false
    }
    guard !ScriptEnvironment.isForbidden(name.text) else {
      report.problem(
        at: name.position,
        "'\(shortened(name.text))' must not reach a script: it is the daemon's own, or changes what programs do before "
          + "they begin; a script that needs it sets it itself")
      return false
    }
    return true
  }
}
