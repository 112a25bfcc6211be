// SPDX-License-Identifier: Apache-2.0

import AMQP
import ConfigText
import Events

/// Puts the sections of all files together.
struct ConfigurationAssembly {
  let environment: [String: String]
  let isDaemon: Bool
  let overrides: EnvironmentOverrides
  let report: Report
  private var files: [FileSections] = []

  init(environment: [String: String], isDaemon: Bool, overrides: EnvironmentOverrides, report: Report) {
    self.environment = environment
    self.isDaemon = isDaemon
    self.overrides = overrides
    self.report = report
  }

  mutating func add(_ file: FileSections) {
    files.append(file)
  }

  func configuration() -> Configuration {
    var configuration = Configuration()
    let scripts = common(.scripts)
    configuration.scripts = scriptSettings(scripts)
    configuration.log = logSettings(common(.log))
    readStateSections(into: &configuration)

    let groups = unique(files.flatMap(\.sections).filter { $0.kind == .group }, "group")
    configuration.groups = GroupBuilder(report: report).build(groups)
    let (sources, local) = sourceSections()
    let builder = SourceBuilder(
      maxConcurrent: configuration.scripts.maxConcurrent, environment: environment, report: report)
    configuration.sources = sources.map { builder.build($0) }
    configuration.local = local
    let names = sources.map(\.name) + (local.isEnabled ? [local.name] : [])
    configuration.actions = actions(scripts, names, configuration.groups)

    let written = files.flatMap(\.sections).filter { $0.kind == .action }.count
    let check = ConsumptionCheck(
      scripts: configuration.scripts, hasAllActions: configuration.actions.count == written,
      table: ActionTable(configuration.actions), report: report)
    for index in configuration.sources.indices {
      check.look(at: &configuration.sources[index], configuration.actions, sources[index])
    }
    return configuration
  }

  // MARK: Common sections

  /// One of the sections that all files share: merged key by key, later files win, the environment over all.
  private func common(_ kind: SectionKind) -> Section {
    let parts = files.compactMap { $0.common[kind] }
    return Section(
      kind: kind, name: kind.rawValue, title: "[\(kind.rawValue)]", position: .nowhere, directory: "/",
      speaksPython: false,
      layers: parts.map(\.inherited) + parts.map(\.own) + [overrides.common[kind] ?? [:]])
  }

  private func scriptSettings(_ section: Section) -> ScriptSettings {
    var settings = ScriptSettings()
    settings.maxConcurrent = section.value(ScriptsKeys.maxConcurrent, report)
    settings.outputLimit = section.value(ScriptsKeys.outputLimit, report)
    settings.drainTimeout = section.value(ScriptsKeys.drainTimeout, report)
    settings.reload = section.value(ScriptsKeys.reload, report)
    return settings
  }

  private func logSettings(_ section: Section) -> LogSettings {
    var settings = LogSettings()
    settings.level = section.value(LogKeys.level, report)
    settings.format = section.value(LogKeys.format, report)
    return settings
  }

  private func readStateSections(into configuration: inout Configuration) {
    let locations = StateLocations(environment: environment)
    let journal = common(.journal)
    configuration.journal = JournalKeys.read(journal, locations, report)
    configuration.api = APIKeys.read(
      common(.api), locations, journal: configuration.journal.path,
      place: journal.setting("path")?.valuePosition
        ?? SourcePosition(file: files.first?.path ?? "", line: 1, column: 1), isDaemon: isDaemon, report)
  }

  // MARK: Sources

  /// Every source of type amqp once, and the local one.
  private func sourceSections() -> (amqp: [Section], local: LocalSourceSettings) {
    let written = files.flatMap(\.sections).filter { $0.kind == .source }
    let isLocal = written.map { $0.value(SourceKeys.type, Report()) == .local }
    func chosen(_ wanted: Bool) -> [Section] { zip(written, isLocal).filter { $1 == wanted }.map(\.0) }
    let amqp = brokerSections(chosen(false))
    let local = LocalSourceBuilder(report: report).build(chosen(true), others: amqp)
    if amqp.isEmpty { noteMissing(local) }
    return (amqp, local)
  }

  /// `[DEFAULT]` is a source where it has queues or a binding and no other of type amqp is written down.
  private func brokerSections(_ written: [Section]) -> [Section] {
    let defaults = files.compactMap { $0.defaultSource(overrides.defaults) }
    guard written.isEmpty else {
      for section in defaults {
        let setting = section.setting("queues") ?? section.setting("bind")
        report.finding(
          .warning, at: setting?.position ?? section.position,
          "'\(setting?.key ?? "queues")' in [DEFAULT] is not used, because \(written.first?.title ?? "a source") is a source "
            + "of its own; write it into a [source:NAME]")
      }
      return unique(written, "source")
    }
    return unique(defaults, "source")
  }

  /// Says what is missing where no broker is taken from: local events alone are enough, where nothing says otherwise.
  private func noteMissing(_ local: LocalSourceSettings) {
    guard !isBlank else { return noteBlank() }
    guard let file = files.first, files.allSatisfy(\.isUnderstood) else { return }
    let broker = files.first { $0.namesBroker }
    guard broker != nil || !local.isEnabled else { return }
    report.problem(
      at: broker?.defaultsPosition ?? SourcePosition(file: file.path, line: 1, column: 1),
      broker == nil
        ? "there is no source of events: the local one is switched off, and no other is configured; write 'queues = NAME, …' "
          + "into [DEFAULT], or a section [source:NAME], or remove 'enabled = no'"
        : "there is no source of events on the broker that [DEFAULT] names; write 'queues = NAME, …' there, or a section "
          + "[source:NAME], or remove the broker to take local events alone")
  }

  /// Whether the files ask for nothing at all, as the one that the package installs: then the daemon idles.
  ///
  /// What begins to name a broker or an action is not blank: there, what is missing is an error.
  private var isBlank: Bool {
    files.allSatisfy { $0.isUnderstood && $0.sections.isEmpty && $0.defaults.isEmpty }
  }

  private func noteBlank() {
    guard let file = files.first else { return }
    report.finding(
      .warning, at: SourcePosition(file: file.path, line: 1, column: 1),
      "nothing is configured yet, so nothing will run; write an action, and the broker with its queues if there is one, "
        + "into this file (onevent.conf(5) has every key, /usr/share/doc/onevent/examples has whole "
        + "configurations, 'onevent init' writes a first one), look at it with 'onevent check', and reload")
  }

  /// Sections whose names are there once; the others are told, with both places.
  private func unique(_ sections: [Section], _ word: String) -> [Section] {
    var places: [String: SourcePosition] = [:]
    return sections.filter { section in
      if let first = places[section.name] {
        report.problem(
          at: section.position,
          "the \(word) '\(shortened(section.name))' is already there, at \(first); rename one of them")
        return false
      }
      places[section.name] = section.position
      return true
    }
  }

  // MARK: Actions

  private func actions(_ scripts: Section, _ sources: [String], _ groups: EventGroups) -> [Action] {
    let sections = unique(files.flatMap(\.sections).filter { $0.kind == .action }, "action")
    if sections.isEmpty, !isBlank, let file = files.first, files.allSatisfy(\.isUnderstood) {
      report.finding(
        .warning, at: SourcePosition(file: file.path, line: 1, column: 1),
        "there is no action, so nothing will run; an action is a section with 'events' and 'script'")
    }
    let defaults = scripts.layers.map { layer in
      layer.filter { $0.key != "max_concurrent" && KeyTable.knows($0.key, in: .action) }
    }
    let builder = ActionBuilder(
      sources: sources, groups: groups, environment: environment, base: ScriptEnvironment(), isDaemon: isDaemon,
      report: report)
    return sections.compactMap { section in
      var section = section
      section.layers = defaults + section.layers
      return builder.build(section)
    }
  }
}

extension FileSections {
  /// Whether `[DEFAULT]` says how to reach a broker.
  fileprivate var namesBroker: Bool {
    ["url", "user", "password", "password_file", "host", "port", "virtual_host"].contains { defaults[$0] != nil }
  }

  /// `[DEFAULT]` as a source, where it names what to take events from.
  func defaultSource(_ overrides: [String: Setting]) -> Section? {
    guard let position = defaultsPosition, defaults["queues"] != nil || defaults["bind"] != nil else { return nil }
    return Section(
      kind: .source, name: "default", title: "[DEFAULT]", position: position, directory: directory,
      speaksPython: speaksPython, layers: [defaults, overrides])
  }
}
