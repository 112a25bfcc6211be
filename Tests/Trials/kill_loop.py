#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the daemon at random moments while events come in without a pause, and the broker now and then.

Called by scripts/kill-loop. The publisher knows which events the broker has confirmed, sends some of them twice, and
goes on over restarts of the broker. When all rounds are over the daemon may finish, and the journal is judged.
"""

import random
import threading
import time

import notification
import trial
from broker import Broker, Publisher
from daemon import CONSUMED, STARTED, Daemon, ending, journal_keys
from journal_copy import JournalCopy, Unreadable
from oracle import Disturbance, Expectation, Work, judge
from trial import wait_until
from witness_log import WitnessLog

QUEUE = "kill-loop"
NODES = 20
DUPLICATES = 0.05  # of the events are sent twice
# Type to the actions that take it; each event has one of them.
TYPES = {
    "esi_leap.lease.fulfill.end": ("ordered", "alone"),
    "esi_leap.lease.fulfill.start": ("ordered",),
    "esi_leap.lease.delete.end": ("ordered", "family"),
    "esi_leap.lease.delete.error": ("broken", "tried"),
}
WORK = {
    "ordered": Work(retries=3),
    "alone": Work(retries=3),
    "family": Work(retries=3),
    "broken": Work("failed", retries=3),
    "tried": Work(failures=1, retries=3),
}
SHARES = (50, 30, 5, 15)
AFTERWARDS = 180  # seconds in which the last life may finish what is left


def write_configuration(directory, url, witness):
    log = directory / "witness"
    family = directory / "family.sh"
    # Children and grandchildren: ending what is left of an attempt has to reach all.
    family.write_text(f'#!/bin/sh\n( "{witness}" "{log}" 150 0; exit $? ) &\nwait $!\n')
    family.chmod(0o755)
    path = directory / "onevent.conf"

    def section(name, script, more=""):
        taken = ", ".join(kind for kind, actions in TYPES.items() if name in actions)
        return f"[{name}]\nevents = {taken}\nscript = {script}\n{more}\n"

    alone = "order_by = none\n"
    path.write_text(
        f"[DEFAULT]\nurl = {url}\nqueues = {QUEUE}\nsettle = journal\n\n"
        f"[scripts]\nmax_concurrent = 4\nretries = 3\nretry_delay = 50ms\n\n[log]\nformat = json\nlevel = info\n\n"
        + journal_keys(directory)
        + "\n"
        + section("ordered", f"{witness} {log} 5 0")
        + section("alone", f"{witness} {log} 15 0", alone)
        + section("family", str(family), alone)
        + section("broken", f"{witness} {log} 1 3", alone)
        + section("tried", f"{witness} {log} 1 75 1", alone)
    )
    return path


class Stream(threading.Thread):
    """Publishes events at a rate until it is told to stop; then waits until the broker has confirmed all of them."""

    def __init__(self, broker, rate, seed):
        super().__init__(daemon=True)
        self.publisher = Publisher(broker, QUEUE)
        self.rate = rate
        self.random = random.Random(seed)
        self.kinds = {}
        self.duplicates = 0
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        try:
            self.publisher.connect()
            recent = []
            while not self.stopping.is_set():
                number = len(self.kinds)
                kind = self.random.choices(list(TYPES), SHARES)[0]
                message = notification.lease(number, kind, f"node-{self.random.randrange(NODES)}")
                self.kinds[message.identity] = kind
                self.publisher.send(message, window=100)
                recent = [*recent[-50:], message]
                if self.random.random() < DUPLICATES:
                    self.duplicates += 1
                    self.publisher.send(self.random.choice(recent), window=100)
                self.stopping.wait(self.random.expovariate(self.rate))
            self.publisher.settle()
        except Exception as error:  # whatever ended it, the trial must say so and not go on without events
            self.failure = error

    def finish(self):
        self.stopping.set()
        self.join(120)
        if self.failure is not None:
            raise trial.Failure(f"the publisher failed: {self.failure}")
        if self.is_alive():
            raise trial.Failure("the publisher did not come to its end within 120 s")

    def expectation(self):
        return Expectation(
            {
                identity: {action: WORK[action] for action in TYPES[kind]}
                for identity, kind in self.kinds.items()
                if identity in self.publisher.confirmed
            }
        )


class Loop:
    def __init__(self, place, broker, arguments):
        self.place, self.broker, self.arguments = place, broker, arguments
        self.random = random.Random(arguments.seed)
        self.directory = place.scratch / "loop"
        self.directory.mkdir()
        self.witness = WitnessLog(self.directory / "witness")
        configuration = write_configuration(self.directory, broker.url, place.witness)
        self.daemon = Daemon(place.onevent, configuration, self.directory / "onevent.log")
        self.stream = Stream(broker, arguments.rate, arguments.seed)
        self.kills = self.broker_ends = 0
        self.trouble = []

    def run(self):
        # So that the queue is there, and durable, before the daemon looks for it.
        Publisher(self.broker, QUEUE).connect().close()
        self.stream.start()
        for number in range(1, self.arguments.rounds + 1):
            self.round(number)
            if self.stream.failure is not None:
                break
        self.stream.finish()
        trial.say(f"{len(self.stream.kinds)} events published; the daemon may finish")
        self.daemon.start()
        self.finish()

    def round(self, number):
        """One life: from nothing, not even a log line, to well into the work."""
        self.daemon.start()
        # Most kills hit a daemon at work, some one that is still starting.
        if self.random.random() < 0.85:
            self.wait_until_started()
            self.daemon.wait_for(CONSUMED, 30)
        time.sleep(self.random.uniform(0, self.arguments.longest))
        if number % self.arguments.broker_every == self.arguments.broker_every // 2:
            self.end_broker(number)
        if not self.daemon.is_running():
            how = ending(self.daemon.process.returncode)
            self.trouble.append(f"round {number}: it {how} by itself; its last words: {self.daemon.tail(3)}")
        self.daemon.kill()
        self.kills += 1
        said = len(self.witness.read())
        trial.say(f"round {number}: killed; {len(self.stream.kinds)} events published, {said} testimonies")

    def wait_until_started(self):
        if not self.daemon.wait_for(STARTED, 30):
            self.trouble.append(f"it ended while it started; its last words: {self.daemon.tail(3)}")

    def end_broker(self, number):
        """In the first round of a pair it stops in order, in the second it is killed; the daemon lives through it."""
        self.broker_ends += 1
        if self.broker_ends % 2:
            self.broker.kill()
        self.broker.restart()
        # Half of the daemons see the broker again before they are killed.
        if self.random.random() < 0.5:
            time.sleep(self.random.uniform(1, 4))
        trial.say(f"round {number}: the broker was {'killed and started' if self.broker_ends % 2 else 'restarted'}")

    def finish(self):
        """Returns when nothing is left to do, or nothing was done for long; then stops the daemon in order."""
        wanted = sum(len(TYPES[kind]) for kind in self.stream.kinds.values())
        deadline, heard = time.monotonic() + AFTERWARDS, (0, time.monotonic())
        while self.daemon.is_running() and time.monotonic() < deadline:
            ended = {(said.event, said.action) for said in self.witness.read() if said.what == "end"}
            if len(self.witness.testimonies) != heard[0]:
                heard = (len(self.witness.testimonies), time.monotonic())
            # A failed attempt may be followed by one more, a cut off one too: the quiet says that there is none.
            quiet = time.monotonic() - heard[1]
            if quiet > (2 if len(ended) >= wanted else 30):
                break
            time.sleep(0.05)
        for _ in range(3):
            status = self.daemon.stop(60)
            if status != 0:
                self.trouble.append(f"it {ending(status)} at its stop; its last words: {self.daemon.tail(3)}")
            if not self.journal().open_runs():
                return
            self.daemon.start()
            wait_until(lambda: not self.daemon.is_running(), 20)

    def journal(self):
        return JournalCopy(self.directory / "journal.sqlite", self.directory / "copy")

    def report(self):
        journal = self.journal()
        verdict = judge(self.stream.expectation(), journal, self.witness.read(), Disturbance(self.kills))
        for line in (self.trouble + verdict.lines())[:40]:
            trial.say(f"  {line}")
        left = self.stream.publisher.ready() if self.stream.publisher.connect() else 0
        self.stream.publisher.close()
        published = len(self.stream.publisher.confirmed)
        runs = sum(len(actions) for actions in self.stream.expectation().runs.values())
        held = [run for run in journal.runs.values() if run.state == "held"]
        unexpected = sum(verdict.count(kind) for kind in ("doubled", "unknown", "unexplained", "disordered"))
        done_events = published - len(self.incomplete(journal))
        rows = [
            ["events published and confirmed", published],
            ["  of them sent again by intent or after a broker's end", self.stream.duplicates + self.stream.publisher.resent],
            ["events recorded", len(journal.event_ids)],
            ["events completed", done_events],
            ["runs that had to be", runs],
            ["runs completed as they had to be", verdict.completed],
            ["scripts started", verdict.started],
            ["runs started twice, explained by interruptions or retries", verdict.started_again],
            ["lost", verdict.count("lost")],
            ["unexpected", unexpected],
            ["two attempts of one run at the same time", verdict.count("overlapping")],
            ["runs held for a person", len(held)],
            ["left in the queue", left],
            ["kills of the daemon", self.kills],
            ["ends of the broker", self.broker_ends],
            ["ends of the daemon that nobody asked for", len(self.trouble)],
        ]
        trial.table(["", "count"], rows)
        is_good = verdict.is_clean and not self.trouble and left == 0 and published == done_events > 0
        if not is_good:
            print(f"kept: {self.place.keep(self.directory, 'violation')}")
        return is_good

    def incomplete(self, journal):
        """Confirmed events of which not every run has ended as it had to."""
        ended = {
            (journal.events[run.event].id, run.action): run.state
            for run in journal.runs.values()
            if run.event in journal.events
        }
        return {
            identity
            for identity, actions in self.stream.expectation().runs.items()
            if any(ended.get((identity, action)) != work.state for action, work in actions.items())
        }

    def close(self):
        self.stream.stopping.set()
        self.daemon.end()


def main():
    parser = trial.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--rate", type=float, default=60)
    parser.add_argument("--longest", type=float, default=1.2)
    parser.add_argument("--broker-every", type=int, default=20)
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1_000_000)
    place = trial.place(arguments)
    broker = Broker(place.scratch / "broker")
    trial.say("starting a private RabbitMQ")
    broker.start()
    print(f"{arguments.rounds} rounds, seed {arguments.seed}")
    began = time.monotonic()
    loop = Loop(place, broker, arguments)
    try:
        loop.run()
        is_good = loop.report()
    except Unreadable as error:
        print(f"{error}\nkept: {place.keep(loop.directory, 'violation')}")
        is_good = False
    finally:
        loop.close()
        broker.stop()
    print(f"{'nothing violated' if is_good else 'VIOLATED'}, {time.monotonic() - began:.0f} s")
    return 0 if is_good else 1


if __name__ == "__main__":
    trial.conduct(main)
