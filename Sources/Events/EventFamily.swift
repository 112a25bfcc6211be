// SPDX-License-Identifier: Apache-2.0

/// What the notifications of one OpenStack service name: the defaults of the keys `objects` and `subject`.
struct EventFamily: Sendable {
  /// The object that orders: the first path that finds something.
  var subject: [FieldPath]
  var objects: [(kind: String, paths: [FieldPath])]

  static let esiLeap = EventFamily(
    subject: FieldPath.list("node_uuid", "resource_uuid"),
    objects: [
      ("node", FieldPath.list("node_uuid")), ("lease", FieldPath.list("uuid")),
      ("project", FieldPath.list("project_id")), ("owner", FieldPath.list("owner_id")),
    ])

  /// Ironic's events of nodes.
  static let ironicNode = EventFamily(
    subject: FieldPath.list("uuid"),
    objects: [
      ("node", FieldPath.list("uuid")), ("instance", FieldPath.list("instance_uuid")),
      ("project", FieldPath.list("lessee", "owner")),
    ])

  /// Ironic's events of ports, volumes and the like.
  static let ironic = EventFamily(
    subject: FieldPath.list("node_uuid"), objects: [("node", FieldPath.list("node_uuid"))])

  static let novaInstance = EventFamily(
    subject: FieldPath.list("uuid", "instance_id"),
    objects: [
      ("instance", FieldPath.list("uuid", "instance_id")), ("host", FieldPath.list("host")),
      ("project", FieldPath.list("tenant_id", "project_id")),
    ])

  /// Nova's versioned events of aggregates, services, server groups and the like: their `uuid` is no instance's.
  static let nova = EventFamily(
    subject: FieldPath.list("uuid"),
    objects: [("host", FieldPath.list("host")), ("project", FieldPath.list("tenant_id", "project_id"))])

  /// Tells the family by the event's type and, for Nova, by the versioned object that it sends.
  static func family(type: UnsafeBufferPointer<UInt8>, payload: JSONValue) -> EventFamily? {
    if type.starts(with: "esi_leap.") { return esiLeap }
    if type.starts(with: "baremetal.node.") { return ironicNode }
    if type.starts(with: "baremetal.") { return ironic }
    if type.starts(with: "compute.instance.") { return novaInstance }
    guard payload.member("nova_object.data") != nil else { return nil }
    return type.starts(with: "instance.") ? novaInstance : nova
  }
}

extension EventMapping {
  /// The kinds of objects that events name without any configuration.
  package static let knownKinds: [String] = {
    let families = [EventFamily.esiLeap, .ironicNode, .ironic, .novaInstance, .nova]
    return Set(families.flatMap { $0.objects.map(\.kind) }).sorted()
  }()
}

extension Event {
  func withFamily<R>(_ body: (EventFamily?) -> R) -> R {
    body(withType { EventFamily.family(type: $0, payload: payload) })
  }
}
