// SPDX-License-Identifier: Apache-2.0

extension Event {
  /// The objects that the event names, by kind, in the order of the configuration.
  package var objects: [(kind: String, name: String)] {
    objectKinds.compactMap { kind in object(kind).name.map { (kind, $0) } }
  }

  /// The subject's text; nil when the event names none.
  package var subjectName: String? { subject.name }
}

extension Digest {
  /// The first bytes.
  package func prefix(_ count: Int) -> [UInt8] { withBytes { Array($0.prefix(count)) } }
}
