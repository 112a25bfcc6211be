#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A broker that breaks the rules, for tests of what a client survives.

usage: fake_broker.py PORT_FILE LOG_FILE sweep|faults|normal|farewell [CERTIFICATE KEY TLS_VERSION]

Speaks enough AMQP 0-9-1 for one consumer of one queue. With each new connection of the consumer it goes one step
further through its programme; connections that only look for queues are served well.

sweep   closes after 0, 1, 2 ... bytes of a whole session, then serves well
faults  commits one fault after the other, then serves well
normal  serves well: delivers one message, "alive"
farewell  delivers "slow" and closes with words, all at once, and hangs up without waiting; then serves well

The port is written to PORT_FILE. LOG_FILE gets a line for each fault: its name, and "closed" when the client ended the
connection by itself, or "hung" when it did not within ten seconds.
"""
import os
import socket
import ssl
import struct
import sys
import threading
import time
import warnings

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8


def frame(kind, channel, payload, size=None, end=0xCE):
    return struct.pack(">BHI", kind, channel, len(payload) if size is None else size) + payload + bytes([end])


def method(channel, class_id, method_id, arguments=b""):
    return frame(METHOD, channel, struct.pack(">HH", class_id, method_id) + arguments)


def short(text):
    data = text if isinstance(text, bytes) else text.encode()
    return bytes([len(data)]) + data


def long(data):
    return struct.pack(">I", len(data)) + data


def field(name, text):
    return short(name) + b"S" + long(text.encode())


START = method(
    0, 10, 10,
    bytes([0, 9]) + long(field("product", "fake") + field("version", "1")) + long(b"PLAIN EXTERNAL") + long(b"en_US"))
TUNE = method(0, 10, 30, struct.pack(">HIH", 2047, 131072, 60))


def deliver(tag, number, body_size, flags=0, properties=b"", channel=1):
    arguments = short(tag) + struct.pack(">QB", number, 0) + short("exchange") + short("key")
    header = struct.pack(">HHQH", 60, 0, body_size, flags) + properties
    return method(channel, 60, 60, arguments) + frame(HEADER, channel, header)


def message(tag, number, body, flags=0, properties=b""):
    return deliver(tag, number, len(body), flags, properties) + frame(BODY, 1, body)


def deep_table(levels):
    """Tables within tables, written from the outside in."""
    size = 0
    sizes = []
    for _ in range(levels):
        sizes.append(size)
        size += 7
    return struct.pack(">I", size) + b"".join(
        b"\x01aF" + struct.pack(">I", inner) for inner in reversed(sizes))


def faults(tag):
    """Name, bytes that are sent after the subscription, and whether the client has to end the connection."""
    headers_flag = 1 << 13
    return [
        ("wrong frame end", frame(BODY, 1, b"x", end=0x00), True),
        ("frame without its end", struct.pack(">BHI", BODY, 1, 0xFFFFFFFF) + b"x" * 9, True),
        ("frame larger than agreed", frame(BODY, 1, b"x" * 200000), True),
        ("method frame of three bytes", frame(METHOD, 1, b"\0\x3c\0"), True),
        ("header frame of five bytes", frame(HEADER, 1, b"\0\x3c\0\0\0"), True),
        ("unknown frame type", frame(77, 1, b"hello"), False),
        ("unknown method", method(1, 60, 199), True),
        ("body without a method", frame(BODY, 1, b"x"), True),
        ("header without a method", frame(HEADER, 1, struct.pack(">HHQH", 60, 0, 1, 0)), True),
        ("two headers", deliver(tag, 1, 10) + frame(HEADER, 1, struct.pack(">HHQH", 60, 0, 1, 0)), True),
        ("header of another class", method(1, 60, 60, short(tag) + struct.pack(">QB", 1, 0) + short("") + short(""))
         + frame(HEADER, 1, struct.pack(">HHQH", 10, 0, 1, 0)), True),
        ("body longer than announced", deliver(tag, 1, 3) + frame(BODY, 1, b"four"), True),
        ("empty body frames", deliver(tag, 1, 3) + frame(BODY, 1, b"") * 3, True),
        ("another delivery in the middle of a body", deliver(tag, 1, 30) + frame(BODY, 1, b"x") + deliver(tag, 2, 1),
         True),
        ("body on another channel", deliver(tag, 1, 1) + frame(BODY, 7, b"x"), True),
        ("delivery on another channel", deliver(tag, 1, 1, channel=7), True),
        ("the same delivery tag twice", message(tag, 1, b"once") + message(tag, 1, b"twice"), True),
        ("delivery tag zero", message(tag, 0, b"zero"), True),
        ("body of 2^63 bytes, then silence", deliver(tag, 1, 1 << 63) + frame(BODY, 1, b"x" * 1000), True),
        ("silence in the middle of a body", deliver(tag, 1, 1000) + frame(BODY, 1, b"x"), True),
        ("silence in the middle of a frame", deliver(tag, 1, 1000)[:20], True),
        ("headers nested 18 000 deep", message(tag, 1, b"deep", headers_flag, deep_table(18000)), False),
        ("header table that claims too much", message(tag, 1, b"x", headers_flag, struct.pack(">I", 9999)), True),
        ("a message for nobody", message("nobody", 1, b"nobody's"), False),
        ("channel closed", method(1, 20, 40, struct.pack(">H", 406) + short("PRECONDITION_FAILED - fake")
                                  + struct.pack(">HH", 0, 0)), True),
        ("connection closed", method(0, 10, 50, struct.pack(">H", 320) + short("CONNECTION_FORCED - fake")
                                     + struct.pack(">HH", 0, 0)), True),
    ]


class Ended(Exception):
    """The session is over, by intent."""


class Session:
    def __init__(self, connection, limit=None):
        self.connection = connection
        self.limit = limit
        self.buffer = b""

    def send(self, data):
        if self.limit is not None and len(data) >= self.limit:
            self.connection.sendall(data[:self.limit])
            raise Ended
        self.connection.sendall(data)
        if self.limit is not None:
            self.limit -= len(data)

    def read(self, count):
        while len(self.buffer) < count:
            data = self.connection.recv(65536)
            if not data:
                raise Ended
            self.buffer += data
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_method(self):
        while True:
            kind, channel, size = struct.unpack(">BHI", self.read(7))
            payload = self.read(size + 1)[:-1]
            if kind == METHOD:
                return channel, struct.unpack(">HH", payload[:4]), payload[4:]


class Broker:
    def __init__(self, programme, log):
        self.programme = programme
        self.log = log
        self.step = 0
        self.sweep_ended = False

    def serve(self, connection):
        # For a client that is gone: on a loaded machine one that lives may say nothing for long.
        connection.settimeout(120)
        limit = self.step if self.programme == "sweep" and not self.sweep_ended else None
        session = Session(connection, limit)
        try:
            session.read(8)
            if limit is not None and limit <= len(START):
                self.step += 1
            session.send(START)
            _, _, properties = session.read_method()
            if b"looking for queues" in properties:
                session.limit = None
            elif limit is not None:
                self.step += 1
            self.converse(session)
        except (Ended, ConnectionError):
            pass
        except OSError as error:
            print("session:", error, file=self.log, flush=True)
        finally:
            connection.close()

    def converse(self, session):
        session.send(TUNE)
        while True:
            channel, name, arguments = session.read_method()
            if name == (10, 40):
                session.send(method(0, 10, 41, short("")))
            elif name == (20, 10):
                session.send(method(channel, 20, 11, long(b"")))
            elif name == (60, 10):
                session.send(method(channel, 60, 11))
            elif name == (50, 10):
                queue = arguments[3:3 + arguments[2]]
                session.send(method(channel, 50, 11, short(queue) + struct.pack(">II", 0, 0)))
            elif name == (60, 20):
                start = 3 + arguments[2]
                tag = arguments[start + 1:start + 1 + arguments[start]]
                session.send(method(channel, 60, 21, short(tag)))
                self.consume(session, tag)
            elif name == (10, 50):
                session.send(method(0, 10, 51))
                raise Ended

    def consume(self, session, tag):
        if self.programme == "faults" and self.step < len(faults(tag)):
            name, data, must_close = faults(tag)[self.step]
            self.step += 1
            self.commit(session, name, data, must_close)
            raise Ended
        if self.programme == "farewell" and self.step == 0:
            self.step += 1
            session.send(message(tag, 1, b"slow"))
            # Once the client is at work on it.
            time.sleep(0.1)
            session.send(method(0, 10, 50, struct.pack(">H", 320) + short("CONNECTION_FORCED - farewell")
                                + struct.pack(">HH", 0, 0)))
            raise Ended
        session.send(message(tag, 1, b"alive"))
        if session.limit is not None:
            # This session's limit was one more than it needed.
            print(f"ended after each of {self.step} counts of bytes", file=self.log, flush=True)
        self.sweep_ended = True
        # Back to the conversation: acknowledgements, then the goodbye.

    def commit(self, session, name, data, must_close):
        verdict = "closed"
        try:
            session.send(data)
            if must_close:
                session.connection.settimeout(10)
                while session.connection.recv(65536):
                    pass
            else:
                # It has to settle or ignore what came; then the next fault needs a new connection.
                session.connection.settimeout(0.2)
                verdict = "survived"
                if not session.connection.recv(65536):
                    verdict = "closed"
        except (TimeoutError, socket.timeout):
            if must_close:
                verdict = "hung"
        except OSError:
            pass
        print(f"{name}: {verdict}", file=self.log, flush=True)


def main():
    port_file, log_file, programme = sys.argv[1:4]
    context = None
    if len(sys.argv) > 4:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[4], sys.argv[5])
        if sys.argv[6] == "1.1":
            # Old enough to be deprecated here too: that is the point.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        elif sys.argv[6] == "1.2":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
    broker = Broker(programme, open(log_file, "w"))
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    with open(port_file + ".new", "w") as file:
        file.write(str(listener.getsockname()[1]))
    os.rename(port_file + ".new", port_file)

    def handle(connection):
        try:
            if context:
                connection.settimeout(10)
                connection = context.wrap_socket(connection, server_side=True)
                print("sni", getattr(connection, "session_sni", None), file=broker.log, flush=True)
        except OSError as error:
            print("tls:", error, file=broker.log, flush=True)
            connection.close()
            return
        broker.serve(connection)

    if context:
        # Remembers the name that the client asked for.
        def remember(connection, name, _):
            connection.session_sni = name
        context.sni_callback = remember
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=handle, args=(connection,), daemon=True).start()


main()
