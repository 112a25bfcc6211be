#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The power-cut model: what a disk may hold after a power cut, state by state.

  power_cut.py record --journal PATH --log FILE -- COMMAND…   runs a writing process, its writes and syncs written down
  power_cut.py write --journal PATH --schema FILE …           a writing process: commits events, acknowledges each
  power_cut.py check --log FILE --journal PATH …              builds states from a record, and opens each

A state is: everything synced by some moment, and a random part of what was written since, cut into sectors of 512
bytes, each of them old, new or torn. Names of files are as durable as the last sync of their directory, and what came
after it is there up to a random moment. Every state has to pass SQLite's integrity check and to hold every event that
was acknowledged by then; `check` ends with 0 when all do, with 1 when one does not.
"""

import argparse
import os
import pathlib
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

SECTOR = 512


class File:
    """One file: what is on the disk for sure, and what was written since."""

    def __init__(self):
        self.synced = bytearray()
        self.pending = []  # ("W", offset, data) or ("T", size, b"")

    def sync(self):
        for kind, offset, data in self.pending:
            apply(self.synced, kind, offset, data)
        self.pending = []

    def survivor(self, rng, share):
        content = bytearray(self.synced)
        for kind, offset, data in self.pending:
            if kind == "T":
                if rng.random() < share:
                    apply(content, kind, offset, data)
                continue
            start = 0
            while start < len(data):
                end = min(len(data), start + SECTOR - (offset + start) % SECTOR)
                fate = rng.random()
                if fate < share:
                    apply(content, "W", offset + start, data[start:end])
                elif fate < share + 0.1 and share < 1:
                    apply(content, "W", offset + start, data[start : rng.randint(start, end)])
                start = end
        return content


def apply(content, kind, offset, data):
    if kind == "T":
        del content[offset:]
        content.extend(bytes(offset - len(content)))
    elif data:
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data


class Disk:
    """Files by name: `names` is on the disk for sure, `changes` of names came since."""

    def __init__(self):
        self.names = {}
        self.current = {}
        self.changes = []

    def take(self, kind, name, offset, data):
        if kind == "O":
            self.change(name, File())
        elif kind == "U":
            self.change(name, None)
        elif kind == "R":
            self.change(data.decode(), self.current.get(name))
            self.change(name, None)
        elif kind == "D":
            self.names, self.changes = dict(self.current), []
        elif kind in "WT" and name in self.current:
            self.current[name].pending.append((kind, offset, data))
        elif kind == "S" and name in self.current:
            self.current[name].sync()

    def change(self, name, file):
        self.changes.append((name, file))
        if file is None:
            self.current.pop(name, None)
        else:
            self.current[name] = file

    def survivors(self, rng):
        names = dict(self.names)
        for name, file in self.changes[: rng.randint(0, len(self.changes))]:
            names[name] = file
        share = rng.choice([0, 0.2, 0.5, 0.8, 0.95, 1])
        return {name: file.survivor(rng, share) for name, file in names.items() if file is not None}


def records(path):
    """The record that the preloaded library wrote: letter, name, offset, data."""
    with open(path, "rb") as log:
        while header := log.read(15):
            kind, length, offset, size = struct.unpack("<cHQI", header)
            yield kind.decode(), log.read(length).decode(), offset, log.read(size)


class FileAcknowledgements:
    """The process says so itself: lines of ids in a file that ends in `.acknowledged`."""

    def __init__(self):
        self.ids = set()

    def take(self, kind, data):
        if kind == "M":
            self.ids.update(data.decode().split())


class AMQPAcknowledgements:
    """basic.ack frames that left for the broker; message n of the queue has the id PREFIX-n."""

    def __init__(self, prefix):
        self.prefix, self.ids, self.highest = prefix, set(), 0

    def take(self, kind, data):
        if kind != "A":
            return
        # A frame: 1, channel (2), size 13 (4), class 60, method 80, tag (8), multiple (1), 0xCE.
        at = data.find(b"\x00\x3c\x00\x50")
        while at >= 0:
            if data[at - 7 : at - 6] == b"\x01" and data[at - 4 : at] == b"\x00\x00\x00\x0d":
                tag, multiple = struct.unpack(">QB", data[at + 4 : at + 13])
                first = self.highest + 1 if multiple & 1 else tag
                self.ids.update(f"{self.prefix}-{number}" for number in range(first, tag + 1))
                if multiple & 1:
                    self.highest = tag
            at = data.find(b"\x00\x3c\x00\x50", at + 1)


def problem(path, acknowledged):
    """What is wrong with a state, or nothing."""
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return f"no journal, but {len(acknowledged)} acknowledged events" if acknowledged else None
    try:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA synchronous = OFF")
        found = connection.execute("PRAGMA integrity_check").fetchall()
        if found != [("ok",)]:
            return f"damaged: {found[0][0]}"
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'contents'").fetchone():
            return f"no tables, but {len(acknowledged)} acknowledged events" if acknowledged else None
        held = {row[0] for row in connection.execute("SELECT id FROM events JOIN contents ON event = number")}
        lost = acknowledged - held
        return f"lost {len(lost)} of {len(acknowledged)} acknowledged: {sorted(lost)[:3]}" if lost else None
    except sqlite3.DatabaseError as error:
        return f"cannot be opened: {error}"
    finally:
        connection.close()


def check(options):
    log = list(records(options.log))
    rng = random.Random(options.seed)
    moments = sorted(rng.choices(range(1, len(log) + 1), k=options.states))
    acknowledgements = AMQPAcknowledgements(options.amqp) if options.amqp else FileAcknowledgements()
    disk, at, problems, unsynced = Disk(), 0, 0, 0
    name = os.path.basename(options.journal)
    scratch = tempfile.mkdtemp(prefix="onevent-power-cut-")
    try:
        for number, moment in enumerate(moments):
            while at < moment:
                kind, file, offset, data = log[at]
                disk.take(kind, file, offset, data)
                acknowledgements.take(kind, data)
                at += 1
            unsynced += any(file.pending for file in disk.current.values())
            state = os.path.join(scratch, str(number))
            os.mkdir(state)
            for file, content in disk.survivors(rng).items():
                pathlib.Path(state, os.path.basename(file)).write_bytes(content)
            if found := problem(os.path.join(state, name), acknowledgements.ids):
                problems += 1
                print(f"state {number}, after record {moment} of {len(log)}, seed {options.seed}: {found}")
            shutil.rmtree(state)
    finally:
        shutil.rmtree(scratch)
    print(
        f"{len(moments)} states of {len(log)} records, {unsynced} with unsynced writes, "
        f"{len(acknowledgements.ids)} events acknowledged: {problems} bad"
    )
    if not acknowledgements.ids or not unsynced:
        print("nothing was acknowledged, or nothing unsynced: this proves nothing")
        return 2
    return 1 if problems else 0


def record(options):
    with tempfile.TemporaryDirectory() as scratch:
        library = os.path.join(scratch, "record.so")
        source = pathlib.Path(__file__).with_name("record.c")
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        environment = dict(os.environ, LD_PRELOAD=library, POWER_CUT_LOG=options.log)
        environment["POWER_CUT_NAME"] = os.path.realpath(options.journal)
        return subprocess.run(options.command, env=environment).returncode


def write(options):
    """Commits as the daemon's journal does: WAL, sync per commit, checkpoints by hand, sometimes begun anew."""
    rng = random.Random(options.seed)
    schema = pathlib.Path(options.schema).read_text()
    acknowledged = os.open(options.journal + ".acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    number = 0
    while number < options.events:
        connection = sqlite3.connect(options.journal, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {options.sync}")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        if connection.execute("PRAGMA user_version").fetchone() == (0,):
            connection.executescript(f"BEGIN IMMEDIATE; {schema}; PRAGMA user_version = 1; COMMIT")
        for _ in range(rng.randint(10, 30)):
            ids = [f"event-{number + index}" for index in range(rng.randint(1, 5))]
            number += len(ids)
            connection.execute("BEGIN IMMEDIATE")
            for event in ids:
                cursor = connection.execute(
                    "INSERT INTO events (source, type, id, received, objects, result, settle, size)"
                    " VALUES (1, 1, ?, 0, '{}', 'matched', 'journal', 0)",
                    (event,),
                )
                body = rng.randbytes(rng.choice([200, 1_500, 6_000]))
                connection.execute("INSERT INTO contents VALUES (?, '{}', ?)", (cursor.lastrowid, body))
            connection.execute("COMMIT")
            os.write(acknowledged, (" ".join(ids) + "\n").encode())
            if rng.random() < 0.15:
                connection.execute(f"PRAGMA wal_checkpoint({rng.choice(['PASSIVE', 'PASSIVE', 'TRUNCATE'])})")
        connection.close()
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    recording = commands.add_parser("record")
    recording.add_argument("--journal", required=True)
    recording.add_argument("--log", required=True)
    recording.add_argument("command", nargs=argparse.REMAINDER)
    recording.set_defaults(run=record)
    writing = commands.add_parser("write")
    writing.add_argument("--journal", required=True)
    writing.add_argument("--schema", required=True, help="a file of SQL, the journal's first migration")
    writing.add_argument("--events", type=int, default=300)
    writing.add_argument("--sync", default="FULL")
    writing.add_argument("--seed", type=int, default=1)
    writing.set_defaults(run=write)
    checking = commands.add_parser("check")
    checking.add_argument("--journal", required=True)
    checking.add_argument("--log", required=True)
    checking.add_argument("--states", type=int, default=300)
    checking.add_argument("--seed", type=int, default=1)
    checking.add_argument("--amqp", metavar="PREFIX", help="acknowledgements are basic.ack frames, message n has PREFIX-n")
    checking.set_defaults(run=check)
    options = parser.parse_args()
    if getattr(options, "command", None) and options.command[0] == "--":
        options.command = options.command[1:]
    sys.exit(options.run(options))


main()
