# SPDX-License-Identifier: Apache-2.0
"""What every trial begins with: where things are, how it speaks, how it ends."""

import argparse
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Failure(Exception):
    """A sentence for whoever started the trial: it could not be held, which is not its verdict."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def wait_until(condition, limit, pause=0.01):
    """The first true value of a condition, or None when there was none within `limit` seconds."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            return None
        time.sleep(pause)


@dataclass
class Place:
    """Where a trial finds what it needs; Tests/Trials/begin prepares it."""

    onevent: Path
    witness: Path
    scratch: Path
    # Where evidence of a violation is kept after the trial has ended.
    evidence: Path

    def keep(self, directory, name):
        """Copies a directory of the scratch to where it outlives the trial, and says where."""
        kept = self.evidence / name
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(directory, kept, symlinks=True, ignore=shutil.ignore_patterns("*.sock"))
        return kept


def parser(description):
    """A parser of arguments that knows what `begin` passes to every trial."""
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("onevent", "witness", "scratch", "evidence"):
        result.add_argument(f"--{name}", required=True, type=Path, help=argparse.SUPPRESS)
    return result


def place(arguments):
    return Place(arguments.onevent.resolve(), arguments.witness, arguments.scratch, arguments.evidence)


def conduct(main):
    """Runs a trial: 0 = held and passed, 1 = violated, 2 = could not be held."""
    # A signal runs the `finally` blocks, which end what was started.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    name = Path(sys.argv[0]).stem.replace("_", "-")
    try:
        status = main()
    except Failure as failure:
        say(f"{name}: {failure}")
        status = 2
    except KeyboardInterrupt:
        status = 130
    sys.stdout.flush()
    sys.exit(status)


def table(heads, rows):
    """Prints a table: the first columns of text to the left, all numbers to the right."""
    cells = [[str(cell) for cell in row] for row in [heads, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    is_number = [all(isinstance(row[column], (int, float)) for row in rows) for column in range(len(heads))]
    for row in cells:
        print(
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(row, widths, is_number)
            ).rstrip()
        )


def megabytes(pid, field="VmRSS"):
    """Memory of a process in MB as the kernel says it, or None when it has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


def environment(more=()):
    """A small environment of our own: nothing of the caller's may change what is judged."""
    result = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}
    # A crash is what it is, and at once; printing a backtrace of it may hang.
    result["SWIFT_BACKTRACE"] = "enable=no"
    # Trials run as root, where they may.
    result["ONEVENT_SCRIPTS__ALLOW_ROOT"] = "yes"
    result.update(more)
    return result
