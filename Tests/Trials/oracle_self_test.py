#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the judge of the trials sees what it is there for.

Makes up a journal with the tables of Sources/Journal/Schema.swift and what its scripts would have written, which the
judge must find good; then plants one violation after the other, each of which it must find, and name rightly.
"""

import re
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from journal_copy import JournalCopy, Unreadable
from notification import identity
from oracle import Disturbance, Expectation, Work, judge
from trial import ROOT
from witness_log import WitnessLog

EVENTS = 6
WORK = {"plain": Work(), "tried": Work(failures=1, retries=2), "broken": Work("failed")}
EXPECTATION = Expectation({identity(number): WORK for number in range(EVENTS)}, undecodable=1)
# One interruption, of the first event's plain run.
DISTURBANCE = Disturbance(interruptions=1)


def migrations():
    """The SQL of the schema, as the daemon executes it."""
    text = (ROOT / "Sources" / "Journal" / "Schema.swift").read_text()
    return re.findall(r'"""\n(.*?)"""', text, re.DOTALL)


class MadeUp:
    """A journal and a witness log in a directory, of a scenario that went well."""

    def __init__(self, directory):
        self.directory = directory
        self.connection = sqlite3.connect(directory / "journal.sqlite")
        for migration in migrations():
            self.connection.executescript(migration)
        self.lines = []
        self.clock = 1000
        self.run = 0
        self.execute("INSERT INTO types (id, name) VALUES (1, 'esi_leap.lease.fulfill.end')")
        for number, action in enumerate(WORK, 1):
            self.execute("INSERT INTO actions (id, name) VALUES (?, ?)", number, action)
        for number in range(EVENTS):
            self.add_event(number)
        self.execute(
            "INSERT INTO events (number, source, type, received, objects, result, settle, size)"
            " VALUES (100, 1, 1, 1, '{}', 'undecodable', 'journal', 9)"
        )

    def execute(self, statement, *values):
        return self.connection.execute(statement, values)

    def add_event(self, number):
        self.execute(
            "INSERT INTO events (number, source, type, id, received, objects, result, settle, size)"
            " VALUES (?, 1, 1, ?, 1, '{}', 'matched', 'journal', 9)", number + 1, identity(number),
        )  # fmt: skip
        for action, work in enumerate(WORK.values(), 1):
            cut_off = number == 0 and action == 1
            last = 0 if work.state == "succeeded" else 3
            outcomes = [None] * cut_off + [75] * work.failures + [last]
            self.add_run(number + 1, identity(number), action, work.state, outcomes)

    def add_run(self, event, event_id, action, state, outcomes):
        """A run with an attempt for each outcome: an exit status, or None where it was cut off."""
        self.run += 1
        name = self.run.to_bytes(16, "big")
        self.execute(
            "INSERT INTO runs (number, id, event, action, lane, place, state, queued, head, attempts, change, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, 1)",
            self.run, name, event, action, 7 if action == 1 else None, self.run, state, len(outcomes), self.run,
        )  # fmt: skip
        for attempt, code in enumerate(outcomes, 1):
            self.add_attempt(self.run, attempt, code)
            self.testify("start", name.hex(), attempt, action, event_id)
            if code is not None:
                self.testify("end", name.hex(), attempt, action, event_id)

    def add_attempt(self, run, attempt, code):
        outcome = "interrupted" if code is None else f"exited {code}"
        self.execute(
            "INSERT INTO attempts (run, attempt, started, ended, outcome, code, program, arguments, directory,"
            " revision, boot) VALUES (?, ?, 1, 2, ?, ?, '/witness', x'00', '/', '1', 'b')", run, attempt, outcome, code,
        )  # fmt: skip

    def testify(self, what, run, attempt, action=1, event="-"):
        self.clock += 1
        name = list(WORK)[action - 1]
        self.lines.append(f"{what}\t{self.clock}\t{name}\t{run}\t{attempt}\t{event}\t0\t-\n")

    def verdict(self, disturbance=DISTURBANCE):
        self.connection.commit()
        (self.directory / "log").write_text("".join(self.lines))
        journal = JournalCopy(self.directory / "journal.sqlite", self.directory / "copy")
        return judge(EXPECTATION, journal, WitnessLog(self.directory).read(), disturbance)


def name_of(run):
    return run.to_bytes(16, "big").hex()


def plain_run(made, event):
    (run,) = made.execute("SELECT number FROM runs WHERE event = ? AND action = 1", event).fetchone()
    return run


# Each plants one violation; the name of its kind is what the judge must say.


def lost_event(made):
    made.execute("DELETE FROM events WHERE number = 3")
    made.execute("DELETE FROM attempts WHERE run IN (SELECT number FROM runs WHERE event = 3)")
    names = [row[0] for row in made.execute("SELECT lower(hex(id)) FROM runs WHERE event = 3")]
    made.execute("DELETE FROM runs WHERE event = 3")
    made.lines = [line for line in made.lines if not any(name in line for name in names)]


def lost_run(made):
    run = plain_run(made, 4)
    made.execute("DELETE FROM runs WHERE number = ?", run)
    made.execute("DELETE FROM attempts WHERE run = ?", run)
    made.lines = [line for line in made.lines if name_of(run) not in line]


def run_without_an_end(made):
    made.execute("UPDATE runs SET state = 'pending' WHERE number = ?", plain_run(made, 4))


def run_with_the_wrong_end(made):
    made.execute("UPDATE runs SET state = 'failed' WHERE number = ?", plain_run(made, 4))


def lost_undecodable(made):
    made.execute("DELETE FROM events WHERE result = 'undecodable'")


def doubled_event(made):
    made.execute(
        "INSERT INTO events (number, source, type, id, received, objects, result, settle, size)"
        " VALUES (50, 1, 1, ?, 1, '{}', 'matched', 'journal', 9)", identity(2),
    )  # fmt: skip


def doubled_run(made):
    made.add_run(2, identity(1), 1, "succeeded", [0])


def doubled_success(made):
    run = plain_run(made, 2)
    made.add_attempt(run, 2, 0)
    made.testify("start", name_of(run), 2)


def unknown_run(made):
    made.add_run(77, "-", 1, "succeeded", [0])


def unknown_event(made):
    made.execute(
        "INSERT INTO events (number, source, type, id, received, objects, result, settle, size)"
        " VALUES (60, 1, 1, 'never-published', 1, '{}', 'matched', 'journal', 9)"
    )


def start_without_a_run(made):
    made.testify("start", name_of(9999), 1)


def start_without_a_mark(made):
    made.testify("start", name_of(plain_run(made, 2)), 2)


def attempt_started_twice(made):
    made.testify("start", name_of(plain_run(made, EVENTS)), 1)


def more_attempts_than_explained(made):
    (run,) = made.execute("SELECT number FROM runs WHERE event = 2 AND action = 3").fetchone()
    made.add_attempt(run, 2, 3)
    made.testify("start", name_of(run), 2, 3)


def more_interruptions_than_kills(made):
    (run,) = made.execute("SELECT number FROM runs WHERE event = 2 AND action = 3").fetchone()
    made.execute("UPDATE attempts SET outcome = 'interrupted', code = NULL WHERE run = ?", run)
    for attempt, code in ((2, None), (3, 3)):
        made.add_attempt(run, attempt, code)
        made.testify("start", name_of(run), attempt, 3)


def start_that_lacked_something(made):
    """The first attempt did not start for want of descriptors; the second one did, and succeeded."""
    run = plain_run(made, 2)
    made.execute("UPDATE attempts SET outcome = 'could not start (errno 24)', code = 24 WHERE run = ?", run)
    made.lines = [line.replace(f"{name_of(run)}\t1", f"{name_of(run)}\t2") for line in made.lines]
    made.add_attempt(run, 2, 0)


def attempt_without_an_end(made):
    made.execute("UPDATE attempts SET ended = NULL WHERE run = ?", plain_run(made, 2))


def success_that_no_script_had(made):
    run = plain_run(made, 2)
    made.lines = [line for line in made.lines if name_of(run) not in line]


def success_without_an_attempt(made):
    run = plain_run(made, 2)
    made.execute("DELETE FROM attempts WHERE run = ?", run)
    made.lines = [line for line in made.lines if name_of(run) not in line]


def overlapping(made):
    made.lines = [line.replace("start", "overlap") if name_of(plain_run(made, 2)) in line else line for line in made.lines]


def disordered(made):
    earlier, later = name_of(plain_run(made, 2)), name_of(plain_run(made, 3))
    swap = {earlier: later, later: earlier}
    made.lines = [re.sub(f"{earlier}|{later}", lambda found: swap[found[0]], line) for line in made.lines]


PLANTS = (
    ("lost", lost_event), ("lost", lost_run), ("lost", run_without_an_end), ("lost", run_with_the_wrong_end),
    ("lost", lost_undecodable), ("doubled", doubled_event), ("doubled", doubled_run), ("doubled", doubled_success),
    ("unknown", unknown_run), ("unknown", unknown_event), ("unknown", start_without_a_run),
    ("unknown", start_without_a_mark), ("unexplained", attempt_started_twice),
    ("unexplained", start_that_lacked_something),
    ("unexplained", more_attempts_than_explained), ("unexplained", more_interruptions_than_kills),
    ("unexplained", attempt_without_an_end), ("unexplained", success_that_no_script_had),
    ("unexplained", success_without_an_attempt), ("overlapping", overlapping), ("disordered", disordered),
)  # fmt: skip


def damage(directory):
    """A page of the middle overwritten: not a journal to be judged."""
    with open(directory / "journal.sqlite", "r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xa5" * 4096)


def main():
    missed = []
    with tempfile.TemporaryDirectory() as scratch:

        def make(name):
            directory = Path(scratch) / name
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            return MadeUp(directory)

        for line in make("clean").verdict().lines():
            missed.append(f"the judge found something where nothing was planted: {line}")
        made = make("starved")
        start_that_lacked_something(made)
        for line in made.verdict(Disturbance(interruptions=1, faults=1)).lines():
            missed.append(f"a start that an injected error explains was not accepted: {line}")
        # The same journal is not good any more when nothing explains what was done again.
        if not make("undisturbed").verdict(Disturbance()).count("unexplained"):
            missed.append("an interruption was accepted where nothing interrupted")
        for kind, plant in PLANTS:
            made = make(plant.__name__)
            plant(made)
            verdict = made.verdict()
            if not verdict.count(kind):
                missed.append(f"{plant.__name__}: expected '{kind}', got {verdict.lines() or 'nothing'}")
        made = make("damaged")
        made.connection.commit()
        damage(made.directory)
        try:
            made.verdict()
            missed.append("a damaged journal was judged")
        except Unreadable:
            pass
    for line in missed:
        print(line)
    planted = len(PLANTS) + 2
    print(f"{planted} violations planted, {planted - len(missed)} found and named rightly, none where none was planted"
          if not missed else f"the judge failed {len(missed)} of its {planted + 1} tests")  # fmt: skip
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
