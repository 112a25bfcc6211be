# SPDX-License-Identifier: Apache-2.0
"""How cost grows with the size of an event, the number of actions, and the number of runs that are pending.

Each series becomes a CSV file with a comment that says where it comes from, and a figure drawn from that file alone.
"""

import csv
import io
import json
import os
import shutil
import statistics
from pathlib import Path

import figures
import report
from measuring import say
from scenarios import consumer, many_actions, ten_actions, unmatched_daemon, with_pending

COLUMNS = ("program", "at", "rate", "cpu_us", "rss_mb")


def median_of(samples, at, program):
    """A point of a series. CPU is that of the second half: what a start costs is no cost of an event."""
    return {
        "program": program,
        "at": at,
        "rate": round(statistics.median(sample["rate"] for sample in samples)),
        "cpu_us": round(statistics.median(sample["cpu_second_half_us"] or sample["cpu_us"] for sample in samples), 2),
        "rss_mb": round(statistics.median(sample["rss_mb"] for sample in samples), 1),
    }


def resized(message, size):
    """The notification with a body of exactly so many bytes: context and node properties left out, or members added to
    the properties of the lease."""
    outer = json.loads(message)
    inner = json.loads(outer["oslo.message"])
    lease = inner["payload"]["esi_leap_object.data"]

    def body():
        return json.dumps({**outer, "oslo.message": json.dumps(inner)}).encode()

    if len(body()) > size:
        for name in [name for name in inner if name.startswith("_context_")]:
            del inner[name]
        for name in (
            "node_properties", "node_provision_state", "node_power_state", "offer_uuid", "parent_lease_uuid", "fulfill_time",
            "expire_time", "status",
        ):  # fmt: skip
            del lease[name]
    # Members as properties have them, of 100 bytes each with the backslashes of their quotes.
    for number in range((size - len(body())) // 100):
        lease["properties"][f"note-{number:06}"] = "some text, as tenants write it into properties".ljust(74)
    lease["name"] += "x" * (size - len(body()))
    return body()


def body_series(bench, repeats):
    """Events that match nothing, by the size of their bodies."""
    original = Path(bench.message).read_text()
    actions = ten_actions(bench.bin / "read-input")
    points = []
    for size in (1_024, 4_096) if bench.quick else (1 << exponent for exponent in range(10, 21, 2)):
        message = bench.scratch / f"body-{size}.json"
        message.write_bytes(resized(original, size))
        # At most 600 MB of them.
        count = 2_000 if bench.quick else min(100_000, (600 << 20) // size)
        sides = {"onevent": unmatched_daemon(bench, actions), "C consumer": consumer(bench, count)}
        samples = {name: [] for name in sides}
        for _ in range(repeats):
            for name, program in sides.items():
                samples[name].append(bench.drain(program, count, message))
        points += [median_of(samples[name], size, name) for name in sides]
    return points


def actions_series(bench, repeats):
    """Events that match nothing, by the number of actions, of which at most ten name the events' type."""
    points = []
    for number in (1, 100) if bench.quick else (10**exponent for exponent in range(6)):
        say(f"  {number} actions")
        actions = many_actions(bench.bin / "read-input", number)
        daemon = unmatched_daemon(bench, actions)
        samples = [bench.drain(daemon, 2_000 if bench.quick else 100_000) for _ in range(repeats)]
        points.append(median_of(samples, number, "onevent"))
    return points


def pending_series(bench, repeats):
    """Events accepted with a run each that must not start yet, by the number of runs that were pending before."""
    count = 1_000 if bench.quick else 20_000
    points = []
    for pending in (0, 1_000) if bench.quick else (0, 1_000, 10_000, 100_000, 1_000_000):
        say(f"  {pending} pending")
        made = bench.state / "made.sqlite"
        # One event more than none makes a journal in which everything is suspended.
        with_pending(bench, made, max(1, pending))
        samples = []
        for _ in range(repeats):
            # Each sample begins with the same number, but where it adds next to nothing: gigabytes are not copied.
            used = made if pending >= 50 * count else copied(made)
            samples.append(with_pending(bench, used, count))
        for left in bench.state.glob("*.sqlite*"):
            left.unlink()
        points.append(median_of(samples, pending, "onevent"))
    return points


def copied(journal):
    """A copy of a journal with its companions, the owner's too."""
    for part in journal.parent.glob(f"{journal.name}*"):
        copy = part.with_name(part.name.replace("made", "used"))
        shutil.copyfile(part, copy)
        os.chown(copy, part.stat().st_uid, part.stat().st_gid)
    return journal.with_name(journal.name.replace("made", "used"))


SERIES = {"growth-body": body_series, "growth-actions": actions_series, "growth-pending": pending_series}


def measure(bench, directory):
    directory.mkdir(parents=True, exist_ok=True)
    facts = report.machine(bench.onevent)
    programs = ("onevent", "RabbitMQ", "librabbitmq", "SQLite")
    versions = ", ".join(f"{name} {facts['versions'][name]}" for name in programs)
    repeats = min(3, bench.pairs)
    for name, series in SERIES.items():
        say(series.__doc__)
        points = series(bench, repeats)
        text = io.StringIO()
        times = "Measured once" if repeats == 1 else f"Medians of {repeats}"
        text.write(f"# {series.__doc__} {times}. Made by: scripts/bench --growth docs\n")
        text.write(f"# {facts['date']}; {facts['cores']} x {facts['processor']}; {facts['system']}; {versions}\n")
        table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(points)
        (directory / f"{name}.csv").write_text(text.getvalue())
    figures.draw(directory)
