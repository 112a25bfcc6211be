# SPDX-License-Identifier: Apache-2.0
"""Another user swaps what scripts are while the daemon starts them: nothing of that user's may run.

Called by scripts/trust-race, as root. Four actions take every event. Their scripts are all trusted when the daemon
loads them; then three of them get into the hands of uid 65534:

- file:      its directory is given away; the name is now a link to a trusted file, now a file of the attacker's;
- directory: the directory above is given away; the directory is now a link to a trusted one, now to the attacker's;
- name:      its directory is given away; the name is now a second name of a trusted file, now the attacker's file;
- deployed:  root itself replaces it without a pause, as a deployment does. It must run each time.
"""

import os
import signal
import sqlite3
import subprocess
import time

import trial
from broker import Broker, Publisher
from daemon import CONSUMED, Daemon, journal_keys
from notification import lease
from trial import Failure, wait_until

EVENT = "esi_leap.lease.fulfill.end"
STRANGER = 65534
ATTACKED = ("file", "directory", "name")


def write(path, text, owner=0):
    path.write_text(text)
    path.chmod(0o755)
    os.chown(path, owner, owner)


def script(word):
    return f'#!/bin/sh\necho "{word} $1" >> ran\n'


class Ground:
    """The scripts, and who swaps them."""

    def __init__(self, base):
        self.base = base
        base.mkdir()
        self.trusted = base / "trusted"
        for name in ("trusted", "file", "name", "deployed", "above", "above/directory"):
            (base / name).mkdir()
        write(self.trusted / "it", script("good"))
        for action in (*ATTACKED, "deployed"):
            write(self.path(action), script("good"))
        self.swappers = []

    def path(self, action):
        return self.base / ("above/directory/it" if action == "directory" else f"{action}/it")

    def hand_over(self):
        """Gives three of the places to the attacker, after they were loaded."""
        own = self.base / "strangers"
        own.mkdir()
        os.chown(own, STRANGER, STRANGER)
        write(own / "it", script("bad"), STRANGER)
        for place in ("file", "name"):
            write(self.base / place / "bad", script("bad"), STRANGER)
            os.chown(self.base / place, STRANGER, STRANGER)
        os.chown(self.base / "file" / "it", STRANGER, STRANGER)
        above = self.base / "above"
        (above / "directory").rename(above / "real")
        (above / "directory").symlink_to(self.trusted)
        os.chown(above, STRANGER, STRANGER)
        os.lchown(above / "directory", STRANGER, STRANGER)

    # Each returns after an even number of swaps: everything stands as before.

    def swap_file(self):
        place = self.base / "file"
        os.symlink(self.trusted / "it", place / "new")
        os.rename(place / "new", place / "it")
        os.link(place / "bad", place / "new")
        os.rename(place / "new", place / "it")
        return 2

    def swap_directory(self):
        above = self.base / "above"
        for target in (self.base / "strangers", self.trusted):
            os.symlink(target, above / "new")
            os.rename(above / "new", above / "directory")
        return 2

    def swap_name(self):
        place = self.base / "name"
        for first, second in (("good", "bad"), ("bad", "good")):
            os.rename(place / "it", place / first)
            os.rename(place / second, place / "it")
        return 2

    def deploy(self):
        place = self.base / "deployed"
        write(place / "new", script("good"))
        os.rename(place / "new", place / "it")
        return 1

    def start(self, user, deeds):
        """Lets a user swap in a process of its own until it is ended."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(reading)
                ended = []
                signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
                if user:
                    os.setgroups([])
                    os.setgid(user)
                    os.setuid(user)
                count = 0
                while not ended:
                    count += sum(deed() for deed in deeds)
                os.write(writing, str(count).encode())
                status = 0
            except OSError as error:
                os.write(writing, f"{error}".encode())
            finally:
                os._exit(status)
        os.close(writing)
        self.swappers.append((child, reading))

    def stop(self):
        """Ends who swaps, and says how many swaps there were of each."""
        counts = []
        for child, reading in self.swappers:
            os.kill(child, signal.SIGTERM)
            _, status = os.waitpid(child, 0)
            with os.fdopen(reading) as pipe:
                said = pipe.read()
            if status != 0:
                raise Failure(f"who was to swap the scripts could not: {said}")
            counts.append(int(said))
        self.swappers = []
        return counts

    def attack(self):
        self.start(STRANGER, [self.swap_file, self.swap_directory, self.swap_name])


def deceived(ground, action, directory, tries=20000):
    """How many starts a program needs that looks first and executes then, until it runs what is the attacker's."""
    ran = directory / "ran"
    path = str(ground.path(action))
    for attempt in range(1, tries + 1):
        try:
            status = os.stat(os.path.realpath(path))
            if status.st_uid != 0 or status.st_mode & 0o022:
                continue
            subprocess.run([path, action], cwd=directory, stderr=subprocess.DEVNULL)
        except OSError:
            continue
        if ran.exists() and f"bad {action}" in ran.read_text():
            return attempt
    raise Failure(f"the swaps of '{action}' deceived nobody in {tries} starts: the trial would see nothing")


def configuration(directory, ground, broker):
    path = directory / "onevent.conf"
    actions = "".join(
        f"[{action}]\nevents = {EVENT}\nscript = {ground.path(action)} {action}\n\n" for action in (*ATTACKED, "deployed")
    )
    path.write_text(
        f"[DEFAULT]\nurl = {broker.url}\nqueues = trust\norder_by = none\nretry_on = failure\nretry_delay = 10ms\n\n"
        f"{journal_keys(directory)}\n[scripts]\nmax_concurrent = 4\n\n{actions}"
    )
    return path


class Judge:
    def __init__(self, directory):
        self.directory = directory

    def ask(self, words, *values):
        journal = sqlite3.connect(f"file:{self.directory}/journal.sqlite?mode=ro", uri=True, timeout=30)
        try:
            return journal.execute(words, values).fetchall()
        finally:
            journal.close()

    def open_and_all(self):
        return self.ask("SELECT coalesce(sum(ended IS NULL), 0), count(*) FROM runs")[0]

    def rows(self, action):
        return self.ask(
            "SELECT state, runs.attempts, reason FROM runs JOIN actions ON actions.id = runs.action WHERE name = ?", action
        )


def hold(place, rounds):
    os.chmod(place.scratch, 0o755)
    base = place.scratch / "trust"
    base.mkdir()
    naive = base / "naive"
    naive.mkdir()
    first = Ground(base / "first")
    first.hand_over()
    trial.say("deceiving a program that looks first and executes then")
    first.attack()
    try:
        tries = {action: deceived(first, action, naive) for action in ATTACKED}
    finally:
        first.stop()

    ground = Ground(base / "second")
    directory = base / "daemon"
    directory.mkdir()
    trial.say("starting a private RabbitMQ")
    broker = Broker(place.scratch / "broker").start()
    try:
        publisher = Publisher(broker, "trust").connect()
        daemon = Daemon(place.onevent, configuration(directory, ground, broker), directory / "onevent.log")
        judge = Judge(directory)
        try:
            daemon.start()
            if not daemon.wait_for(CONSUMED):
                raise Failure(f"the daemon ended:\n{daemon.tail()}")
            ground.hand_over()
            ground.attack()
            ground.start(0, [ground.deploy])
            trial.say(f"{rounds} events while the scripts are swapped")
            began = time.monotonic()
            for start in range(0, rounds, 500):
                publisher.publish(lease(start + index, EVENT) for index in range(min(500, rounds - start)))
            done = wait_until(lambda: judge.open_and_all() == (0, 4 * rounds), 1800, 0.25)
            if not done:
                raise Failure(f"of {4 * rounds} runs, (open, all) are {judge.open_and_all()}:\n{daemon.tail()}")
            took = time.monotonic() - began
            swaps = ground.stop()
            results = {action: judge.rows(action) for action in (*ATTACKED, "deployed")}
        finally:
            if ground.swappers:
                ground.stop()
            daemon.end()
            publisher.close()
    finally:
        broker.stop()

    ran = directory / "ran"
    lines = ran.read_text().splitlines() if ran.exists() else []
    rows, good = [], True
    for action in ATTACKED:
        bad = sum(line == f"bad {action}" for line in lines)
        any_run = sum(line.endswith(f" {action}") for line in lines)
        refused = sum(
            state == "failed" and attempts == 1 and "belongs to" in (reason or "") for state, attempts, reason in results[action]
        )
        good = good and bad == 0 and any_run == 0 and refused == rounds
        rows.append([action, rounds, tries[action], bad, any_run, refused])
    succeeded = sum(state == "succeeded" for state, _, _ in results["deployed"])
    ran_well = sum(line == "good deployed" for line in lines)
    good = good and succeeded == rounds and ran_well == rounds
    rows.append(["deployed", rounds, 0, sum(line == "bad deployed" for line in lines), ran_well, rounds - succeeded])
    trial.table(["script", "starts", "naive start deceived", "untrusted ran", "ran", "refused"], rows)
    print(f"{swaps[0]} swaps by uid {STRANGER}, {swaps[1]} deployments by root, {took:.1f} s")
    if swaps[0] < rounds:
        raise Failure(f"only {swaps[0]} swaps in {rounds} rounds: the attacker was not let run")
    return 0 if good else 1


def main():
    parser = trial.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=10_000)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        raise Failure("it needs root: without, nobody else's files can be made")
    return hold(trial.place(arguments), arguments.rounds)


if __name__ == "__main__":
    trial.conduct(main)
