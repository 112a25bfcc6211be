// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A lease notification made for a test, in format 2.0, with an identity of its own.
func leaseBody(
  _ type: String = "esi_leap.lease.fulfill.end", node: String = "node-1", purpose: Any = "test", id: String? = nil,
  time: String = "2026-11-20 22:14:12.021435"
) throws -> [UInt8] {
  let message: [String: Any] = [
    "message_id": id ?? UUID().uuidString, "publisher_id": "esi-leap-manager.test", "event_type": type,
    "priority": "INFO", "timestamp": time,
    "payload": [
      "esi_leap_object.name": "LeaseCRUDPayload", "esi_leap_object.version": "1.0",
      "esi_leap_object.data": [
        "uuid": UUID().uuidString, "node_uuid": node, "node_name": node, "purpose": purpose, "fulfill_time": NSNull(),
        "properties": ["vendor": "foo"],
      ],
    ],
  ]
  let inner = try JSONSerialization.data(withJSONObject: message)
  let envelope = ["oslo.version": "2.0", "oslo.message": String(decoding: inner, as: UTF8.self)]
  return [UInt8](try JSONSerialization.data(withJSONObject: envelope))
}
