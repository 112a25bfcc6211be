# SPDX-License-Identifier: Apache-2.0
"""One round of the crash sweep: the scenario with one fault in it, and what became of it."""

import shutil
import signal
import threading
import time
from dataclasses import dataclass, field

import scenario
import tracing
from broker import Publisher
from daemon import CONSUMED, Daemon, ending
from journal_copy import JournalCopy, Unreadable
from oracle import Disturbance, Verdict, judge
from trial import wait_until
from witness_log import WitnessLog

# Names of sites that are no threads.
FRESH = "(start, no journal)"
RECOVERY = "(start, work left)"
FAIL_POINT = "(fail-point)"

QUIET = 20  # seconds without a word of a script, after which a daemon that still has work is stuck
LIVES = 12  # starts of the daemon in one round
# What is cut off and made again waits before it is tried again, longer each time.
PATIENCE = 90


@dataclass(frozen=True)
class Site:
    """Where and when a fault is to take place."""

    thread: str
    # A system call, or the name of a fail-point.
    call: str
    effect: str
    n: int
    # How many times in a row.
    burst: int = 1

    @property
    def when(self):
        return str(self.n) if self.burst == 1 else f"{self.n}..{self.n + self.burst - 1}+"

    @property
    def kills(self):
        return self.effect == tracing.KILL

    def __str__(self):
        return f"{self.thread} {self.call} {self.effect.partition('=')[2]} {self.when}"


@dataclass
class Result:
    site: Site
    fired: int = 0
    restarts: int = 0
    # Violations that are not the oracle's: it crashed, hung or was stuck.
    trouble: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)
    seconds: float = 0

    @property
    def is_clean(self):
        return not self.trouble and self.verdict.is_clean


class Round:
    def __init__(self, place, broker, worker):
        self.place = place
        self.worker = worker
        self.queue = f"sweep-{worker}"
        self.url = broker.url
        self.publisher = Publisher(broker, self.queue).connect()
        self.series = worker * 100_000
        self.directory = None
        self.daemon = None

    def prepare(self):
        """A new directory, an empty queue, new identities."""
        self.series += 1
        if self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)
        # A name of its own: what a script of an earlier round still writes never lands in this one.
        self.directory = self.place.scratch / f"round-{self.series}"
        self.directory.mkdir()
        self.publisher.purge()
        self.witness = WitnessLog(self.directory / "witness")
        self.expected = scenario.expectation(self.series)
        self.trace = self.directory / "strace"
        configuration = scenario.write_configuration(self.directory, self.url, self.queue, self.place.witness)
        self.daemon = Daemon(self.place.onevent, configuration, self.directory / "onevent.log")
        self.interruptions = 0

    def publish(self):
        self.publisher.publish(scenario.messages(self.series))

    def close(self):
        if self.daemon is not None:
            self.daemon.end()
        self.publisher.close()

    def play(self, site):
        """The scenario with a fault at a site."""
        began = time.monotonic()
        self.prepare()
        result = Result(site)
        tracer = None
        try:
            tracer = self._begin(site, result)
            self._complete(result)
        finally:
            self.daemon.end()
            if tracer is not None:
                tracer.end()
        if site.thread == FAIL_POINT:
            result.fired = int(result.restarts > 0)
        else:
            result.fired = tracing.fired(self.trace)
        self._judge(result)
        result.seconds = time.monotonic() - began
        return result

    def count(self, calls):
        """The scenario undisturbed: how often each thread makes each call. The result tells whether it went well."""
        self.prepare()
        result = Result(Site("(none)", "-", "-", 0))
        self.daemon.start()
        self.daemon.wait_for(CONSUMED)
        names = self.daemon.threads()
        tracer = tracing.survey(list(names.values()), calls, self.trace)
        try:
            self.publish()
            self._complete(result)
        finally:
            self.daemon.end()
            tracer.end()
        self._judge(result)
        return tracing.calls_by_thread(self.trace, names), result

    # What happens before the daemon is left to itself.

    def _begin(self, site, result):
        if site.thread == FRESH:
            self._start_traced(site)
            self.publish()
        elif site.thread == RECOVERY:
            self._leave_work(result)
            self._start_traced(site)
        elif site.thread == FAIL_POINT:
            self.daemon.start(variables={"ONEVENT_FAIL_POINT": f"{site.call}:{site.n}"})
            self.publish()
        else:
            self.daemon.start()
            self.daemon.wait_for(CONSUMED)
            thread = self.daemon.threads().get(site.thread)
            tracer = thread and tracing.inject(thread, site.call, site.effect, site.when, self.trace)
            self.publish()
            return tracer
        return None

    def _start_traced(self, site):
        self.daemon.start(wrapper=tracing.from_start(site.call, site.effect, site.when, str(self.trace)))

    def _leave_work(self, result):
        """Kills a daemon in the middle of its work, scripts running."""
        self.daemon.start()
        publishing = threading.Thread(target=self.publish)
        publishing.start()
        wait_until(lambda: len(self.witness.read()) >= 30 or not self.daemon.is_running(), 30)
        self.daemon.kill()
        publishing.join()
        self.interruptions += 1
        result.restarts += 1

    # The daemon is started again until the work is done.

    def _complete(self, result):
        deadline = time.monotonic() + PATIENCE
        lives = 1
        while True:
            self._live(result)
            if self._is_over(result) or result.trouble and lives > 1:
                return
            if lives == LIVES or time.monotonic() > deadline:
                result.trouble.append(f"the work was not done after {lives} starts of the daemon")
                return
            lives += 1
            result.restarts += 1
            self.daemon.start()

    def _live(self, result):
        """One life of the daemon: until its work is done or it ends."""
        heard = (0, time.monotonic())
        while self.daemon.is_running():
            said = self.witness.read()
            if scenario.is_done(said, self.expected) and self._has_ended_every_run(heard[1]):
                self._note_end(result, self.daemon.stop(30))
                return
            if len(said) != heard[0]:
                heard = (len(said), time.monotonic())
            elif time.monotonic() - heard[1] > QUIET:
                result.trouble.append(f"nothing ran for {QUIET} s, and there was work; its last words: {self._words()}")
                self._note_end(result, self.daemon.stop(30))
                return
            time.sleep(0.01)
        self._note_end(result, self.daemon.process.returncode)

    def _has_ended_every_run(self, since):
        """Whether the journal has nothing open; what was cut off twice waits before it is tried again."""
        if time.monotonic() - since > QUIET:
            return True
        try:
            if not self._journal().open_runs():
                return True
        except Unreadable:
            # Copied in the middle of a write.
            pass
        time.sleep(0.1)
        return False

    def _note_end(self, result, status):
        how = ending(status)
        if how != "stopped":
            self.interruptions += 1
        if how == "hung":
            result.trouble.append("it did not stop within 30 s after SIGTERM")
        elif how == "crashed":
            result.trouble.append(f"it crashed with {signal.Signals(-status).name}; its last words: {self._words()}")
        elif how == "killed" and not (result.site.kills or result.site.thread == FAIL_POINT):
            result.trouble.append("it was killed, by whom nobody knows")
        elif how == "gave up" and result.site.kills:
            # Told apart from errors, of which it may give up with a sentence and be started again.
            result.trouble.append(f"it ended by itself with status {status}; its last words: {self._words()}")

    def _words(self):
        return self.daemon.tail(3)

    def _is_over(self, result):
        """Whether nothing is left to do, for the scripts, in the journal, in the queue, and the daemon stopped in order.

        Killed after its last deed, it is started once more: it has to open what the kill left.
        """
        if self.daemon.process.returncode != 0 or not scenario.is_done(self.witness.read(), self.expected):
            return False
        try:
            journal = self._journal()
        except Unreadable:
            return True
        return not journal.open_runs() and self.publisher.ready() == 0

    def _journal(self):
        return JournalCopy(self.directory / "journal.sqlite", self.directory / "copy")

    def _judge(self, result):
        disturbance = Disturbance(self.interruptions, 0 if result.site.kills else result.fired)
        try:
            result.verdict = judge(self.expected, self._journal(), self.witness.read(), disturbance)
        except Unreadable as error:
            result.trouble.append(str(error))
