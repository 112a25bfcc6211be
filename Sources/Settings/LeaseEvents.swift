// SPDX-License-Identifier: Apache-2.0

/// What is known of the notifications that ESI Leap sends about leases.
///
/// Source: esi-leap b0a4eb1 (2025-11), `esi_leap/objects/lease.py`, `notification/lease.py` and
/// `common/notification_utils.py`.
enum LeaseEvents {
  static let prefix = "esi_leap.lease."

  /// Every type that is sent; there is none for expiry, which is a `delete`.
  static let types: [String] = ["fulfill", "delete"].flatMap { action in
    ["start", "end", "error"].map { "\(prefix)\(action).\($0)" }
  }

  /// The topic of the notifications; queues are named `topic.priority`.
  static let topic = "esi_leap_versioned_notifications"

  /// The fields of the payload, `LeaseCRUDPayload` 1.0, and the two that its base class may add.
  static let fields: [String] = [
    "id", "uuid", "name", "purpose", "project_id", "owner_id", "resource_type", "resource_uuid", "start_time",
    "end_time", "fulfill_time", "expire_time", "status", "properties", "offer_uuid", "parent_lease_uuid", "node_name",
    "node_uuid", "node_provision_state", "node_power_state", "node_properties", "created_at", "updated_at",
  ]

  /// The fields that hold maps with keys of their own.
  static let maps: Set<String> = ["properties", "node_properties"]

  /// Keys that Ironic keeps of the hardware, found in `node_properties`.
  static let hardware: Set<String> = ["vendor", "cpu_arch", "cpus", "memory_mb", "local_gb"]

  /// Every status that a lease can have.
  static let statuses: [String] = [
    "active", "created", "deleted", "error", "expired", "wait cancel", "wait expire", "wait fulfill",
  ]

  /// The statuses that a lease can have in an event: those from before the change that the event tells of.
  static func statuses(in type: String) -> [String] {
    type.hasPrefix("\(prefix)fulfill.")
      ? ["created", "wait fulfill"] : ["active", "created", "error", "wait cancel", "wait expire", "wait fulfill"]
  }

  /// Whether a field is null in every event of a type.
  static func isAlwaysNull(_ field: String, in type: String) -> Bool {
    switch field {
    case "expire_time": true
    case "fulfill_time": type.hasPrefix("\(prefix)fulfill.")
    default: false
    }
  }

  /// Fields whose values are known well enough to say that a condition on them never holds.
  static let predictable: Set<String> = ["status", "fulfill_time", "expire_time"]

  /// Plain bodies, one for each status that an event of a type can have, with a value in every other field.
  ///
  /// They hold what is predictable, so that a condition on these fields can be tried out with the code that
  /// decides at run time.
  static func samples(of type: String) -> [String] {
    let fulfilled = isAlwaysNull("fulfill_time", in: type) ? "null" : #""2026-01-01T00:00:31Z""#
    return statuses(in: type).map { status in
      #"{"status":"\#(status)","fulfill_time":\#(fulfilled),"expire_time":null}"#
    }
  }
}
