# SPDX-License-Identifier: Apache-2.0
"""Lease notifications as oslo.messaging sends them: those of the project's fixture with other identities."""

import json
from dataclasses import dataclass

from trial import ROOT

_FIXTURE = ROOT / "Tests" / "Fixtures" / "notifications" / "esi-leap.lease.fulfill.end.v2.json"


@dataclass(frozen=True)
class Notification:
    # The message_id, or a name of our own for what has none.
    identity: str
    body: bytes


class _Template:
    """The fixture's text with marks where an event differs from the next."""

    def __init__(self):
        outer = json.loads(_FIXTURE.read_text())
        message = json.loads(outer["oslo.message"])
        data = message["payload"]["esi_leap_object.data"]
        message["message_id"], message["_unique_id"], message["event_type"] = "@MESSAGE@", "@UNIQUE@", "@TYPE@"
        data["node_uuid"], data["uuid"] = "@NODE@", "@LEASE@"
        outer["oslo.message"] = json.dumps(message)
        self.text = json.dumps(outer)


_template = None


def identity(number, series=0):
    """A message_id, the same for the same two numbers."""
    return f"{series:08x}-0000-4000-8000-{number:012x}"


def lease(number, kind, node="node-0", series=0):
    """A notification of a type whose identity is made from two numbers."""
    global _template
    if _template is None:
        _template = _Template()
    name = identity(number, series)
    text = (
        _template.text.replace("@MESSAGE@", name)
        .replace("@UNIQUE@", f"{series:08x}{number:024x}")
        .replace("@TYPE@", kind)
        .replace("@NODE@", node)
        .replace("@LEASE@", f"lease-{series}-{number}")
    )
    return Notification(name, text.encode())


def garbage(number):
    """What nobody can decode, though it says that it is from oslo.messaging."""
    return Notification(f"garbage-{number}", b'{"oslo.version": "2.0", "oslo.message": "{\\"event_type\\": %d"' % number)
