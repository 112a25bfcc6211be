// SPDX-License-Identifier: Apache-2.0

import Trust

/// Remembers for one load what was seen of the files that commands name: many actions share a script, and are told the
/// same of it.
///
/// Nothing rests on it: who may change a file is looked at again before each start.
final class SeenFiles {
  private struct Word: Hashable {
    var word: String
    var directory: String
    var searchPath: String
    var isForAnother: Bool
  }

  private struct Place: Hashable {
    var path: String
    var role: PathTrust.Role
    var owners: [UInt32]
  }

  private var programs: [Word: Result<ScriptLocator.Program, ScriptLocator.Failure>] = [:]
  private var distrusts: [Place: Distrust?] = [:]

  /// What a locator finds for a word.
  func program(
    _ word: String, by locator: ScriptLocator
  ) throws(ScriptLocator.Failure) -> ScriptLocator.Program {
    let key = Word(
      word: word, directory: locator.directory, searchPath: locator.searchPath, isForAnother: locator.isForAnother)
    if let known = programs[key] { return try known.get() }
    let result = Result { () throws(ScriptLocator.Failure) in try locator.look(for: word) }
    programs[key] = result
    return try result.get()
  }

  /// What is not as it must be on the way to a file; nil = nothing.
  func distrust(of path: String, as role: PathTrust.Role, by trust: PathTrust) -> Distrust? {
    let key = Place(path: path, role: role, owners: trust.owners)
    if let known = distrusts[key] { return known }
    var found: Distrust?
    do throws(Distrust) {
      try trust.check(path, as: role)
    } catch {
      found = error
    }
    distrusts[key] = .some(found)
    return found
  }
}
