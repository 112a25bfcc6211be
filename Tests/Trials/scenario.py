# SPDX-License-Identifier: Apache-2.0
"""The fixed scenario of the crash sweep: 50 events, a dozen of them published twice, and six kinds of actions."""

import random
from pathlib import Path

import notification
from daemon import journal_keys
from oracle import Expectation, Work

NODES = 5
# Events by type.
KINDS = {
    "esi_leap.lease.fulfill.end": 23, "esi_leap.lease.fulfill.start": 10, "esi_leap.lease.delete.end": 3,
    "esi_leap.lease.delete.error": 5, "esi_leap.lease.delete.start": 5, "esi_leap.lease.fulfill.error": 4,
}  # fmt: skip
DUPLICATES = 12
UNDECODABLE = 1
RETRIES = 3

# Action to what it takes and what becomes of it. `ordered` takes everything, in the order of its node.
WORK = {
    "ordered": ("esi_leap.lease.#", Work(retries=RETRIES)),
    "plain": ("esi_leap.lease.fulfill.end", Work(retries=RETRIES)),
    "slow": ("esi_leap.lease.delete.end", Work(retries=RETRIES)),
    "failing": ("esi_leap.lease.delete.error", Work("failed", retries=RETRIES)),
    # One more than it needs, so that an injected error does not make it fail for good.
    "retried": ("esi_leap.lease.delete.start", Work(failures=2, retries=RETRIES + 3)),
    "exhausted": ("esi_leap.lease.fulfill.error", Work("failed", failures=1, retries=1)),
}
EVENTS = sum(KINDS.values())
assert EVENTS == 50


def _takes(pattern, kind):
    return pattern in ("esi_leap.lease.#", kind)


def _events():
    """Number, kind and node of each event, always in the same mixed order; neighbours share a node, so order shows."""
    kinds = [kind for kind, count in KINDS.items() for _ in range(count)]
    random.Random(3).shuffle(kinds)
    return [(number, kind, f"node-{number // 3 % NODES}") for number, kind in enumerate(kinds)]


def messages(series=0):
    """What is published, in this order: duplicates soon after and long after the first, and a body that is none."""
    first = [notification.lease(number, kind, node, series) for number, kind, node in _events()]
    result = list(first)
    mixed = random.Random(4)
    for number in mixed.sample(range(EVENTS), DUPLICATES):
        copy = first[number]
        earliest = result.index(copy) + 1
        result.insert(mixed.choice((earliest, mixed.randint(earliest, len(result)))), copy)
    result.insert(len(result) // 2, notification.garbage(series))
    # What no action takes.
    result.insert(len(result) // 3, notification.lease(EVENTS, "esi_leap.offer.create.end", "node-0", series))
    return result


def expectation(series=0):
    runs = {}
    for number, kind, _ in _events():
        runs[notification.identity(number, series)] = {
            action: work for action, (pattern, work) in WORK.items() if _takes(pattern, kind)
        }
    return Expectation(runs, UNDECODABLE)


def write_configuration(directory: Path, url, queue, witness):
    """The configuration, with everything that it names in `directory`."""
    log = directory / "witness"
    slow = directory / "slow.sh"
    # The work is done by a child of what the daemon starts: ending an attempt has to reach it.
    slow.write_text(f'#!/bin/sh\n"{witness}" "{log}" 400 0\nexit $?\n')
    slow.chmod(0o755)

    def section(name, script, more=""):
        return f"[{name}]\nevents = {WORK[name][0]}\nscript = {script}\n{more}\n"

    alone = "order_by = none\n"
    text = (
        f"[DEFAULT]\nurl = {url}\nqueues = {queue}\nsettle = journal\nprefetch = 20\n\n"
        f"[scripts]\nmax_concurrent = 4\nretries = {RETRIES}\nretry_delay = 20ms\n\n[log]\nformat = json\nlevel = info\n\n{journal_keys(directory)}\n"
        + section("ordered", f"{witness} {log} 10 0")
        + section("plain", f"{witness} {log} 0 0", alone)
        + section("slow", slow, alone)
        + section("failing", f"{witness} {log} 0 3", alone)
        + section("retried", f"{witness} {log} 0 75 2", alone + f"retries = {RETRIES + 3}\n")
        + section("exhausted", f"{witness} {log} 0 75", alone + "retries = 1\n")
    )
    path = directory / "onevent.conf"
    path.write_text(text)
    return path


def is_done(testimonies, expected):
    """Whether the scripts have done all there was to do, as far as they themselves can tell.

    Only the journal knows for certain: an attempt that was cut off after its last words is made again, and one that an
    injected error kept from starting has said nothing.
    """
    succeeded = {(said.event, said.action) for said in testimonies if said.what == "end" and said.status == 0}
    failures = {}
    for said in testimonies:
        if said.what == "end" and said.status != 0:
            failures.setdefault((said.event, said.action), set()).add(said.attempt)
    for identity, actions in expected.runs.items():
        for action, work in actions.items():
            if work.state == "succeeded":
                if (identity, action) not in succeeded:
                    return False
            elif len(failures.get((identity, action), ())) < max(1, work.failures):
                return False
    return True
