#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures onevent beside the programs that bound it; called by scripts/bench, which prepares everything.

Whatever is compared runs in turn (A B A B), each time on a queue of its own that was filled before, and is timed by
the same stop watch: watch-queue, which asks the broker how many messages are left. Processor time is what the kernel
counted for the process when it had ended; memory is what it says while the process lives. Judges nothing.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
OTHER_TYPES = (
    "esi_leap.lease.delete.start", "esi_leap.lease.delete.end", "esi_leap.lease.delete.error",
    "esi_leap.lease.fulfill.start", "esi_leap.lease.fulfill.error", "esi_leap.offer.*",
    "baremetal.node.#", "compute.instance.#",
)  # fmt: skip


class Failure(Exception):
    """A sentence for whoever started the benchmark."""


def say(text):
    print(text, file=sys.stderr, flush=True)


class Ended:
    """What the kernel counted for a process that has ended, in seconds."""

    def __init__(self, process, limit):
        deadline = time.monotonic() + limit
        # WNOWAIT leaves the zombie, whose children's times can then be read apart from its own, if only in ticks.
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            if time.monotonic() > deadline:
                raise Failure(f"{process.args[0]} did not end within {limit} s")
            time.sleep(0.005)
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        self.children = sum(int(field) / TICK for field in fields[13:15])
        _, status, usage = os.wait4(process.pid, 0)
        self.own = max(0, usage.ru_utime + usage.ru_stime - self.children)
        self.status = process.returncode = os.waitstatus_to_exitcode(status)


def memory(process, field):
    """VmRSS or VmHWM in MB, or None when the process has ended."""
    try:
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


def cpu(process):
    """The processor time of a process so far in seconds, without its children's, or None when it has ended."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return sum(int(field) / TICK for field in fields[11:13])


class Bench:
    def __init__(self, arguments):
        self.url = arguments.url
        self.bin = Path(arguments.programs)
        self.onevent = [arguments.onevent]
        if arguments.user is not None:
            self.onevent = ["setpriv", "--reuid", arguments.user, "--regid", arguments.user, "--clear-groups", arguments.onevent]
        self.scratch = Path(arguments.scratch)
        # Where onevent may write.
        self.state = self.scratch / "state"
        self.control = [arguments.control, "ctl", arguments.broker]
        self.fixture = arguments.message
        self.queues = 0
        self.processes = []

    def start(self, command, log, **options):
        with open(log, "wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
        self.processes.append(process)
        return process

    def end_all(self):
        for process in self.processes:
            if process.returncode is None:
                process.kill()
                process.wait()

    def fill(self, count):
        self.queues += 1
        queue = f"bench-{self.queues}"
        self.tool("publish", self.url, queue, str(count), self.fixture)
        return queue

    def tool(self, name, *arguments):
        done = subprocess.run([self.bin / name, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{name} failed: {done.stderr.strip()}")
        return done.stdout

    def drain(self, name, make_command, count, ends_by_itself, is_done_at=None):
        """Fills a queue, lets a program empty it, and says what that took.

        Under `settle = journal` the queue is empty long before the scripts have run: `is_done_at` is a text that the
        log has as often as there are messages when they have.
        """
        queue = self.fill(count)
        command = make_command(queue)
        watcher = subprocess.Popen(
            [self.bin / "watch-queue", self.url, queue, str(count)], stdout=subprocess.PIPE, text=True
        )
        self.processes.append(watcher)
        if watcher.stdout.readline() != "watching\n":
            raise Failure("watch-queue did not begin to watch; its words are above")
        log = self.scratch / f"{queue}.log"
        process = self.start(command, log)
        try:
            if watcher.stdout.readline() != "half\n":
                raise Failure(f"{name} did not empty half of its queue")
            at_half, cpu_at_half = memory(process, "VmRSS"), cpu(process)
            stamps = watcher.stdout.readline().split()
            if watcher.wait() != 0 or len(stamps) != 3:
                raise Failure(f"{name} did not empty its queue")
            at_end, peak, cpu_at_end = memory(process, "VmRSS"), memory(process, "VmHWM"), cpu(process)
            self.wait_until_acknowledged(name, queue)
            last = self.wait_until_said(name, log, is_done_at, count) if is_done_at else int(stamps[2])
            if is_done_at:
                cpu_at_end = cpu(process)
            if not ends_by_itself:
                process.send_signal(signal.SIGTERM)
            ended = Ended(process, 60)
            if ended.status != 0:
                raise Failure(f"{name} ended with status {ended.status}")
        except Failure as failure:
            tail = log.read_text(errors="replace").splitlines()[-20:]
            raise Failure("\n".join([str(failure), f"the last lines of its log, {log.name}:", *tail])) from None
        subprocess.run(["amqp-delete-queue", "-u", self.url, "-q", queue], check=True, stdout=subprocess.DEVNULL)
        first = int(stamps[0])
        result = {
            "rate": count / ((last - first) / 1e9),
            "cpu_us": ended.own / count * 1e6,
            "cpu_steady_us": (cpu_at_end - cpu_at_half) / (count / 2) * 1e6 if cpu_at_end and cpu_at_half else None,
            "children_cpu_us": ended.children / count * 1e6,
            "rss_half_mb": at_half,
            "rss_end_mb": at_end,
            "rss_peak_mb": peak,
        }
        say(f"  {name}: {result['rate']:.0f}/s, {result['cpu_us']:.1f} us CPU each")
        return result

    def wait_until_said(self, name, log, text, count):
        """When a log had a text so and so often: nanoseconds of the monotonic clock."""
        found, rest, deadline = 0, b"", time.monotonic() + 300
        with open(log, "rb") as lines:
            while found < count:
                chunk = lines.read()
                *whole, rest = (rest + chunk).split(b"\n")
                found += sum(text in line for line in whole)
                if time.monotonic() > deadline:
                    raise Failure(f"{name} said '{text.decode()}' {found} times instead of {count} times")
                if not chunk:
                    time.sleep(0.002)
        return time.monotonic_ns()

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

    def spawn_loop(self, count, in_flight):
        program = self.bin / "read-input"
        fields = dict(
            field.split("=") for field in self.tool("spawn-loop", program, str(count), str(in_flight)).split()
        )
        result = {
            "rate": float(fields["runs_per_second"]),
            "cpu_us": float(fields["cpu_us_per_run"]),
            "children_cpu_us": float(fields["child_cpu_us_per_run"]),
        }
        say(f"  spawn loop, {in_flight} in flight: {result['rate']:.0f}/s, {result['cpu_us']:.1f} us CPU each")
        return result

    def configuration(self, name, queue, actions, more="", settle="journal"):
        """A configuration with a journal of its own."""
        path = self.scratch / f"{name}.conf"
        journal = self.state / f"{queue}.sqlite"
        path.write_text(
            f"[DEFAULT]\nurl = {self.url}\nqueues = {queue}\nsettle = {settle}\n{more}\n"
            f"[journal]\npath = {journal}\n[api]\nsocket = {self.state}/socket\n{actions}"
        )
        return [*self.onevent, "run", "-c", str(path)]

    # The scenarios.

    def unmatched(self, count, pairs):
        """Ten actions, none of which takes the event: eight name others, two have a condition that does not hold."""
        program = self.bin / "read-input"
        actions = "".join(
            f"[other-{number}]\nevents = {name}\nscript = {program}\n" for number, name in enumerate(OTHER_TYPES)
        )
        for purpose in ("production", "staging"):
            actions += (
                f"[{purpose}]\nevents = esi_leap.lease.fulfill.end\nscript = {program}\n"
                f'script_params = node_name\nfilter_params = {{"purpose": "{purpose}"}}\n'
            )
        samples = {"onevent": [], "C consumer": []}
        for _ in range(pairs):
            samples["onevent"].append(
                self.drain(
                    "onevent",
                    lambda queue: self.configuration("unmatched", queue, actions, "prefetch = 500"),
                    count,
                    ends_by_itself=False,
                )
            )
            samples["C consumer"].append(
                self.drain(
                    "C consumer",
                    lambda queue: [self.bin / "consume", self.url, queue, str(count), "500", "100"],
                    count,
                    ends_by_itself=True,
                )
            )
        return samples

    def many_actions(self, count, pairs):
        """Ten actions that name the event's type, with a condition that does not hold: alone, and among 9 990 others.

        Half of the others name another type, half a pattern. Reading that configuration is not part of the cost per
        event: compare the second half of the queue.
        """
        ten = "".join(
            f"[hot-{number}]\nevents = esi_leap.lease.fulfill.end\nscript = /bin/true\n"
            f'filter_params = {{"purpose": "hot-{number}"}}\n'
            for number in range(10)
        )
        others = "".join(
            f"[cold-{number}]\nevents = {f'service.other.{number}.end' if number % 2 else f'*.other.{number}.#'}\n"
            "script = /bin/true\n"
            for number in range(9_990)
        )
        samples = {"onevent": [], "10 actions": []}
        for _ in range(pairs):
            for name, label, actions in (("onevent", "10 000 actions", ten + others), ("10 actions", "10 actions", ten)):
                samples[name].append(
                    self.drain(
                        label,
                        lambda queue, actions=actions: self.configuration("many", queue, actions, "prefetch = 500"),
                        count,
                        ends_by_itself=False,
                    )
                )
        return samples

    def accepted(self, count, pairs, batch=100):
        """Events that an action only observes, on their way into the journal."""
        action = "[hot]\nevents = esi_leap.lease.fulfill.end\nscript = /bin/true\nenabled = observe\n"
        samples = {"onevent": [], "C inserter": []}
        for _ in range(pairs):
            samples["onevent"].append(
                self.drain(
                    "onevent",
                    lambda queue: self.configuration("accepted", queue, action),
                    count,
                    ends_by_itself=False,
                )
            )
            samples["C inserter"].append(
                self.drain(
                    "C inserter",
                    lambda queue: [self.bin / "journal", self.url, queue, str(count), self.new_journal(), str(batch)],
                    count,
                    ends_by_itself=True,
                )
            )
        return samples

    def new_journal(self):
        """An empty journal, as onevent makes it."""
        self.queues += 1
        name = f"empty-{self.queues}"
        action = "[none]\nevents = none\nscript = /bin/true\n"
        log = self.scratch / f"{name}.log"
        process = self.start(self.configuration(name, name, action), log)
        self.wait_until_said("onevent", log, b"source connected", 1)
        process.send_signal(signal.SIGTERM)
        if Ended(process, 60).status != 0:
            raise Failure(f"onevent did not end well: {log.read_text(errors='replace')}")
        return str(self.state / f"{name}.sqlite")

    def settled(self, count, pairs):
        """Events that start a program, four in flight: acknowledged by the journal, and by the end of the run."""
        program = self.bin / "read-input"
        action = (
            f"[hot]\nevents = esi_leap.lease.fulfill.end\nscript = {program}\norder_by = none\n"
            "\n[scripts]\nmax_concurrent = 4\n"
        )
        samples = {"onevent": [], "settle = run": []}
        for _ in range(pairs):
            for name, settle in (("onevent", "journal"), ("settle = run", "run")):
                samples[name].append(
                    self.drain(
                        f"settle = {settle}",
                        lambda queue, settle=settle: self.configuration("settled", queue, action, settle=settle),
                        count,
                        ends_by_itself=False,
                        is_done_at=b"run succeeded",
                    )
                )
        return samples

    def matched(self, count, pairs, in_flight):
        program = self.bin / "read-input"
        action = (
            f"[hot]\nevents = esi_leap.lease.fulfill.end\nscript = {program}\norder_by = none\n"
            f"\n[scripts]\nmax_concurrent = {in_flight}\n"
        )
        samples = {"onevent": [], "spawn loop": [], "consume-spawn": [], "amqp-consume": []}
        for _ in range(pairs):
            samples["onevent"].append(
                self.drain(
                    f"onevent, {in_flight} in flight",
                    lambda queue: self.configuration(f"matched-{in_flight}", queue, action),
                    count,
                    ends_by_itself=False,
                    is_done_at=b"run succeeded",
                )
            )
            samples["spawn loop"].append(self.spawn_loop(count, in_flight))
            samples["consume-spawn"].append(
                self.drain(
                    f"consume-spawn, {in_flight} in flight",
                    lambda queue: [
                        self.bin / "consume-spawn", self.url, queue, str(count), str(in_flight), program,
                    ],
                    count,
                    ends_by_itself=True,
                )
            )  # fmt: skip
            samples["amqp-consume"].append(
                self.drain(
                    "amqp-consume",
                    lambda queue: ["amqp-consume", "-u", self.url, "-q", queue, "-p", "16", "-c", str(count), program],
                    count,
                    ends_by_itself=True,
                )
            )
        return samples


# The report.


def column(samples, field):
    return [sample[field] for sample in samples if sample.get(field) is not None]


def median(samples, field):
    values = column(samples, field)
    return statistics.median(values) if values else None


def ratios(ours, other, field):
    return [a[field] / b[field] for a, b in zip(ours, other) if a.get(field) is not None and b.get(field)]


def number(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}".replace(",", " ")


def row(what, ours, other, pairs=(), aim="", digits=0):
    ratio = ""
    if pairs:
        ratio = f"{statistics.median(pairs):.2f} ({min(pairs):.2f} .. {max(pairs):.2f})"
    print(f"  {what:<34}{number(ours, digits):>10}{number(other, digits):>14}  {ratio:<22}{aim}")


def table(title, samples, other, aims):
    ours, theirs = samples["onevent"], samples[other]
    print(f"\n{title}")
    print(f"  {'':<34}{'onevent':>10}{other:>14}  {'ratio (min .. max)':<22}aim")
    row("per second", median(ours, "rate"), median(theirs, "rate"), ratios(ours, theirs, "rate"), aims.get("rate", ""))
    row(
        "CPU of the process, us each",
        median(ours, "cpu_us"), median(theirs, "cpu_us"), ratios(ours, theirs, "cpu_us"), aims.get("cpu", ""), 1,
    )  # fmt: skip
    row(
        "CPU in the second half, us each",
        median(ours, "cpu_steady_us"), median(theirs, "cpu_steady_us"), ratios(ours, theirs, "cpu_steady_us"),
        aims.get("steady", ""), 1,
    )  # fmt: skip
    if any(column(ours, "children_cpu_us")):
        row(
            "CPU of what it started, us each",
            median(ours, "children_cpu_us"), median(theirs, "children_cpu_us"), digits=1,
        )  # fmt: skip
    for field, name, aim in (
        ("rss_half_mb", "memory at half, MB", ""),
        ("rss_end_mb", "memory at the end, MB", "flat"),
        ("rss_peak_mb", "memory at its peak, MB", "< 40"),
    ):
        row(name, median(ours, field), median(theirs, field), aim=aim, digits=1)


def machine():
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{os.cpu_count()} x {model}, load {os.getloadavg()[0]:.1f}, kernel {os.uname().release}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "onevent", "programs", "scratch", "message", "control", "broker"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--user", help="the number of the user that onevent runs as; default: this one")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=("unmatched", "many_actions", "matched", "journal"))
    arguments = parser.parse_args()
    if not shutil.which("amqp-consume"):
        raise Failure("there is no amqp-consume in PATH; install amqp-tools")

    unmatched_count, matched_count, pairs = (20_000, 500, 1) if arguments.quick else (1_000_000, 5_000, 5)
    bench = Bench(arguments)
    results = {"machine": machine(), "unmatched_count": unmatched_count, "matched_count": matched_count, "pairs": pairs}
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if arguments.only in (None, "unmatched"):
            say(f"{unmatched_count} events that match nothing, {pairs} pair(s)")
            results["unmatched"] = bench.unmatched(unmatched_count, pairs)
        if arguments.only in (None, "many_actions"):
            say(f"{unmatched_count // 5} events that match none of 10 000 actions, {pairs} pair(s)")
            results["many_actions"] = bench.many_actions(unmatched_count // 5, pairs)
        if arguments.only in (None, "journal"):
            say(f"{matched_count * 4} events into the journal, {pairs} pair(s)")
            results["accepted"] = bench.accepted(matched_count * 4, pairs)
            say(f"{matched_count} events that start a program, settled by the journal and by the run, {pairs} pair(s)")
            results["settled"] = bench.settled(matched_count, pairs)
        for in_flight in (1, 4) if arguments.only in (None, "matched") else ():
            say(f"{matched_count} events that start a program, {in_flight} in flight, {pairs} pair(s)")
            results[f"matched_{in_flight}"] = bench.matched(matched_count, pairs, in_flight)
    finally:
        bench.end_all()

    if arguments.json:
        json.dump(results, sys.stdout, indent=2)
        print()
        return
    report(results)


def report(results):
    unmatched_count, matched_count, pairs = (results[key] for key in ("unmatched_count", "matched_count", "pairs"))
    print(results["machine"])
    if "unmatched" in results:
        table(
            f"{unmatched_count} lease events that match none of 10 actions, prefetch 500, {pairs} pair(s), medians",
            results["unmatched"], "C consumer", {"rate": ">= 0.90", "cpu": "<= 2.00"},
        )  # fmt: skip
    if "many_actions" in results:
        table(
            f"{unmatched_count // 5} lease events, 10 000 actions of which 10 name their type, beside those 10 alone",
            results["many_actions"], "10 actions", {"rate": ">= 0.95", "steady": "1"},
        )  # fmt: skip
    if "accepted" in results:
        table(
            f"{matched_count * 4} lease events into the journal, no script, {pairs} pair(s), medians",
            results["accepted"], "C inserter", {"rate": ">= 0.70"},
        )  # fmt: skip
        table(
            f"{matched_count} lease events that start a tiny program, 4 in flight: settle = journal beside run",
            results["settled"], "settle = run", {"rate": ">= 0.85"},
        )  # fmt: skip
    for in_flight, loop, consume in ((1, ">= 0.75", ""), (4, ">= 0.85", "> 1.00")):
        samples = results.get(f"matched_{in_flight}")
        if samples is None:
            continue
        title = f"{matched_count} lease events that start a tiny program, {in_flight} in flight, {pairs} pair(s), medians"
        table(title, samples, "spawn loop", {"rate": loop})
        table("the same beside the least that takes them from the broker", samples, "consume-spawn", {})
        table("the same beside amqp-consume (always one in flight)", samples, "amqp-consume", {"rate": consume})


try:
    main()
except Failure as failure:
    sys.exit(f"bench: {failure}")
except KeyboardInterrupt:
    sys.exit(130)
