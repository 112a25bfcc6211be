# SPDX-License-Identifier: Apache-2.0
"""What a journal says, read from a copy: the daemon's own file is opened by nobody but the daemon."""

import errno
import shutil
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field

# What a start fails with for want of something: the run is tried again, and its retries are not counted.
WANTS = {errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


@dataclass
class Attempt:
    number: int
    started: int
    ended: int | None
    outcome: str
    code: int | None

    @property
    def is_interrupted(self):
        return "interrupt" in self.outcome

    @property
    def is_success(self):
        return self.outcome in ("exited", "exited 0") and self.code in (0, None)

    @property
    def did_not_start(self):
        return "start" in self.outcome

    @property
    def lacked_something(self):
        return self.did_not_start and self.code in WANTS


@dataclass
class Run:
    number: int
    # 32 hexadecimal digits, as a script sees it.
    id: str
    event: int
    action: str
    lane: int | None
    place: int
    state: str
    unclean: int
    is_replay: bool
    attempts: list[Attempt] = field(default_factory=list)


@dataclass
class Event:
    number: int
    # As the sender gave it.
    id: str | None
    type: str
    result: str


class Unreadable(Exception):
    """A copy that is no journal, or a damaged one."""


class JournalCopy:
    """Everything a judgement needs of a journal that nobody writes at the moment.

    The database and its write-ahead log are copied while the daemon has ended or is stopped, and SQLite finds in them
    what a daemon would find that starts now.
    """

    def __init__(self, journal, scratch):
        scratch.mkdir(parents=True, exist_ok=True)
        copy = scratch / "journal.sqlite"
        for ending in ("", "-wal"):
            (scratch / f"journal.sqlite{ending}").unlink(missing_ok=True)
            original = journal.with_name(journal.name + ending)
            if original.exists():
                shutil.copyfile(original, f"{copy}{ending}")
        (scratch / "journal.sqlite-shm").unlink(missing_ok=True)
        self.events, self.runs = {}, {}
        if not copy.exists():
            return
        connection = sqlite3.connect(copy)
        try:
            self._read(connection)
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"{journal} cannot be read: {error}") from None
        finally:
            connection.close()

    def _read(self, connection):
        damage = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        if damage:
            raise Unreadable(f"the journal is damaged: {damage[0]}")
        # A daemon that was killed before its first transaction leaves a file without tables.
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'runs'").fetchone():
            return
        for number, identity, kind, result in connection.execute(
            "SELECT e.number, e.id, t.name, e.result FROM events e LEFT JOIN types t ON t.id = e.type"
        ):
            self.events[number] = Event(number, identity, kind, result)
        for number, identity, event, action, lane, place, state, unclean, replay in connection.execute(
            "SELECT r.number, lower(hex(r.id)), r.event, a.name, r.lane, r.place, r.state, r.unclean, r.replay"
            " FROM runs r LEFT JOIN actions a ON a.id = r.action"
        ):
            self.runs[number] = Run(number, identity, event, action, lane, place, state, unclean, bool(replay))
        attempts = defaultdict(list)
        for run, number, started, ended, outcome, code in connection.execute(
            "SELECT run, attempt, started, ended, outcome, code FROM attempts ORDER BY run, attempt"
        ):
            attempts[run].append(Attempt(number, started, ended, outcome or "", code))
        for run, list_of_run in attempts.items():
            if run in self.runs:
                self.runs[run].attempts = list_of_run

    @property
    def event_ids(self):
        """The ids, as their senders gave them, of the events that were accepted."""
        return {event.id for event in self.events.values() if event.result == "matched"}

    def open_runs(self):
        """Runs that are not ended, nor wait for a person."""
        return [run for run in self.runs.values() if run.state in ("pending", "running", "waiting")]
