// SPDX-License-Identifier: Apache-2.0

extension EventGroups {
  /// The groups that come with onevent: names of ESI Leap, Ironic and Nova, and its own.
  ///
  /// A configured group of the same name takes the place of one of them. The first that fits counts: what failed is
  /// told apart before what it was about. Sources: `esi_leap/objects/lease.py`; Ironic,
  /// `doc/source/admin/notifications.rst`; Nova, `doc/notification_samples`.
  package static let shipped: [EventGroup] = [
    group(
      "failure", .critical,
      "esi_leap.#.error", "baremetal.#.error", "instance.#.error", "compute.instance.#.error", "compute.exception",
      "compute.libvirt.error"),
    group("lease", .warning, "esi_leap.lease.#"),
    group(
      "power", .warning,
      "baremetal.node.power_set.#", "baremetal.node.power_state_corrected.#",
      "instance.power_on.#", "instance.power_off.#", "instance.reboot.#", "instance.shutdown.#", "instance.suspend.#",
      "instance.resume.#", "instance.pause.#", "instance.unpause.#",
      "compute.instance.power_on.#", "compute.instance.power_off.#", "compute.instance.reboot.#",
      "compute.instance.shutdown.#", "compute.instance.suspend.#", "compute.instance.resume.#",
      "compute.instance.pause.#", "compute.instance.unpause.#"),
    group(
      "provisioning", .warning,
      "baremetal.node.provision_set.#",
      "instance.create.#", "instance.delete.#", "instance.rebuild.#", "instance.resize.#",
      "instance.rescue.#", "instance.unrescue.#", "instance.shelve.#", "instance.unshelve.#", "instance.restore.#",
      "instance.soft_delete.#", "instance.evacuate.#", "instance.live_migration_post.#",
      "compute.instance.create.#", "compute.instance.delete.#", "compute.instance.rebuild.#",
      "compute.instance.resize.#", "compute.instance.finish_resize.#", "compute.instance.rescue.#",
      "compute.instance.unrescue.#", "compute.instance.shelve.#", "compute.instance.unshelve.#",
      "compute.instance.restore.#", "compute.instance.soft_delete.#", "compute.instance.evacuate.#"),
    group("maintenance", .warning, "baremetal.node.maintenance_set.#"),
    group("console", .detail, "baremetal.node.console_set.#", "baremetal.node.console_restore.#"),
    group(
      "inventory", .detail,
      "baremetal.#", "aggregate.#", "flavor.#", "keypair.#", "service.#", "server_group.#", "volume.usage",
      "instance.#", "compute.#"),
    group(
      "onevent-trouble", .critical,
      OwnEventType.runFailed.rawValue, OwnEventType.runRefused.rawValue, OwnEventType.runHeld.rawValue,
      OwnEventType.sourceLost.rawValue, OwnEventType.reloadFailed.rawValue, OwnEventType.journalRecovered.rawValue),
    group("onevent", .detail, "onevent.#"),
  ]

  private static func group(_ name: String, _ level: EventGroup.Level, _ patterns: String...) -> EventGroup {
    var group = EventGroup(name: name, level: level, patterns: patterns.map { EventPattern($0) })
    group.isShipped = true
    return group
  }
}
