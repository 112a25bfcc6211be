// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events

/// Reads how the bodies of a source become events.
struct MappingBuilder {
  let report: Report

  func build(_ section: Section) -> EventMapping {
    var mapping = EventMapping()
    mapping.format = section.value(SourceKeys.format, report)
    mapping.type = path(section.value(SourceKeys.eventType, report))
    mapping.id = path(section.value(SourceKeys.eventID, report))
    mapping.time = path(section.value(SourceKeys.eventTime, report))
    mapping.subject = section.value(SourceKeys.subject, report).compactMap { path($0.text) }
    mapping.objects = section.value(SourceKeys.objects, report).compactMap(object)
    return mapping
  }

  private func object(_ item: ConfigList.Item) -> (kind: String, path: FieldPath)? {
    guard let colon = item.text.text.unicodeScalars.firstIndex(of: ":") else {
      report.problem(at: item.position, "'objects' has the entry '\(shortened(item.text.text))'; expected kind:path")
      return nil
    }
    let offset = item.text.text.unicodeScalars.distance(from: item.text.text.startIndex, to: colon)
    let kind = item.text.part(to: offset).trimmed()
    guard !kind.isEmpty else {
      report.problem(at: item.position, "'objects' has an entry without a kind; expected kind:path")
      return nil
    }
    return path(item.text.part(from: offset + 1).trimmed()).map { (kind.text, $0) }
  }

  private func path(_ text: ConfigText?) -> FieldPath? {
    text.flatMap { $0.fieldPath(report) }
  }
}
