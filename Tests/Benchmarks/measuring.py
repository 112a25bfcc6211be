# SPDX-License-Identifier: Apache-2.0
"""What a benchmark measures with: processes and what the kernel counted for them, queues, one stop watch."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

CONSUMED = b"queue is consumed"


class Failure(Exception):
    """A sentence for whoever started the benchmark."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def cpu(process):
    """The processor time of a process so far in seconds, without its children's, or None when it is gone.

    Read from the process's own clock (clock_getcpuclockid(3)), which counts nanoseconds; /proc counts ticks of 10 ms.
    """
    try:
        return time.clock_gettime_ns(~process.pid << 3 | 2) / 1e9
    except OSError:
        return None


def memory(process):
    """VmRSS, VmHWM, RssAnon and RssFile in MB; empty when the process has ended."""
    fields = ("VmRSS", "VmHWM", "RssAnon", "RssFile")
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return {}
    parts = (line.split() for line in lines)
    return {part[0][:-1]: int(part[1]) / 1024 for part in parts if part and part[0][:-1] in fields}


def proportional(process):
    """Pss in MB: what it shares with other processes is counted in parts."""
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return None


def has_ended(process):
    """Leaves the zombie, whose own clock can then still be read."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


class Ended:
    """A process that has ended: when, how, what the kernel counted for it and its children in seconds."""

    def __init__(self, process, limit):
        deadline = time.monotonic() + limit
        self.memory = {}
        while not has_ended(process):
            self.memory = memory(process) or self.memory
            if time.monotonic() > deadline:
                raise Failure(f"{process.args[0]} did not end within {limit} s")
            time.sleep(0.002)
        self.at = time.monotonic_ns()
        self.own = cpu(process)
        _, status, usage = os.wait4(process.pid, 0)
        self.children = max(0, usage.ru_utime + usage.ru_stime - self.own)
        self.status = process.returncode = os.waitstatus_to_exitcode(status)


@dataclass
class Program:
    """One side of a comparison: a program that empties a queue.

    `ends` says when it has done its work:
    - "empty": when its queue is empty. It goes on until it is told to end.
    - a text of its log: when the log has it as often as there were messages. It goes on until it is told to end.
    - "exit": when it ends by itself.
    - "stamps": it prints when it began and had done, and ends by itself.
    """

    name: str
    command: object  # of a queue's name
    ends: object = "exit"
    # What else is to be known of it, asked when it has done its work and before it is told to end.
    ask: object = None


class Bench:
    """Where everything is, and the processes that are not to outlive it."""

    def __init__(self, arguments):
        self.url = arguments.url
        self.bin = Path(arguments.programs)
        self.binary = Path(arguments.onevent)
        self.onevent = [arguments.onevent]
        if arguments.user is not None:
            self.onevent = ["setpriv", "--reuid", arguments.user, "--regid", arguments.user, "--clear-groups"]
            self.onevent.append(arguments.onevent)
        self.scratch = Path(arguments.scratch)
        # Where onevent may write.
        self.state = self.scratch / "state"
        self.control = [arguments.control, "ctl", arguments.broker]
        self.message = arguments.message
        self.quick = arguments.quick
        self.pairs = arguments.pairs
        self.matching = arguments.matching
        self.number = 0
        # How many messages were: each is an event of its own, also for a journal that has seen others.
        self.published = 1
        self.processes = []

    # Processes.

    def start(self, command, log):
        with open(log, "wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.processes.append(process)
        return process

    def end(self, process, name):
        """Tells a process to end, and waits until it has."""
        # Not by the object's own method, which would bury it when it has ended by itself.
        os.kill(process.pid, signal.SIGTERM)
        ended = Ended(process, 90)
        if ended.status != 0:
            raise Failure(f"{name} ended with status {ended.status}")
        return ended

    def end_all(self):
        for process in self.processes:
            if process.returncode is None:
                process.kill()
                process.wait()

    def tool(self, name, *arguments):
        done = subprocess.run([self.bin / name, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{name} failed: {done.stderr.strip()}")
        return done.stdout

    def ask(self, word, queue):
        """What a command of onevent answers, with the configuration for a queue."""
        files = sorted(self.scratch.glob(f"{queue}.*.conf"))
        done = subprocess.run(self.command(word, files), capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise Failure(f"onevent {word} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    # Configurations.

    def new_name(self):
        self.number += 1
        return f"bench-{self.number}"

    def configuration(self, queue, actions, source="", journal="", path=None):
        """A configuration with a journal of its own, unless `path` names one: its files.

        A file has at most 1 MiB; 10 000 actions, a list of their texts, take more than one.
        """
        path = path or self.state / f"{queue}.sqlite"
        parts = actions if isinstance(actions, list) else [actions]
        files = []
        for first in range(0, max(1, len(parts)), 5_000):
            files.append(self.scratch / f"{queue}.{len(files)}.conf")
            files[-1].write_text("".join(parts[first : first + 5_000]))
        files[0].write_text(
            f"[DEFAULT]\nurl = {self.url}\nqueues = {queue}\n{source}\n"
            f"[journal]\npath = {path}\n{journal}\n[api]\nsocket = {self.state}/socket\n" + files[0].read_text()
        )
        return files

    def daemon(self, queue, actions, **keys):
        return self.command("run", self.configuration(queue, actions, **keys))

    def command(self, word, files):
        return [*self.onevent, word, *(word for file in files for word in ("-c", str(file)))]

    def started(self, command, log):
        """A daemon that consumes its queue, and the seconds that it took to get there."""
        began = time.monotonic_ns()
        process = self.start(command, log)
        return process, (self.wait_until_said(process, log, CONSUMED, 1) - began) / 1e9

    def remove(self, queue):
        """Forgets a queue, and what a daemon on it left behind."""
        subprocess.run(["amqp-delete-queue", "-u", self.url, "-q", queue], check=True, stdout=subprocess.DEVNULL)
        for left in (*self.state.glob(f"{queue}.sqlite*"), *self.scratch.glob(f"{queue}.*")):
            left.unlink()

    # Queues.

    def fill(self, count, message=None):
        queue = self.new_name()
        self.tool("publish", self.url, queue, count, message or self.message, self.published)
        self.published += count
        return queue

    def drain(self, program, count, message=None):
        """Fills a queue, lets a program empty it, and says what that took.

        The stop watch is watch-queue, which asks the broker how many messages wait: it starts when the first is gone.
        Where scripts run, an empty queue is no end: it stops when the last of them has ended.
        """
        queue = self.fill(count, message)
        log = self.scratch / f"{queue}.log"
        watcher = subprocess.Popen(
            [self.bin / "watch-queue", self.url, queue, str(count)], stdout=subprocess.PIPE, text=True
        )
        self.processes.append(watcher)
        if watcher.stdout.readline() != "watching\n":
            raise Failure("watch-queue did not begin to watch; its words are above")
        process = self.start(program.command(queue), log)
        try:
            result = self._watch(program, process, watcher, queue, count, log)
        except Failure as failure:
            tail = log.read_text(errors="replace").splitlines()[-20:]
            raise Failure("\n".join([str(failure), f"the last lines of its log, {log.name}:", *tail])) from None
        self.remove(queue)
        said = f"{result['rate']:.0f}/s, {result['cpu_us']:.1f} us CPU each"
        say(f"  {program.name}: {said}" + (f", {result['rss_mb']:.1f} MB" if result["rss_mb"] else ""))
        return result

    def _watch(self, program, process, watcher, queue, count, log):
        if watcher.stdout.readline() != "half\n":
            raise Failure(f"{program.name} did not empty half of its queue")
        cpu_at_half, at_half = cpu(process), memory(process)
        stamps = watcher.stdout.readline().split()
        if watcher.wait() != 0 or len(stamps) != 3:
            raise Failure(f"{program.name} did not empty its queue")
        first, _, last = map(int, stamps)
        answer = {}
        if program.ends in ("exit", "stamps"):
            ended = Ended(process, 600)
            last, used, at_end = ended.at, ended.own, ended.memory
            if ended.status != 0:
                raise Failure(f"{program.name} ended with status {ended.status}")
            if program.ends == "stamps":
                first, last = map(int, log.read_text().split()[-2:])
        else:
            if program.ends != "empty":
                last = self.wait_until_said(process, log, program.ends, count)
            used, at_end = cpu(process), memory(process)
            self.wait_until_acknowledged(program.name, queue)
            if program.ask:
                answer = program.ask(process, queue, used)
            ended = self.end(process, program.name)
        at_end = at_end or at_half
        steady = used is not None and cpu_at_half is not None
        return {
            "rate": count / ((last - first) / 1e9),
            # Until the work is done: what a daemon does while it idles is no cost of an event.
            "cpu_us": used / count * 1e6,
            "cpu_second_half_us": (used - cpu_at_half) / (count / 2) * 1e6 if steady else None,
            "children_cpu_us": ended.children / count * 1e6,
            "rss_mb": at_end.get("VmRSS"),
            "rss_peak_mb": at_end.get("VmHWM"),
            "rss_anonymous_mb": at_end.get("RssAnon"),
            "rss_files_mb": at_end.get("RssFile"),
            **answer,
        }

    def wait_until_said(self, process, log, text, count):
        """When a log had a text so and so often: nanoseconds of the monotonic clock.

        Looked at every 20 ms, so that reading it takes nothing of what is measured; that makes it up to 20 ms late.
        """
        found, rest, deadline = 0, b"", time.monotonic() + 600
        with open(log, "rb") as lines:
            while True:
                chunk = rest + lines.read()
                found += chunk.count(text)
                if found >= count:
                    return time.monotonic_ns()
                # The text may have been cut in two, but is not counted twice.
                rest = chunk[-(len(text) - 1) :]
                if has_ended(process) or time.monotonic() > deadline:
                    tail = log.read_text(errors="replace").splitlines()[-5:]
                    raise Failure(f"'{text.decode()}' was said {found} times instead of {count} times: {tail}")
                time.sleep(0.02)

    def wait_until_acknowledged(self, name, queue):
        """No message is ready any more, which is all that watch-queue can see; the last ones are still being worked on.

        Told to end now, a listener would rightly give them back. The rate does not count this wait.
        """
        deadline = time.monotonic() + 30
        while True:
            listed = subprocess.run(
                [*self.control, "list_queues", "--silent", "name", "messages"], capture_output=True, text=True
            )
            if listed.returncode != 0:
                raise Failure(f"rabbitmqctl failed: {listed.stderr.strip()}")
            if f"{queue}\t0" in listed.stdout.splitlines():
                return
            if time.monotonic() > deadline:
                raise Failure(f"{name} left messages in its queue that it did not acknowledge: {listed.stdout.strip()}")

    # Comparisons.

    def in_turn(self, sides):
        """Runs each side once in every pair, in the order given and backwards in turn: samples by name."""
        samples = {name: [] for name, _ in sides}
        for pair in range(self.pairs):
            for name, measure in sides if pair % 2 == 0 else reversed(sides):
                samples[name].append(measure())
        return samples
