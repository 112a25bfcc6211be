# SPDX-License-Identifier: Apache-2.0
"""A great many pending runs: how fast a daemon starts with them, what it weighs, whom they delay."""

import json
import time

import trial
from broker import Broker, Publisher
from daemon import CONSUMED, Daemon, journal_keys
from notification import lease
from trial import Failure, megabytes, wait_until

BULK = "esi_leap.lease.fulfill.end"
OTHER = "esi_leap.lease.fulfill.start"


class Trial:
    def __init__(self, place, broker, count):
        self.place = place
        self.broker = broker
        self.count = count
        self.number = 0
        self.rows = []
        self.is_good = True

    def judge(self, what, value, limit, unit):
        good = value <= limit
        self.is_good = self.is_good and good
        self.rows.append([what, f"{value:.2f}", f"<= {limit}", unit, "" if good else "MISSED"])

    def scene(self, name, bulk, script):
        """A daemon with one action for the bulk of events and one for others, and a queue of its own."""
        self.directory = self.place.scratch / name
        self.directory.mkdir()
        self.queue = f"pending-{name}"
        self.publisher = Publisher(self.broker, self.queue).connect()
        for path, text in (("bulk.sh", script), ("other.sh", "#!/bin/sh\ndate +%s.%N >> others\n")):
            (self.directory / path).write_text(text)
            (self.directory / path).chmod(0o755)
        configuration = self.directory / "onevent.conf"
        configuration.write_text(
            f"[DEFAULT]\nurl = {self.broker.url}\nqueues = {self.queue}\n\n{journal_keys(self.directory)}\n"
            f"[bulk]\nevents = {BULK}\nscript = ./bulk.sh\nscript_params = uuid\n{bulk}\n"
            f"[other]\nevents = {OTHER}\nscript = ./other.sh\n"
        )
        text = configuration.read_text().replace("[journal]\n", "[journal]\nmax_pending = 1000000\n")
        configuration.write_text(text)
        self.daemon = Daemon(self.place.onevent, configuration, self.directory / "onevent.log")
        self.daemon.start()
        self.daemon.wait_for(CONSUMED)

    def ask(self, *words):
        status, output = self.daemon.ask(*words, limit=60)
        if status not in (0, 1):
            raise Failure(f"onevent {' '.join(words)} ended with {status}: {output}")
        return output

    def status(self):
        return json.loads(self.ask("status", "--json"))

    def publish(self, count, kind=BULK, node="node-0"):
        self.publisher.publish(lease(self.number + index, kind, node) for index in range(count))
        self.number += count

    def pending(self):
        text = json.dumps(self.status())
        return sum(int(part.split(":")[1].split(",")[0].strip(" }]")) for part in text.split('"pending"')[1:2])

    def fill(self):
        self.ask("suspend")
        self.publish(self.count)
        if not wait_until(lambda: self.pending() >= self.count, 120, 0.5):
            raise Failure(f"only {self.pending()} of {self.count} runs became pending")

    def restart(self):
        """Ends the daemon and starts it again: seconds until it takes events."""
        self.daemon.stop()
        began = time.monotonic()
        self.daemon.start()
        self.daemon.wait_for(CONSUMED)
        return time.monotonic() - began

    def delay_of_another(self, what):
        """How long another key's run waits for its start."""
        began = time.time()
        self.publish(1, OTHER, node="node-1")
        others = self.directory / "others"
        if not wait_until(others.exists, 30):
            raise Failure(f"{what}: another key's run did not start within 30 s")
        wait_until(lambda: others.read_text().endswith("\n"), 5)
        self.judge(f"{what}: another key's run starts after", float(others.read_text().split()[0]) - began, 1, "s")

    def end(self):
        self.daemon.end()
        self.publisher.close()

    # The scenes.

    def one_key(self):
        """All behind one key: the start, the weight, and the order in which they run."""
        self.scene("one-key", "", '#!/bin/sh\necho "$1" >> order\n')
        self.fill()
        self.judge(f"{self.count} pending: ready after", self.restart(), 2, "s")
        self.judge(f"{self.count} pending: memory", megabytes(self.daemon.pid), 60, "MB")
        self.ask("resume")
        order = self.directory / "order"
        wait_until(lambda: order.exists() and len(order.read_text().splitlines()) >= 500, 60)
        self.judge("memory at its peak", megabytes(self.daemon.pid, "VmHWM"), 60, "MB")
        self.daemon.stop()
        ran = order.read_text().splitlines()
        expected = [f"lease-0-{number}" for number in range(len(ran))]
        self.judge(f"{len(ran)} of them run: out of order", sum(a != b for a, b in zip(ran, expected)), 0, "")

    def backoff(self):
        """All behind one key whose first run waits for its next attempt."""
        self.scene("backoff", "retry_delay = 1d\nretry_max_delay = 1d\n", "#!/bin/sh\nexit 75\n")
        self.publish(1)
        wait_until(lambda: '"waiting": 1' in json.dumps(self.status()), 30, 0.1)
        self.publish(self.count)
        if not wait_until(lambda: self.pending() >= self.count, 120, 0.5):
            raise Failure(f"only {self.pending()} of {self.count} runs became pending")
        self.delay_of_another(f"{self.count} behind one key in backoff")
        self.judge("memory", megabytes(self.daemon.pid), 60, "MB")

    def limit(self):
        """All of one action that may run one at a time, and does."""
        self.scene("limit", "order_by = none\nmax_concurrent = 1\n", "#!/bin/sh\nexec sleep 600\n")
        self.publish(self.count)
        if not wait_until(lambda: self.pending() >= self.count - 1, 120, 0.5):
            raise Failure(f"only {self.pending()} of {self.count} runs became pending")
        self.delay_of_another(f"{self.count} behind max_concurrent = 1")
        self.judge("memory", megabytes(self.daemon.pid), 60, "MB")


def main():
    parser = trial.parser(__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    arguments = parser.parse_args()
    place = trial.place(arguments)
    broker = Broker(place.scratch / "broker")
    trial.say("starting a private RabbitMQ")
    broker.start()
    held = Trial(place, broker, arguments.count)
    try:
        for scene in (held.one_key, held.backoff, held.limit):
            trial.say(scene.__doc__)
            try:
                scene()
            finally:
                held.end()
    finally:
        broker.stop()
    trial.table(["", "seen", "aim", "unit", ""], held.rows)
    return 0 if held.is_good else 1


if __name__ == "__main__":
    trial.conduct(main)
