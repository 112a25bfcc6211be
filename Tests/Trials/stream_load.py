# SPDX-License-Identifier: Apache-2.0
"""Many clients on the streams, one of them stuck, over a stop and a kill of the daemon: what came, how late, what it weighs."""

import asyncio
import resource
import sqlite3
import threading
import time

import trial
from broker import Broker, Publisher
from daemon import CONSUMED, Daemon, journal_keys
from notification import lease
from stream_clients import Book, Client, StuckClient
from trial import Failure, megabytes

KIND = "esi_leap.lease.fulfill.end"


class Stream(threading.Thread):
    """Publishes at a steady rate, in a thread of its own."""

    def __init__(self, broker, queue, rate, seconds):
        super().__init__(daemon=True)
        self.publisher = Publisher(broker, queue)
        self.rate = rate
        self.total = rate * seconds
        self.failure = None

    def run(self):
        try:
            self.publisher.connect()
            began = time.monotonic()
            for number in range(self.total):
                self.publisher.send(lease(number, KIND, f"node-{number % 20}"))
                time.sleep(max(0, began + number / self.rate - time.monotonic()))
            self.publisher.settle()
        except Exception as error:  # whatever it is, the trial has to say it
            self.failure = error


class Trial:
    def __init__(self, place, broker, arguments):
        self.place = place
        self.arguments = arguments
        self.rows = []
        self.is_good = True
        self.directory = place.scratch / "streams"
        self.directory.mkdir()
        self.broker = broker
        configuration = self.directory / "onevent.conf"
        # It records a run of each event and starts none: what is measured is the stream.
        configuration.write_text(
            f"[DEFAULT]\nurl = {broker.url}\nqueues = streams\n\n{journal_keys(self.directory)}\n"
            f"[observe]\nevents = {KIND}\nscript = /bin/true\nenabled = observe\n"
        )
        self.journal = self.directory / "journal.sqlite"
        self.daemon = Daemon(place.onevent, configuration, self.directory / "onevent.log")

    def judge(self, what, seen, good, aim, unit=""):
        self.is_good = self.is_good and good
        self.rows.append([what, seen, aim, unit, "" if good else "MISSED"])

    def measure(self, what, value, limit, unit):
        """A figure that the long form judges."""
        good = self.arguments.short or value <= limit
        self.judge(what, f"{value:.2f}", good, "-" if self.arguments.short else f"<= {limit}", unit)

    async def start(self):
        self.daemon.start()
        await asyncio.to_thread(self.daemon.wait_for, CONSUMED)

    async def hold(self):
        arguments = self.arguments
        Publisher(self.broker, "streams").connect().close()
        await self.start()
        bare = megabytes(self.daemon.pid)
        self.book = Book(self.directory / "api.sock")
        # One in five follows runs.
        self.clients = [
            Client(self.book, f"/api/v1/{'runs' if number % 5 == 4 else 'events'}/stream")
            for number in range(arguments.clients)
        ]
        tasks = [asyncio.create_task(client.run()) for client in self.clients]
        stuck = StuckClient(self.book.socket)
        await asyncio.to_thread(stuck.connect)
        await self.until(lambda: all(client.last is not None for client in self.clients), 60, "all clients have a stream")
        trial.say(f"{arguments.clients} clients have their streams")
        idle = megabytes(self.daemon.pid)
        self.source = Stream(self.broker, "streams", arguments.rate, arguments.seconds)
        self.source.start()
        self.book.measures = True
        await asyncio.sleep(arguments.seconds * 0.5)
        self.book.measures = False
        peak = megabytes(self.daemon.pid, "VmHWM")
        trial.say("stopping the daemon")
        began = time.monotonic()
        status = await asyncio.to_thread(self.daemon.stop)
        stopped = time.monotonic() - began
        await self.start()
        await asyncio.sleep(arguments.seconds * 0.25)
        trial.say("killing the daemon")
        await asyncio.to_thread(self.daemon.kill)
        await self.start()
        total = await self.complete()
        await asyncio.to_thread(self.unstick, stuck, total)
        for client in self.clients:
            client.close()
        await asyncio.gather(*tasks)
        peak = max(peak, megabytes(self.daemon.pid, "VmHWM"))
        self.daemon.stop()

        self.judge("events that came", str(self.taken), self.taken == self.source.total, str(self.source.total))
        self.check(total)
        self.check_stuck(stuck, total)
        self.judge("status of the stopped daemon", str(status), status == 0, "0")
        self.measure("stopping took", stopped, 5, "s")
        self.judge("longest summary", str(self.book.longest), self.book.longest <= 300, "<= 300", "bytes")
        self.measure("delay, median", self.book.percentile(0.5) * 1000, 500, "ms")
        self.measure("delay, 99 of 100", self.book.percentile(0.99) * 1000, 1000, "ms")
        self.measure("delay, longest", self.book.percentile(1) * 1000, 5000, "ms")
        self.measure("memory before any client", bare, 100, "MB")
        self.measure(f"memory with {arguments.clients} idle clients", idle, 200, "MB")
        self.measure("memory at its peak", peak, 250, "MB")

    async def until(self, condition, limit, what):
        deadline = time.monotonic() + limit
        while not condition():
            if time.monotonic() > deadline:
                raise Failure(f"within {limit} s it did not happen that {what}\n{self.daemon.tail()}")
            await asyncio.sleep(0.05)

    async def complete(self):
        """Waits until all was published, taken, and told to everybody; how many events there are."""
        await self.until(lambda: not self.source.is_alive(), 120, "everything was published")
        if self.source.failure:
            raise Failure(f"publishing failed: {self.source.failure}")
        self.numbers, self.taken = None, 0

        def is_taken():
            with sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True) as journal:
                self.taken, last, change = journal.execute(
                    # Besides those that were published there are the daemon's own.
                    "SELECT (SELECT count(*) FROM events e JOIN types t ON t.id = e.type WHERE t.name = ?), "
                    "(SELECT max(number) FROM events), (SELECT max(change) FROM runs)",
                    (KIND,),
                ).fetchone()
            self.numbers = {"events": last, "runs": change}
            return self.taken >= self.source.total

        await self.until(is_taken, 60, "everything was taken")
        try:
            await self.until(lambda: all(self.is_complete(client) for client in self.clients), 60, "everybody got all")
        except Failure as failure:
            trial.say(str(failure))
        return self.numbers["events"]

    def is_complete(self, client):
        kind = "runs" if "/runs/" in client.path else "events"
        return client.last is not None and client.last >= self.numbers[kind]

    def check(self, total):
        with sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True) as journal:
            changes = [row[0] for row in journal.execute("SELECT change FROM runs ORDER BY change")]
        gaps = doubles = cut = 0
        for client in self.clients:
            doubles += len(client.wrong)
            cut += client.connections > 1
            # Every run was observed at once: its first change is its last.
            expected = (
                [change for change in changes if change > client.start]
                if "/runs/" in client.path
                else list(range(client.start + 1, total + 1))
            )
            gaps += len(set(expected) - set(client.ids))
        delivered = sum(len(client.ids) for client in self.clients)
        self.judge("messages delivered", str(delivered), delivered > 0, "> 0")
        self.judge("messages that did not come", str(gaps), gaps == 0, "0")
        self.judge("messages that came twice or late", str(doubles), doubles == 0, "0")
        self.judge("clients that came again", str(cut), cut == len(self.clients), str(len(self.clients)))
        told = ", ".join(f"{count} {name}" for name, count in sorted(self.book.special.items())) or "none"
        self.judge("told to come again or of a loss", told, not self.book.special, "none")

    def unstick(self, stuck, total):
        """Lets the one that never read read now, and come again as often as it is sent away."""
        self.stuck_returns = 0
        while not stuck.read(total, 30) and self.stuck_returns < 20:
            stuck.close()
            self.stuck_returns += 1
            stuck.connect()
        stuck.close()

    def check_stuck(self, stuck, total):
        expected = list(range(stuck.start + 1, total + 1))
        self.judge("the one that did not read: came again", str(self.stuck_returns), self.stuck_returns > 0, "> 0")
        self.judge(
            "the one that did not read: gaps and doubles",
            str(len(set(expected) - set(stuck.ids)) + len(stuck.wrong)),
            stuck.ids == expected,
            "0",
        )


def main():
    parser = trial.parser(__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--clients", type=int)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=int)
    arguments = parser.parse_args()
    arguments.clients = arguments.clients or (100 if arguments.short else 1_000)
    arguments.seconds = arguments.seconds or (12 if arguments.short else 90)
    needed = arguments.clients + 256
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise Failure(f"{arguments.clients} clients need {needed} open files, and the limit is {hard}: raise it")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    place = trial.place(arguments)
    broker = Broker(place.scratch / "broker")
    trial.say("starting a private RabbitMQ")
    broker.start()
    held = Trial(place, broker, arguments)
    try:
        asyncio.run(held.hold())
    finally:
        held.daemon.end()
        broker.stop()
    trial.table(["", "seen", "aim", "unit", ""], held.rows)
    return 0 if held.is_good else 1


if __name__ == "__main__":
    trial.conduct(main)
