# SPDX-License-Identifier: Apache-2.0
"""A private broker, and a publisher that knows of every event whether the broker has confirmed it."""

import socket
import subprocess
import time

import amqp
from trial import ROOT, Failure

CONTROL = ROOT / "scripts" / "broker"
# What a connection says when the broker goes away below it.
LOST = (OSError, amqp.exceptions.AMQPError, AttributeError)


class Broker:
    def __init__(self, directory):
        self.directory = directory

    def _run(self, command, *arguments):
        done = subprocess.run(
            [CONTROL, command, self.directory, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise Failure(f"scripts/broker {command} failed: {done.stderr.strip()}")
        return done.stdout

    def start(self):
        self._run("start")
        facts = dict(line.split("=", 1) for line in (self.directory / "env").read_text().splitlines())
        self.port = int(facts["PORT"])
        # With a slash at its end it would name the virtual host "".
        self.url = facts["URL"].rstrip("/")
        return self

    def stop(self):
        self._run("stop")

    def kill(self):
        self._run("kill")

    def restart(self):
        self._run("restart")

    def messages(self, queue):
        """How many messages a queue holds, taken but unsettled ones too."""
        for line in self._run("ctl", "list_queues", "--silent", "name", "messages").splitlines():
            name, _, count = line.partition("\t")
            if name == queue:
                return int(count)
        raise Failure(f"the broker has no queue {queue}")


class Publisher:
    """Publishes to one durable queue through the default exchange, persistent and with confirms.

    What was sent and not confirmed when a connection is lost is sent again: nobody can know whether the broker has it.
    So each event is published at least once, and every identity in `confirmed` was taken over by the broker.
    """

    def __init__(self, broker, queue):
        self.broker = broker
        self.queue = queue
        self.confirmed = set()
        self.resent = 0
        self._unconfirmed = {}
        self._connection = None

    def connect(self, limit=60):
        deadline = time.monotonic() + limit
        while True:
            try:
                self._open()
                return self
            except LOST as error:
                if time.monotonic() > deadline:
                    raise Failure(f"the publisher cannot reach the broker: {error}") from None
                time.sleep(0.1)

    def _open(self):
        self.close()
        connection = amqp.Connection(f"127.0.0.1:{self.broker.port}", connect_timeout=5)
        connection.connect()
        channel = connection.channel()
        channel.queue_declare(self.queue, durable=True, auto_delete=False)
        channel.confirm_select()
        channel.events["basic_ack"].add(self._settle)
        channel.events["basic_nack"].add(self._refuse)
        self._connection, self._channel, self._tag = connection, channel, 0
        again, self._unconfirmed = list(self._unconfirmed.values()), {}
        self.resent += len(again)
        for notification in again:
            self._send(notification)

    def close(self):
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except LOST:
                connection.collect()

    def _settle(self, tag, multiple):
        tags = [known for known in self._unconfirmed if known <= tag] if multiple else [tag]
        for known in tags:
            self.confirmed.add(self._unconfirmed.pop(known).identity)

    def _refuse(self, tag, multiple):
        raise Failure(f"the broker refused message {tag} (and those before it: {multiple})")

    def _send(self, notification):
        self._tag += 1
        self._unconfirmed[self._tag] = notification
        message = amqp.Message(
            notification.body,
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode=2,
            priority=0,
        )
        self._channel.basic_publish(message, exchange="", routing_key=self.queue)

    def _persist(self, action):
        """Does something on the connection until it succeeds, on a new connection where the old one is lost."""
        while True:
            try:
                if self._connection is None:
                    self.connect()
                return action()
            except socket.timeout:
                return None
            except LOST:
                self._drop()

    def _drop(self):
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.collect()

    def send(self, notification, window=500):
        """Sends, and waits for confirms while more than `window` events are without one."""
        sent = False

        def attempt():
            nonlocal sent
            if not sent:
                # From here on it is among the unconfirmed, which a new connection sends again.
                sent = True
                self._send(notification)

        self._persist(attempt)
        while len(self._unconfirmed) > window:
            self._persist(lambda: self._connection.drain_events(timeout=5))

    def settle(self, limit=60):
        """Returns when the broker has confirmed everything that was sent."""
        deadline = time.monotonic() + limit
        while self._unconfirmed:
            if time.monotonic() > deadline:
                raise Failure(f"the broker did not confirm {len(self._unconfirmed)} messages within {limit} s")
            self._persist(lambda: self._connection.drain_events(timeout=1))

    def publish(self, notifications):
        """Sends all and waits until the broker has confirmed all."""
        for notification in notifications:
            self.send(notification)
        self.settle()

    def ready(self):
        """How many messages of the queue nobody has taken."""
        return self._persist(lambda: self._channel.queue_declare(self.queue, passive=True).message_count)

    def purge(self):
        """Makes the queue anew, so that not a message of the last round is in it."""

        def attempt():
            self._channel.queue_delete(self.queue)
            self._channel.queue_declare(self.queue, durable=True, auto_delete=False)

        self._unconfirmed.clear()
        self.confirmed.clear()
        self._persist(attempt)
