# SPDX-License-Identifier: Apache-2.0
"""The daemon under trial: started, watched from outside, ended."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from trial import Failure, environment, wait_until

# Log lines that trials wait for.
CONSUMED = b"queue is consumed"
STARTED = b"onevent started"


def journal_keys(directory):
    """The sections that put everything a daemon owns into one directory."""
    return f"[journal]\npath = {directory}/journal.sqlite\n\n[api]\nsocket = {directory}/api.sock\n"


class Daemon:
    """One configuration and one log; started as often as a trial likes."""

    def __init__(self, binary, configuration, log):
        self.binary = binary
        self.configuration = configuration
        self.log = log
        self.process = None
        self._offset = 0

    @property
    def pid(self):
        return self.process.pid

    def start(self, wrapper=(), variables=()):
        """Starts it, behind a wrapper that becomes it (`strace -D`) where one is given."""
        self._offset = self.log.stat().st_size if self.log.exists() else 0
        command = [*map(str, wrapper), str(self.binary), "run", "-c", str(self.configuration)]
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(variables),
                start_new_session=True,
            )
        return self

    def words(self):
        """What this life has written into the log."""
        with open(self.log, "rb") as log:
            log.seek(self._offset)
            return log.read()

    def has_said(self, text):
        return text in self.words()

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def wait_for(self, text, limit=30):
        """Whether it wrote a text; False when it ended first.

        - Raises: Failure when it did neither within `limit` seconds.
        """
        found = wait_until(lambda: "said" if self.has_said(text) else not self.is_running() and "ended", limit)
        if found is None:
            raise Failure(f"onevent did not say '{text.decode()}' within {limit} s; its last words:\n{self.tail()}")
        return found == "said" or self.has_said(text)

    def tail(self, lines=15):
        return "\n".join(self.words().decode(errors="replace").splitlines()[-lines:])

    def threads(self):
        """Thread id by name; a name that several have is numbered in the order of their ids: name, name#2, …"""
        result = {}
        for task in sorted(Path(f"/proc/{self.pid}/task").iterdir(), key=lambda path: int(path.name)):
            try:
                name = (task / "comm").read_text().strip()
            except OSError:
                continue
            number, unique = 2, name
            while unique in result:
                unique = f"{name}#{number}"
                number += 1
            result[unique] = int(task.name)
        return result

    def kill(self):
        self.process.kill()
        return self.process.wait()

    def stop(self, limit=60):
        """SIGTERM, and its status when it has ended; killed, and None, when it did not end in time."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def end(self):
        """On every way out of a trial."""
        if self.is_running():
            # A stopped process dies of SIGKILL too.
            self.kill()

    def ask(self, *words, limit=10):
        """What a command says of the running daemon: status and output."""
        try:
            done = subprocess.run(
                [str(self.binary), *words, "-c", str(self.configuration)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=limit,
                env=environment(),
            )
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, done.stdout + done.stderr

    def status(self):
        """What `onevent status --json` says, or None when it says nothing."""
        code, text = self.ask("status", "--json")
        try:
            return json.loads(text) if code == 0 else None
        except ValueError:
            return None

    def freeze(self):
        """A context in which the daemon is stopped, so that its files can be copied as they stand."""
        return _Frozen(self)


class _Frozen:
    def __init__(self, daemon):
        self.daemon = daemon

    def __enter__(self):
        self.pid = self.daemon.pid if self.daemon.is_running() else None
        if self.pid is not None:
            os.kill(self.pid, signal.SIGSTOP)
            wait_until(self._all_stopped, 5)
        return self

    def _all_stopped(self):
        """A thread in the kernel stops when it leaves it; one that waits for a disk does that later."""
        try:
            tasks = list(Path(f"/proc/{self.pid}/task").iterdir())
            states = [(task / "stat").read_text().rpartition(")")[2].split()[0] for task in tasks]
        except OSError:
            return not self.daemon.is_running()
        return all(state in "TtZX" for state in states)

    def __exit__(self, *_):
        if self.pid is not None:
            try:
                os.kill(self.pid, signal.SIGCONT)
            except ProcessLookupError:
                pass


def ending(status):
    """How a daemon ended, in a word: stopped, killed, gave up (by itself, with a status), crashed."""
    if status == 0:
        return "stopped"
    if status == -signal.SIGKILL:
        return "killed"
    if status is None:
        return "hung"
    return "gave up" if status > 0 else "crashed"


def monotonic_ns():
    return time.monotonic_ns()
