#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Kills or disturbs the daemon at every system call of a kind, thread by thread, and has the journal judged after it.

Called by scripts/crash-sweep. First the scenario is played undisturbed while strace counts who calls what; then once
for each thread, call and number, with the fault there, until no fault takes place any more.
"""

import queue
import threading
import time
from collections import defaultdict

import tracing
import trial
from broker import Broker
from oracle import KINDS
from sweep_round import FAIL_POINT, FRESH, RECOVERY, Round, Site

KILLED_CALLS = ("write", "pwrite64", "fdatasync", "sendto", "sendmsg")
FAIL_POINTS = ("before-start", "after-commit", "after-spawn")
# Which errors each call is known to have; an error that it cannot have shows nothing.
ERRORS = {
    "pwrite64": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO", "ENOSPC"),
    "openat": ("EMFILE", "ENOMEM", "EIO"),
    "sendto": ("EIO", "EAGAIN", "ENOMEM"),
    "sendmsg": ("EIO", "EAGAIN", "ENOMEM"),
    "clone3": ("EAGAIN", "ENOMEM"),
    "clone": ("EAGAIN", "ENOMEM"),
    "vfork": ("EAGAIN", "ENOMEM"),
    "pipe2": ("EMFILE", "ENOMEM"),
    "memfd_create": ("EMFILE", "ENOMEM"),
}
# A number of calls differs from play to play: the sweep of a call ends when its fault stayed away so often.
MISSES = 3


class Column:
    """All rounds of one thread and call."""

    def __init__(self, thread, call, effect, numbers, burst=1):
        self.thread, self.call, self.effect, self.burst = thread, call, effect, burst
        self.numbers = iter(numbers)
        self.misses = 0
        self.results = []

    def next(self):
        if self.misses >= MISSES:
            return None
        n = next(self.numbers, None)
        return None if n is None else Site(self.thread, self.call, self.effect, n, self.burst)

    def add(self, result):
        self.results.append(result)
        # In a list of chosen numbers the last may be one too many; what follows is another matter.
        self.misses = 0 if result.fired else self.misses + 1


def spread(count, most):
    """At most so many numbers of 1 … count, the first and the last among them."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1 + round(step * (count - 1) / (most - 1)) for step in range(most)})


def numbers(count, arguments, most):
    """Which of the calls are hit: all, and some that may come; or a few."""
    if not arguments.short:
        # Until none fires any more, in steps where that was asked for.
        return range(1, 65_535, arguments.every)
    return spread(count, most)


def columns(counts, arguments):
    """Everything that is to be tried, the calls of the undisturbed scenario by thread being known."""
    result = []

    def add(thread, call, effect, chosen, burst=1):
        if arguments.thread in (None, thread) and arguments.call in (None, call):
            result.append(Column(thread, call, effect, chosen, burst))

    for (thread, call), count in sorted(counts.items()):
        if arguments.errors:
            # The runtime's own threads end the process when they cannot open /proc/self/task/TID/stat; nothing of ours
            # can prevent that but enough descriptors.
            if call == "openat" and "qos" in thread:
                continue
            for error in ERRORS.get(call, ()):
                add(thread, call, f"error={error}", numbers(count, arguments, 2), arguments.burst)
        elif call in KILLED_CALLS:
            add(thread, call, tracing.KILL, numbers(count, arguments, 3))
    few = [1, 7, 30] if arguments.short else range(1, 65_535)
    if arguments.errors:
        # From the start a fault takes place in every thread, those of the runtime among them: no openat, see above.
        for call in ("pwrite64", "fdatasync"):
            for error in ERRORS[call] if not arguments.short else ERRORS[call][:1]:
                add(RECOVERY, call, f"error={error}", few[:1] if arguments.short else few)
        return result
    for call in ("pwrite64", "fdatasync"):
        for start in (FRESH, RECOVERY):
            add(start, call, tracing.KILL, few)
    for point in FAIL_POINTS:
        add(FAIL_POINT, point, "signal=SIGKILL", [1, 9] if arguments.short else few)
    return result


class Sweep:
    def __init__(self, place, broker, arguments):
        self.place, self.arguments = place, arguments
        self.rounds = [Round(place, broker, worker) for worker in range(arguments.jobs)]
        self.work = queue.Queue()
        self.lock = threading.Lock()
        self.columns = []
        self.failure = None
        self.out_of_time = False
        self.began = time.monotonic()

    def survey(self):
        calls = ERRORS if self.arguments.errors else KILLED_CALLS
        counts, result = self.rounds[0].count(calls)
        if not result.is_clean:
            self.report_violation(self.rounds[0], result)
            raise trial.Failure("the scenario fails even when nothing disturbs it; the sweep would show nothing")
        trial.say(f"undisturbed: {sum(counts.values())} calls of interest in {len({t for t, _ in counts})} threads")
        return counts

    def run(self):
        self.columns = columns(self.survey(), self.arguments)
        if not self.columns:
            raise trial.Failure("there is nothing to try: no thread makes such a call in the scenario")
        for column in self.columns:
            self.work.put(column)
        workers = [threading.Thread(target=self.serve, args=(one,), daemon=True) for one in self.rounds]
        for worker in workers:
            worker.start()
        for worker in workers:
            # Without a limit a signal would wait until the thread has ended.
            while worker.is_alive():
                worker.join(0.5)
        if self.failure is not None:
            raise self.failure

    def serve(self, one):
        try:
            while self.failure is None:
                column = self.take()
                if column is None:
                    return
                site = column.next()
                if site is None:
                    continue
                result = one.play(site)
                with self.lock:
                    column.add(result)
                    self.note(one, result)
                # Another may take the column up again: numbers of one column need no order.
                self.work.put(column)
        except Exception as error:  # whatever ends a worker ends the sweep, and is said
            self.failure = self.failure or error

    def take(self):
        limit = self.arguments.seconds
        if limit is not None and time.monotonic() - self.began > limit:
            self.out_of_time = True
            return None
        try:
            return self.work.get_nowait()
        except queue.Empty:
            return None

    def note(self, one, result):
        what = "no fault" if not result.fired else f"{result.restarts} restart(s)"
        trial.say(f"{result.site}: {what}, {'good' if result.is_clean else 'VIOLATED'}, {result.seconds:.1f} s")
        if not result.is_clean:
            self.report_violation(one, result)

    def report_violation(self, one, result):
        kept = self.place.keep(one.directory, str(result.site).replace(" ", "-").replace("/", "-"))
        for line in result.trouble + result.verdict.lines():
            trial.say(f"  {line}")
        trial.say(f"  kept: {kept}")

    def close(self):
        for one in self.rounds:
            one.close()


def report(sweep):
    """The table; returns whether anything was violated."""
    grouped = defaultdict(list)
    for column in sweep.columns:
        grouped[column.thread, column.call, column.effect.partition("=")[2]] += column.results
    rows, sums = [], [0] * (len(KINDS) + 4)
    for (thread, call, effect), results in grouped.items():
        figures = [
            len(results), sum(result.fired > 0 for result in results), sum(result.restarts for result in results),
            *(sum(result.verdict.count(kind) for result in results) for kind in KINDS),
            sum(len(result.trouble) for result in results),
        ]  # fmt: skip
        sums = [a + b for a, b in zip(sums, figures)]
        rows.append([thread, call, effect, *figures])
    rows.append(["all", "", "", *sums])
    trial.table(["thread", "call", "fault", "rounds", "fired", "restarts", *KINDS, "trouble"], rows)
    took = time.monotonic() - sweep.began
    print(f"{sums[0]} rounds in {took:.0f} s" + (", cut short by --seconds" if sweep.out_of_time else ""))
    # A sweep in which no fault took place has shown nothing.
    if sums[1] == 0:
        print("not one fault took place: nothing was shown")
        return True
    return any(sums[3:])


def main():
    parser = trial.parser(__doc__)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--burst", type=int, default=1)
    parser.add_argument("--thread")
    parser.add_argument("--call")
    arguments = parser.parse_args()
    place = trial.place(arguments)
    broker = Broker(place.scratch / "broker")
    trial.say("starting a private RabbitMQ")
    broker.start()
    sweep = Sweep(place, broker, arguments)
    try:
        sweep.run()
        return 1 if report(sweep) else 0
    finally:
        sweep.close()
        broker.stop()


if __name__ == "__main__":
    trial.conduct(main)
