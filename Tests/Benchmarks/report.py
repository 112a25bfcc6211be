# SPDX-License-Identifier: Apache-2.0
"""The table: rows of medians with the aim of each and whether it was met, for people, for Markdown, for machines."""

import os
import platform
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Aim:
    """A bound on the ratio of a row, or where there is nothing beside it on its value, or on a difference."""

    at_least: float = None
    at_most: float = None
    of: str = "ratio"

    def holds(self, value):
        return value >= self.at_least if self.at_most is None else value <= self.at_most

    def text(self, unit):
        bound = f">= {self.at_least:g}" if self.at_most is None else f"<= {self.at_most:g}"
        return {"ratio": bound, "value": f"{bound} {unit}", "difference": f"{bound} {unit} more"}[self.of]


@dataclass
class Row:
    number: str
    what: str
    other_name: str
    unit: str
    ours: list
    other: list = field(default_factory=list)
    aim: Aim = None
    digits: int = 0
    # Of ours and the other: CPU of the process itself and of what it started, in microseconds an event; memory in MB.
    cpu: list = field(default_factory=lambda: [(None, None), (None, None)])
    rss: list = field(default_factory=lambda: [None, None])
    note: str = ""
    # For a reason that is no number.
    fails: bool = False

    def __post_init__(self):
        if self.aim and not self.other_name:
            self.aim.of = "value"

    @property
    def ratios(self):
        return [ours / other for ours, other in zip(self.ours, self.other) if other]

    @property
    def met(self):
        """None where there is no aim, or nothing was measured."""
        if self.aim is None or not self.ours:
            return None
        values = {
            "ratio": self.ratios,
            "value": self.ours,
            "difference": [ours - other for ours, other in zip(self.ours, self.other)],
        }[self.aim.of]
        return self.aim.holds(statistics.median(values)) and not self.fails

    def cells(self, judges):
        """What the table shows."""
        verdict = {None: "", True: "met", False: "not met"}[self.met] if judges else ""
        if not self.ours:
            verdict = "not measured"
        return [
            self.number,
            self.what,
            self.other_name,
            self.unit,
            number(middle(self.ours), self.digits),
            number(middle(self.other), self.digits),
            spread(self.ratios),
            used(*self.cpu[0]),
            used(*self.cpu[1]),
            number(self.rss[0], 1),
            number(self.rss[1], 1),
            self.aim.text(self.unit) if self.aim else "",
            verdict,
        ]

    def json(self):
        return {
            "scenario": self.number, "what": self.what, "against": self.other_name, "unit": self.unit,
            "ours": middle(self.ours), "other": middle(self.other),
            "ratio": [statistics.median(self.ratios), min(self.ratios), max(self.ratios)] if self.ratios else None,
            "cpu_us": self.cpu, "rss_mb": self.rss,
            "aim": self.aim.text(self.unit) if self.aim else None, "met": self.met, "note": self.note,
        }  # fmt: skip


HEADS = [
    "#", "what", "beside", "unit", "ours", "other", "ratio (min .. max)",
    "CPU µs ours", "other", "RSS MB ours", "other", "aim", "",
]  # fmt: skip
LEFT = (0, 1, 2, 3, 6, 11, 12)


def middle(values):
    return statistics.median(values) if values else None


def number(value, digits):
    return "" if value is None else f"{value:,.{digits}f}".replace(",", " ")


def spread(values):
    if not values:
        return ""
    shown = f"{statistics.median(values):.2f}"
    return shown if len(values) == 1 else f"{shown} ({min(values):.2f} .. {max(values):.2f})"


def used(own, children):
    """Of the process, and of what it started where it started something."""
    if own is None:
        return ""
    return f"{own:.1f}" + (f" + {children:.0f}" if children and children >= 1 else "")


def text_table(rows, judges):
    table = [HEADS, *(row.cells(judges) for row in rows)]
    widths = [max(len(row[index]) for row in table) for index in range(len(HEADS))]
    lines = [
        "  ".join(
            cell.ljust(width) if index in LEFT else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in table
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def markdown_table(rows, judges):
    marks = ["---" if index in LEFT else "---:" for index in range(len(HEADS))]
    table = [HEADS, marks, *(row.cells(judges) for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('<=', '≤').replace('>=', '≥') for cell in row)} |" for row in table)


def notes(rows):
    return [
        f"{row.number}, {row.what}{row.other_name and f', beside {row.other_name}'}: {row.note}"
        for row in rows
        if row.note
    ]


# The machine.

PACKAGES = {
    "RabbitMQ": "rabbitmq-server", "Erlang": "erlang-base", "librabbitmq": "librabbitmq4", "amqp-consume": "amqp-tools",
    "SQLite": "libsqlite3-0", "simdjson": "libsimdjson14", "pika": "python3-pika",
}  # fmt: skip


def package_version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f=${Version}\n", package], capture_output=True, text=True)
    return done.stdout.split("\n")[0] or "unknown"


def machine(onevent):
    """What the numbers depend on."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "unknown system")
    said = subprocess.run([*onevent, "--version"], capture_output=True, text=True).stdout.split()
    versions = {"onevent": said[-1] if said else "unknown"}
    versions |= {name: package_version(package) for name, package in PACKAGES.items()}
    return {
        "date": time.strftime("%Y-%m-%d %H:%M %Z"),
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory.split()[1]) * 1024 / 1e9, 1),
        "system": f"{system}, kernel {os.uname().release}",
        "versions": versions | {"Python": platform.python_version()},
        "load_at_start": os.getloadavg()[0],
    }


def header(facts):
    return [
        f"{facts['date']}; {facts['cores']} x {facts['processor']}, {facts['memory_gb']:g} GB; {facts['system']}",
        ", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
        f"load average {facts['load_at_start']:.2f} at the start, {facts['load_at_end']:.2f} at the end, "
        "the benchmark's own included",
    ]
