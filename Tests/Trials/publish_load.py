# SPDX-License-Identifier: Apache-2.0
"""How many events a second can be published to a daemon over its Unix socket, durably."""

import json
import selectors
import socket
import sqlite3
import time

import trial
from daemon import Daemon, journal_keys
from trial import Failure, megabytes, say, wait_until

BATCH = 500


def event(number):
    kind = "door.opened" if number % 2 else "sensor.temperature"
    return {
        "type": kind,
        "id": f"load-{number}",
        "value": number / 10,
        "tags": ["site:north", f"room:{number % 50}"],
        "objects": {"node": f"n-{number % 200}"},
        "payload": {"text": "x" * 120},
    }


def request(body):
    head = f"POST /api/v1/events HTTP/1.1\r\nHost: onevent\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class Connection:
    """A connection that sends its requests one after the other, each when the one before is answered."""

    def __init__(self, path, requests):
        self.requests = requests
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.setblocking(False)
        self.rest = b""
        self.answer = b""
        self.began = 0.0
        self.latencies = []

    def begin(self):
        """Whether there was another request to send."""
        self.rest = next(self.requests, b"")
        self.began = time.monotonic()
        return bool(self.rest)

    def write(self):
        """Whether the request is on its way whole."""
        try:
            self.rest = self.rest[self.socket.send(self.rest) :]
        except BlockingIOError:
            pass
        return not self.rest

    def read(self):
        """Whether the answer has come whole."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise Failure("the daemon closed a connection")
        self.answer += part
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 201 "):
            raise Failure(f"an event was answered with {self.answer[:500].decode(errors='replace')}")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        if len(body) < length:
            return False
        self.answer = b""
        self.latencies.append(time.monotonic() - self.began)
        return True


def publish(path, bodies, connections):
    """Publishes over so many connections side by side: seconds that it took, and of each request."""
    requests = (request(body) for body in bodies)
    selector = selectors.DefaultSelector()
    opened = [Connection(path, requests) for _ in range(connections)]
    began = time.monotonic()
    active = 0
    for connection in opened:
        if connection.begin():
            selector.register(connection.socket, selectors.EVENT_WRITE, connection)
            active += 1
    while active:
        for key, mask in selector.select(30) or no_answer():
            connection = key.data
            if mask & selectors.EVENT_WRITE:
                if connection.write():
                    selector.modify(connection.socket, selectors.EVENT_READ, connection)
            elif connection.read():
                if connection.begin():
                    selector.modify(connection.socket, selectors.EVENT_WRITE, connection)
                else:
                    selector.unregister(connection.socket)
                    active -= 1
    seconds = time.monotonic() - began
    for connection in opened:
        connection.socket.close()
    return seconds, sorted(latency for connection in opened for latency in connection.latencies)


def no_answer():
    raise Failure("the daemon did not answer within 30 s")


def stored(journal):
    """The ids of the events that a journal holds."""
    connection = sqlite3.connect(journal)
    try:
        return {row[0] for row in connection.execute("SELECT id FROM events")}
    finally:
        connection.close()


def main():
    parser = trial.parser(__doc__)
    parser.add_argument("--events", type=int, default=40_000)
    arguments = parser.parse_args()
    place = trial.place(arguments)
    directory = place.scratch / "daemon"
    directory.mkdir()
    configuration = directory / "onevent.conf"
    configuration.write_text(
        f"{journal_keys(directory)}\n[log]\nlevel = warning\n\n"
        "[observe]\nevents = door.#\ntags = site:north\nenabled = observe\nscript = /bin/true\n"
        'filter_params = {"value": {"ge": 0}}\n'
    )
    daemon = Daemon(place.onevent, configuration, directory / "onevent.log")
    path = directory / "api.sock"
    try:
        daemon.start()
        if not wait_until(path.exists, 30) or not daemon.is_running():
            raise Failure(f"onevent does not listen: {daemon.tail()}")
        count, singles = arguments.events // BATCH * BATCH, arguments.events // 4
        say(f"{count} events in lists of {BATCH} over 4 connections …")
        lists = (
            json.dumps([event(first + index) for index in range(BATCH)]).encode() for first in range(0, count, BATCH)
        )
        # Made before the clock runs: a client of Python is slower than the daemon.
        batched, _ = publish(path, list(lists), 4)
        say(f"{singles} events one by one over 16 connections …")
        bodies = [json.dumps(event(count + number)).encode() for number in range(singles)]
        single, latencies = publish(path, bodies, 16)
        memory = megabytes(daemon.pid)
        daemon.kill()
        missing = {f"load-{number}" for number in range(count + singles)} - stored(directory / "journal.sqlite")
    finally:
        daemon.end()
    rows = [
        ["events a second, in lists of 500", round(count / batched), ">= 5000"],
        ["events a second, one by one over 16 connections", round(singles / single), ">= 1500"],
        ["ms until one is answered, median", round(latencies[len(latencies) // 2] * 1e3, 1), ""],
        ["ms until one is answered, 99 %", round(latencies[len(latencies) * 99 // 100] * 1e3, 1), ""],
        ["MB of memory at the end", round(memory or 0), "<= 250"],
        ["answered events that are not there after SIGKILL", len(missing), "0"],
    ]
    trial.table(["", "seen", "aim"], rows)
    good = count / batched >= 5000 and singles / single >= 1500 and (memory or 0) <= 250 and not missing
    return 0 if good else 1


if __name__ == "__main__":
    trial.conduct(main)
