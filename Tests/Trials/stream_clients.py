# SPDX-License-Identifier: Apache-2.0
"""Clients of the daemon's streams: many that read, and one that does not."""

import asyncio
import random
import re
import socket
import time
from datetime import datetime

# Messages are never cut by the chunks of HTTP, whose lengths stand between them.
_MESSAGE = re.compile(rb"id: (\d+)\nevent: (\w+)\ndata: ([^\n]*)\n\n")
_POSITION = re.compile(rb"id: (\d+)\n\n")
_RECEIVED = re.compile(rb'"received":"([^"]+)"')


def request(path, last):
    head = f"GET {path} HTTP/1.1\r\nHost: onevent\r\nAccept: text/event-stream\r\n"
    if last is not None:
        head += f"Last-Event-ID: {last}\r\n"
    return (head + "\r\n").encode()


class Client(asyncio.Protocol):
    """Follows one stream over every restart of the daemon, and notes what is wrong with what it gets."""

    def __init__(self, book, path):
        self.book = book
        self.path = path
        # The last id, and where the stream began.
        self.last = self.start = None
        self.ids = []
        self.wrong = []
        self.connections = 0
        self.is_closing = False

    async def run(self):
        loop = asyncio.get_running_loop()
        while not self.is_closing:
            self.ended = loop.create_future()
            self.rest = b""
            try:
                # A socket's queue of those that wait is short, and nobody is asked to wait for a place in it.
                async with self.book.door:
                    await loop.create_unix_connection(lambda: self, self.book.socket)
            except OSError:
                await asyncio.sleep(0.05 + random.random() / 4)
                continue
            await self.ended

    def connection_made(self, transport):
        self.transport = transport
        self.connections += 1
        transport.write(request(self.path, self.last))

    def connection_lost(self, _):
        if not self.ended.done():
            self.ended.set_result(None)

    def close(self):
        self.is_closing = True
        self.transport.close()

    def data_received(self, data):
        now = time.time()
        data = self.rest + data
        end = 0
        if self.last is None:
            # Where it begins, before anything comes.
            found = _POSITION.search(data)
            if not found:
                self.rest = data
                return
            self.last = self.start = int(found[1])
            end = found.end()
        for found in _MESSAGE.finditer(data, end):
            self.take(int(found[1]), found[2], found[3])
            end = found.end()
            text = found
        if end and self.book.measures and self.path.startswith("/api/v1/events") and self.ids:
            self.book.measure(now, data, end)
        self.rest = data[end:] if len(data) - end < 1 << 20 else b""

    def take(self, number, name, data):
        if name not in (b"event", b"run"):
            self.book.special[name.decode()] = self.book.special.get(name.decode(), 0) + 1
            return
        if number <= self.last:
            self.wrong.append(f"{number} came behind {self.last}")
        self.last = number
        self.ids.append(number)
        if name == b"run":
            self.book.longest = max(self.book.longest, len(data))
        elif len(data) > self.book.longest:
            self.book.longest = len(data)


class Book:
    """What all clients share."""

    def __init__(self, path):
        self.socket = str(path)
        self.door = asyncio.Semaphore(32)
        self.measures = False
        self.delays = []
        # Messages that are no events and no runs, counted by name.
        self.special = {}
        # Bytes of the longest summary.
        self.longest = 0

    def measure(self, now, data, end):
        """The delay of the last event of what was read: the one that waited least is not chosen, nor the luckiest."""
        found = None
        for found in _RECEIVED.finditer(data, 0, end):
            # The first waited longest.
            break
        if found:
            self.delays.append(now - datetime.fromisoformat(found[1].decode().replace("Z", "+00:00")).timestamp())

    def percentile(self, share):
        delays = sorted(self.delays)
        return delays[min(len(delays) - 1, int(len(delays) * share))] if delays else float("inf")


class StuckClient:
    """Asks for a stream and does not read it, until it is told to."""

    def __init__(self, path):
        self.path = str(path)
        self.ids = []
        self.wrong = []
        self.last = None

    def connect(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(self.path)
        self.socket.sendall(request("/api/v1/events/stream", self.last))
        self.data = b""
        if self.last is None:
            # Only where it begins.
            while not (found := _POSITION.search(self.data)):
                self.data += self.socket.recv(256)
            self.last = self.start = int(found[1])
            self.data = self.data[found.end() :]

    def read(self, until, limit):
        """Reads to an id or to the end of the connection; whether it got there."""
        self.socket.settimeout(1)
        deadline = time.monotonic() + limit
        while self.last < until and time.monotonic() < deadline:
            end = 0
            for found in _MESSAGE.finditer(self.data):
                end = found.end()
                if found[2] == b"event":
                    if int(found[1]) <= self.last:
                        self.wrong.append(f"{int(found[1])} came behind {self.last}")
                    self.last = int(found[1])
                    self.ids.append(self.last)
            self.data = self.data[end:]
            try:
                more = self.socket.recv(1 << 16)
            except TimeoutError:
                continue
            except OSError:
                more = b""
            if not more:
                return self.last >= until
            self.data += more
        return self.last >= until

    def close(self):
        self.socket.close()
