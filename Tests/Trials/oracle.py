# SPDX-License-Identifier: Apache-2.0
"""The judge: what was published, what the journal says, what the scripts say, and whether that goes together."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

KINDS = ("lost", "doubled", "unknown", "unexplained", "overlapping", "disordered")


@dataclass(frozen=True)
class Work:
    """What an action makes of an event when nothing disturbs it."""

    state: str = "succeeded"
    # Attempts that fail before the one that decides.
    failures: int = 0
    # Attempts that its `retries` allow beside the first.
    retries: int = 0


@dataclass
class Expectation:
    """Event id to action to work: the runs that there have to be, and no others."""

    runs: dict[str, dict[str, Work]]
    # Bodies that nobody can decode; each is recorded at least once, since it has no identity.
    undecodable: int = 0


@dataclass
class Disturbance:
    """What may explain that something was done again."""

    # Ends of the daemon that it did not choose: each may cut off what ran then.
    interruptions: int = 0
    # Injected errors: each may make one attempt fail that would have succeeded.
    faults: int = 0


@dataclass
class Verdict:
    findings: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    started: int = 0
    completed: int = 0
    started_again: int = 0

    def add(self, kind, text):
        self.findings[kind].append(text)

    @property
    def is_clean(self):
        return not any(self.findings.values())

    def count(self, kind):
        return len(self.findings[kind])

    def lines(self):
        return [f"{kind}: {text}" for kind, texts in self.findings.items() for text in texts]


def judge(expectation, journal, testimonies, disturbance):
    """Compares the three. What it says is complete: every violation, not the first."""
    verdict = Verdict()
    _judge_events(expectation, journal, verdict)
    runs_of = _judge_runs(expectation, journal, verdict)
    starts = _judge_testimonies(journal, testimonies, verdict)
    for run, work in runs_of:
        _judge_attempts(run, work, starts[run.id], disturbance, verdict)
    _judge_order(journal, testimonies, verdict)
    return verdict


def _judge_events(expectation, journal, verdict):
    copies = Counter(event.id for event in journal.events.values() if event.result == "matched")
    for identity in expectation.runs.keys() - copies.keys():
        verdict.add("lost", f"event {identity} was confirmed by the broker and is not in the journal")
    for identity, count in copies.items():
        if identity not in expectation.runs:
            verdict.add("unknown", f"event {identity} is in the journal and was never published")
        elif count > 1:
            verdict.add("doubled", f"event {identity} is in the journal {count} times")
    undecodable = sum(event.result == "undecodable" for event in journal.events.values())
    if undecodable < expectation.undecodable:
        verdict.add("lost", f"{undecodable} of {expectation.undecodable} undecodable messages are in the journal")
    if undecodable and not expectation.undecodable:
        verdict.add("unknown", f"{undecodable} messages are undecodable in the journal and all were well-formed")


def _judge_runs(expectation, journal, verdict):
    """Which runs there are, and how they ended. Returns those that are expected, with what was expected of them."""
    found = defaultdict(list)
    for run in journal.runs.values():
        event = journal.events.get(run.event)
        if event is None:
            verdict.add("unknown", f"run {run.number} belongs to event {run.event}, which is not in the journal")
        else:
            found[event.id, run.action].append(run)
    known = []
    for (identity, action), runs in found.items():
        work = expectation.runs.get(identity, {}).get(action)
        if work is None:
            verdict.add("unknown", f"run {runs[0].number}: no event {identity} was to be taken by action {action}")
            continue
        if len(runs) > 1:
            numbers = ", ".join(str(run.number) for run in runs)
            verdict.add("doubled", f"event {identity} has the runs {numbers} of action {action}")
        for run in runs:
            known.append((run, work))
            if run.state == work.state:
                verdict.completed += 1
            else:
                verdict.add("lost", f"run {run.number} of {action} for {identity} is {run.state}, not {work.state}")
    for identity, actions in expectation.runs.items():
        for action in actions:
            if identity in journal.event_ids and (identity, action) not in found:
                verdict.add("lost", f"event {identity} is in the journal without its run of action {action}")
    return known


def _judge_testimonies(journal, testimonies, verdict):
    """What the scripts say of runs that the journal does not know, and of each other."""
    by_id = {run.id: run for run in journal.runs.values()}
    starts = defaultdict(Counter)
    for said in testimonies:
        run = by_id.get(said.run)
        if said.what == "overlap":
            verdict.add("overlapping", f"attempt {said.attempt} of run {said.run} began while another was at work")
        if said.what in ("start", "overlap"):
            verdict.started += 1
            starts[said.run][said.attempt] += 1
        if run is None:
            verdict.add("unknown", f"a script ran for run {said.run} of {said.action}, which is not in the journal")
        elif said.attempt not in (attempt.number for attempt in run.attempts):
            verdict.add("unknown", f"a script ran for attempt {said.attempt} of run {run.number}, without a start mark")
    verdict.started_again = sum(sum(attempts.values()) > 1 for attempts in starts.values())
    return starts


def _judge_attempts(run, work, starts, disturbance, verdict):
    """Whether interruptions, retries and faults explain how often it was started."""
    name = f"run {run.number} of {run.action}"
    for attempt, count in starts.items():
        if count > 1:
            verdict.add("unexplained", f"{name}: attempt {attempt} was started {count} times")
    for attempt in run.attempts:
        if attempt.ended is None and run.state != "running":
            verdict.add("unexplained", f"{name} is {run.state}, and its attempt {attempt.number} has no end")
        if starts[attempt.number] == 0 and not attempt.is_interrupted and not attempt.did_not_start:
            verdict.add("unexplained", f"{name}: attempt {attempt.number} {attempt.outcome}, but no script ran")
    interrupted = sum(attempt.is_interrupted for attempt in run.attempts)
    if interrupted > disturbance.interruptions:
        verdict.add(
            "unexplained", f"{name} was interrupted {interrupted} times by {disturbance.interruptions} interruptions"
        )
    # A fault may make an attempt fail, which the run's retries then make good; more than they allow it never does.
    allowed = 1 + min(work.failures + disturbance.faults, max(work.retries, work.failures))
    starved = sum(attempt.lacked_something for attempt in run.attempts)
    if starved > disturbance.faults:
        verdict.add("unexplained", f"{name} lacked something {starved} times by {disturbance.faults} faults")
    whole = len(run.attempts) - interrupted - starved
    if whole > allowed:
        verdict.add("unexplained", f"{name} was tried {whole} times beside interruptions; {allowed} are explained")
    successes = [attempt.number for attempt in run.attempts if attempt.is_success]
    if len(successes) > 1:
        verdict.add("doubled", f"{name} succeeded in the attempts {', '.join(map(str, successes))}")
    if successes and successes[0] != run.attempts[-1].number:
        verdict.add("unexplained", f"{name} was tried again after its attempt {successes[0]} had succeeded")
    if run.state == "succeeded" and not successes:
        verdict.add("unexplained", f"{name} is said to have succeeded, and none of its attempts did")


def _judge_order(journal, testimonies, verdict):
    """Within a lane a run starts when the one before it has ended, in the order of their places."""
    times = defaultdict(list)
    for said in testimonies:
        times[said.run].append(said.time)
    lanes = defaultdict(list)
    for run in journal.runs.values():
        # One that a person has to decide about leaves its lane, and joins it again at the end.
        if run.lane is not None and run.id in times and not run.is_replay:
            lanes[run.lane].append(run)
    for runs in lanes.values():
        runs.sort(key=lambda run: run.place)
        for earlier, later in zip(runs, runs[1:]):
            if min(times[later.id]) < max(times[earlier.id]):
                verdict.add(
                    "disordered",
                    f"run {later.number} of {later.action} started before run {earlier.number}, which is ahead of it"
                    " in its lane, had ended",
                )
