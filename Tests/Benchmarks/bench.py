#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures onevent beside the programs that bound it; called by scripts/bench, which prepares everything.

Whatever is compared runs in turn (A B B A …), each time on a queue of its own that was filled before, and is timed by
the same stop watch. Processor time is what the kernel counted for the process; memory is what it says while the process
lives. An aim is met or not by the median; whether all are is not the exit status.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

import report
from measuring import Bench, Failure, say
from scenarios import SCENARIOS, check_tools


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "onevent", "programs", "scratch", "message", "control", "broker"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--user", help="the number of the user that onevent runs as; default: this one")
    parser.add_argument("--matching", help="the program of scenario 10")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--only", default=",".join(SCENARIOS))
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--growth")
    result = parser.parse_args()
    result.pairs = result.pairs or (1 if result.quick else 5)
    unknown = [name for name in result.only.split(",") if name not in SCENARIOS]
    if unknown:
        raise Failure(f"there is no scenario {unknown[0]}; there are {', '.join(SCENARIOS)}")
    return result


def measure(bench, names):
    facts = report.machine(bench.onevent)
    samples, rows, failures = {}, [], []
    for name, scenario in SCENARIOS.items():
        if name in names:
            say(" ".join(scenario.__doc__.split()))
            # What the others have measured is shown all the same.
            try:
                samples[name], measured = scenario(bench)
                rows += measured
            except Failure as failure:
                failures.append(f"{name}: {failure}")
    facts["load_at_end"] = os.getloadavg()[0]
    # The stable sort keeps the order within a scenario.
    rows.sort(key=lambda row: (int(row.number.rstrip("b")), row.number))
    return facts, samples, rows, failures


def show(options, facts, samples, rows):
    judges = not options.quick
    if options.json:
        result = {"machine": facts, "quick": options.quick, "pairs": options.pairs}
        json.dump(result | {"rows": [row.json() for row in rows], "samples": samples}, sys.stdout, indent=2)
        print()
        return
    is_markdown = options.markdown
    lines = report.header(facts)
    lines.append(f"{options.pairs} pair(s) of each, in turn; the figures are medians")
    print("\n".join(f"- {line}" if is_markdown else line for line in lines) + "\n")
    print(report.markdown_table(rows, judges) if is_markdown else report.text_table(rows, judges))
    notes = report.notes(rows)
    if notes:
        print("\n" + "\n".join(f"- {note}" if is_markdown else note for note in notes))
    if not judges:
        print("\n--quick: everything ran; the numbers are too small to judge anything by.")


def main():
    options = arguments()
    check_tools()
    bench = Bench(options)
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if options.growth:
            # Here, as matplotlib is installed for the figures only.
            import growth

            growth.measure(bench, Path(options.growth))
        else:
            *measured, failures = measure(bench, options.only.split(","))
            show(options, *measured)
            if failures:
                raise Failure("\n".join(["not everything ran:", *failures]))
    finally:
        bench.end_all()


try:
    main()
except Failure as failure:
    sys.exit(f"bench: {failure}")
except KeyboardInterrupt:
    sys.exit(130)
