// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import Events

/// Files under Tests/Fixtures.
enum NotificationFixture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures")

  static func bytes(_ path: String) throws -> [UInt8] {
    try Array(Data(contentsOf: folder.appending(path: path)))
  }

  /// The files of a folder, by name, in order.
  static func files(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path)
      .filter { !$0.hasPrefix(".") }.sorted()
  }

  /// A notification as it lies on a queue; the line end of the file is no part of it.
  static func notification(_ name: String) throws -> [UInt8] {
    var bytes = try bytes("notifications/\(name).json")
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return bytes
  }

  static let notifications = [
    "esi-leap.lease.delete.end.v2", "esi-leap.lease.delete.error.v2", "esi-leap.lease.delete.start.v2",
    "esi-leap.lease.fulfill.end.hostile.v2", "esi-leap.lease.fulfill.end.older-sender.v2",
    "esi-leap.lease.fulfill.end.v1", "esi-leap.lease.fulfill.end.v2", "esi-leap.lease.fulfill.error.v2",
    "esi-leap.lease.fulfill.start.v2", "ironic.node.provision_set.end.v2",
    "nova.compute.instance.power_on.end.unversioned.v2", "nova.instance.power_on.end.v2",
  ]
}

extension EventDecoder {
  convenience init() {
    self.init(EventMapping(), inflatedLimit: 1 << 20)
  }

  convenience init(_ change: (inout EventMapping) throws -> Void) rethrows {
    var mapping = EventMapping()
    try change(&mapping)
    self.init(mapping, inflatedLimit: 1 << 20)
  }

  func decode(_ body: [UInt8], _ envelope: Envelope = Envelope(source: "default")) throws -> Event {
    try body.withUnsafeBytes { try decode($0, envelope) }
  }

  func decode(text: String, _ envelope: Envelope = Envelope(source: "default")) throws -> Event {
    try decode(Array(text.utf8), envelope)
  }

  /// The reason why a body is refused; nil when it is not.
  func refusal(_ body: [UInt8], _ envelope: Envelope = Envelope(source: "default")) -> String? {
    do {
      _ = try decode(body, envelope)
      return nil
    } catch {
      return "\(error)"
    }
  }
}

extension Event {
  /// What a path finds, as a test reads it: JSON, or `missing`.
  func show(_ path: String) throws -> String {
    let value = value(at: try FieldPath(path))
    if value.isMissing { return "missing" }
    var output: [UInt8] = []
    value.appendJSON(to: &output)
    return String(decoding: output, as: UTF8.self)
  }
}

extension JSONDocument {
  func parse(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try parse($0) }
  }

  /// The text as compact JSON.
  func compact(_ bytes: [UInt8], unwrapping: Bool = false) throws -> String {
    try parse(bytes)
    var output: [UInt8] = []
    root.appendJSON(to: &output, unwrapping: unwrapping)
    return String(decoding: output, as: UTF8.self)
  }
}
