# SPDX-License-Identifier: Apache-2.0
"""A script that prints more than anybody wants: what it does to the daemon's memory, log, journal and other runs."""

import json
import sqlite3
import time

import trial
from broker import Broker, Publisher
from daemon import CONSUMED, Daemon, journal_keys
from notification import lease
from trial import Failure, megabytes, wait_until

FLOOD = "esi_leap.lease.fulfill.end"
OTHER = "esi_leap.lease.fulfill.start"
LIMIT = 64 << 10  # output_limit: kept of each stream


class Trial:
    def __init__(self, place, lines, width):
        self.directory = place.scratch / "flood"
        self.directory.mkdir()
        self.lines, self.width = lines, width
        self.rows = []
        self.is_good = True
        self.broker = Broker(place.scratch / "broker").start()
        self.publisher = Publisher(self.broker, "flood").connect()
        self.script("other.sh", "exit 0\n")
        self.script(
            "flood.sh",
            f"line=$(printf '%0{width - 1}d' 0)\n"
            f'flood() {{ echo "begin $1"; yes "$line" | head -n {lines}; echo "end $1"; }}\n'
            "flood stdout &\nflood stderr >&2 &\nwait\n",
        )
        configuration = self.directory / "onevent.conf"
        configuration.write_text(
            f"[DEFAULT]\nurl = {self.broker.url}\nqueues = flood\ntimeout = 1d\norder_by = none\n\n"
            f"{journal_keys(self.directory)}\n[log]\nformat = json\n\n"
            f"[flood]\nevents = {FLOOD}\nscript = ./flood.sh\n\n[other]\nevents = {OTHER}\nscript = ./other.sh\n"
        )
        self.daemon = Daemon(place.onevent, configuration, self.directory / "onevent.log")

    def script(self, name, text):
        path = self.directory / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def judge(self, what, value, good, aim, unit=""):
        self.is_good = self.is_good and good
        self.rows.append([what, f"{value:.2f}" if isinstance(value, float) else str(value), aim, unit, "" if good else "MISSED"])

    def at_most(self, what, value, limit, unit):
        self.judge(what, float(value), value <= limit, f"<= {limit}", unit)

    def states(self):
        status, text = self.daemon.ask("runs", "--json", limit=30)
        if status not in (0, 1):
            raise Failure(f"onevent runs ended with {status}: {text}")
        return {row["run"]: row["state"] for row in map(json.loads, text.splitlines())}

    def hold(self):
        self.daemon.start()
        self.daemon.wait_for(CONSUMED)
        # One run of each first, so that nothing of what follows is the first of its kind.
        self.publisher.publish([lease(0, OTHER)])
        wait_until(lambda: self.states().get(1) == "succeeded", 30, 0.1)
        idle = megabytes(self.daemon.pid, "VmHWM")
        began = time.monotonic()
        self.publisher.publish([lease(1, FLOOD)])
        wait_until(lambda: self.states().get(2) == "running", 30, 0.05)
        asked = time.monotonic()
        self.publisher.publish([lease(2, OTHER)])
        if not wait_until(lambda: self.states().get(3) == "succeeded", 60, 0.05):
            raise Failure("another run did not end within a minute")
        self.at_most("another run beside it has ended after", time.monotonic() - asked, 2, "s")
        if not wait_until(lambda: self.states().get(2) != "running", 3600, 0.5):
            raise Failure("the flood did not end within an hour")
        took = time.monotonic() - began
        self.judge("the flood's run", self.states()[2], self.states()[2] == "succeeded", "succeeded")
        self.rows.append(["time of the flood", f"{took:.2f}", "", "s", ""])
        self.at_most("memory at its peak, more than before it", megabytes(self.daemon.pid, "VmHWM") - idle, 32, "MB")
        if self.daemon.stop() != 0:
            raise Failure(f"the daemon did not stop well:\n{self.daemon.tail()}")
        self.look_at_log()
        self.look_at_journal()

    def look_at_log(self):
        text = self.daemon.words()
        self.at_most("the log", len(text) / (1 << 20), 16, "MB")
        rows, torn = [], 0
        for line in text.splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                torn += 1
        self.at_most("torn lines in it", torn, 0, "")
        mine = [row for row in rows if row.get("action") == "flood"]
        printed = sum(row["message"] == "script output" for row in mine)
        left_out = sum(int(row["lines"]) for row in mine if row["message"] == "script output was left out of the log")
        whole = 2 * (self.lines + 2)
        self.judge("lines printed, in the log or told as left out", printed + left_out, printed + left_out == whole, f"= {whole}")
        self.rows.append(["of them left out", str(left_out), "", "", ""])

    def look_at_journal(self):
        journal = sqlite3.connect(f"file:{self.directory}/journal.sqlite?mode=ro", uri=True)
        for number, stream in ((1, "stdout"), (2, "stderr")):
            head, tail, dropped = journal.execute(
                "SELECT head, tail, dropped FROM outputs WHERE run = 2 AND stream = ?", (number,)
            ).fetchone()
            begins = head.startswith(f"begin {stream}\n".encode())
            ends = tail.endswith(f"end {stream}\n".encode())
            whole = self.lines * self.width + len(f"begin {stream}\nend {stream}\n")
            self.judge(f"{stream}: head begins and tail ends as printed", str(begins and ends), begins and ends, "True")
            kept = len(head) + len(tail)
            self.judge(f"{stream}: bytes kept and dropped", kept + dropped, kept + dropped == whole, f"= {whole}")
            self.at_most(f"{stream}: bytes kept", kept, LIMIT, "")

    def end(self):
        self.daemon.end()
        self.publisher.close()
        self.broker.stop()


def main():
    parser = trial.parser(__doc__)
    parser.add_argument("--bytes", type=int, default=1 << 30)
    parser.add_argument("--line", type=int, default=100)
    arguments = parser.parse_args()
    held = Trial(trial.place(arguments), arguments.bytes // 2 // arguments.line, arguments.line)
    try:
        held.hold()
    finally:
        held.end()
    trial.table(["", "seen", "aim", "unit", ""], held.rows)
    return 0 if held.is_good else 1


if __name__ == "__main__":
    trial.conduct(main)
