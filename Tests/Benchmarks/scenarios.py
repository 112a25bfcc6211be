# SPDX-License-Identifier: Apache-2.0
"""The scenarios: what runs beside what, and the rows of the table that come of it.

The first paragraph of each says what it measures and why it is fair.
"""

import json
import math
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from measuring import Ended, Failure, Program, cpu, memory, proportional, say
from report import Aim, Row

TYPE = "esi_leap.lease.fulfill.end"
DONE = b"run succeeded"


def grouped(count):
    return f"{count:,}".replace(",", " ")


def column(samples, field):
    return [sample[field] for sample in samples]


def median(samples, field):
    values = [sample[field] for sample in samples if sample.get(field) is not None]
    return statistics.median(values) if values else None


def compared(number, what, samples, other, aim=None, field="rate", unit="/s", digits=0):
    """A row of two sides of a comparison."""
    mine, theirs = samples["onevent"], samples[other]
    row = Row(
        number,
        what,
        other,
        unit,
        column(mine, field),
        column(theirs, field),
        aim=aim,
        digits=digits,
    )
    if field == "rate":
        row.cpu = [(median(side, "cpu_us"), median(side, "children_cpu_us")) for side in (mine, theirs)]
        row.rss = [median(side, "rss_mb") for side in (mine, theirs)]
    return row


# What other scenarios and the growth series measure with.


def ten_actions(program):
    """Ten actions, none of which takes the event: eight name others, two have a condition that does not hold."""
    others = (
        "esi_leap.lease.delete.start", "esi_leap.lease.delete.end", "esi_leap.lease.delete.error",
        "esi_leap.lease.fulfill.start", "esi_leap.lease.fulfill.error", "esi_leap.offer.*",
        "baremetal.node.#", "compute.instance.#",
    )  # fmt: skip
    text = "".join(f"[other-{number}]\nevents = {name}\nscript = {program}\n" for number, name in enumerate(others))
    for purpose in ("production", "staging"):
        text += (
            f"[{purpose}]\nevents = {TYPE}\nscript = {program}\nscript_params = node_name\n"
            f'filter_params = {{"purpose": "{purpose}"}}\n'
        )
    return text


def many_actions(program, count, hot=10):
    """Actions of which none takes the event: some name its type with five conditions, of which only the last does not
    hold; of the others half name other types, half are patterns."""
    texts = [
        f"[hot-{number}]\nevents = {TYPE}\nscript = {program}\n"
        'filter_params = {"node_name": "^MOC", "resource_type": "ironic_node", "node_properties.cpu_arch": "x86_64", '
        f'"node_power_state": "power on", "purpose": "hot-{number}"}}\n'
        for number in range(min(hot, count))
    ]
    return texts + [
        f"[cold-{number}]\nevents = {f'service.other.{number}.end' if number % 2 else f'*.other.{number}.#'}\n"
        f"script = {program}\n"
        for number in range(count - min(hot, count))
    ]


def unmatched_daemon(bench, actions, name="onevent"):
    return Program(name, lambda queue: bench.daemon(queue, actions, source="prefetch = 500"), "empty")


def consumer(bench, count):
    return Program("C consumer", lambda queue: [bench.bin / "consume", bench.url, queue, str(count), "500", "100"])


def python_listener(bench, count, actions):
    """On the very configuration file that onevent has."""
    return Program(
        "Python listener",
        lambda queue: [
            "/usr/bin/python3", Path(__file__).with_name("pika-listener.py"), bench.url, queue, str(count),
            *bench.configuration(queue, actions),
        ],
        "stamps",
    )  # fmt: skip


# The scenarios.


def unmatched(bench):
    """1, 5: events that match nothing, 10 actions, beside a C consumer that looks at no byte and a Python listener: queues
    filled before, prefetch 500 and acknowledgement of many at once; the listener acknowledges nothing."""
    count = 10_000 if bench.quick else 200_000
    actions = ten_actions(bench.bin / "read-input")
    samples = bench.in_turn([
        ("onevent", lambda: bench.drain(unmatched_daemon(bench, actions), count)),
        ("C consumer", lambda: bench.drain(consumer(bench, count), count)),
        ("Python listener", lambda: bench.drain(python_listener(bench, count, actions), count)),
    ])  # fmt: skip
    each = {"field": "cpu_us", "unit": "µs CPU", "digits": 1}
    return samples, [
        compared("1", f"{grouped(count)} events that match nothing", samples, "C consumer", Aim(at_least=0.95)),
        compared("1", "CPU of each", samples, "C consumer", Aim(at_most=1.7), **each),
        compared("5", "events that match nothing", samples, "Python listener", Aim(at_least=1.6)),
        compared("5", "CPU of each", samples, "Python listener", Aim(at_most=0.25), **each),
    ]


def actions(bench):
    """2: as 1 with 10 000 actions, ten of which name the events' type with five conditions each, beside those ten
    alone: the same program, settings and events."""
    count = 10_000 if bench.quick else 200_000
    program = bench.bin / "read-input"
    sides = {"onevent": 10_000, "10 actions": 10}

    def side(name, number):
        daemon = unmatched_daemon(bench, many_actions(program, number), f"{number} actions")
        return name, lambda: bench.drain(daemon, count)

    samples = bench.in_turn([side(name, number) for name, number in sides.items()])
    row = compared("2", "events that match none of 10 000 actions", samples, "10 actions", Aim(at_least=0.95))
    # To read 10 000 actions is no cost of an event.
    row.cpu = [(median(samples[name], "cpu_second_half_us"), 0) for name in sides]
    return samples, [row]


def best_prefetch(bench, program, count):
    rates = {}
    for prefetch in (1, 16, 100, 500):
        rates[prefetch] = bench.drain(amqp_consume(bench, program, count, prefetch), count)["rate"]
    return max(rates, key=rates.get), rates


def amqp_consume(bench, program, count, prefetch):
    command = ["amqp-consume", "-u", bench.url, "-p", str(prefetch), "-c", str(count), "-q"]
    return Program("amqp-consume", lambda queue: [*command, queue, program])


def spawn_loop(bench, program, count, in_flight):
    said = bench.tool("spawn-loop", program, count, in_flight).split()
    fields = {name: float(value) for name, value in (field.split("=") for field in said)}
    say(f"  spawn loop: {fields['runs_per_second']:.0f}/s, {fields['cpu_us_per_run']:.1f} us CPU each")
    return {
        "rate": fields["runs_per_second"],
        "cpu_us": fields["cpu_us_per_run"],
        "children_cpu_us": fields["child_cpu_us_per_run"],
    }


def matched(bench):
    """3, 4, 5: events that each start a tiny static program that reads its input, from the first event taken until the
    last program has ended, journal and log as by default: beside a bare posix_spawn loop, which has no broker and both
    processors for itself, the least that also takes messages from the broker, amqp-consume, and the Python listener,
    which knows only one at a time."""
    count = 300 if bench.quick else 5_000
    program = bench.bin / "read-input"
    prefetch, tried = (16, {}) if bench.quick else best_prefetch(bench, program, count)
    results, rows = {"amqp_consume_rate_by_prefetch": tried}, []
    for in_flight in (1, 4, 16):
        say(f"  {in_flight} in flight")
        action = f"[hot]\nevents = {TYPE}\nscript = {program}\norder_by = none\n"
        action += f"\n[scripts]\nmax_concurrent = {in_flight}\n"
        daemon = Program("onevent", lambda queue, action=action: bench.daemon(queue, action), DONE)
        least = Program(
            "consume-spawn",
            lambda queue, in_flight=in_flight: [
                bench.bin / "consume-spawn", bench.url, queue, str(count), str(in_flight), program,
            ],
        )  # fmt: skip
        sides = [
            ("onevent", lambda daemon=daemon: bench.drain(daemon, count)),
            ("spawn loop", lambda in_flight=in_flight: spawn_loop(bench, program, count, in_flight)),
            ("consume-spawn", lambda least=least: bench.drain(least, count)),
        ]
        if in_flight <= 4:
            sides.append(("amqp-consume", lambda: bench.drain(amqp_consume(bench, program, count, prefetch), count)))
        if in_flight == 4:
            # Its values are words of a shell: the action has none.
            listener = python_listener(bench, count, action)
            sides.append(("Python listener", lambda: bench.drain(listener, count)))
        samples = results[f"{in_flight}_in_flight"] = bench.in_turn(sides)
        aims = {
            "spawn loop": Aim(at_least=0.75 if in_flight == 1 else 0.9),
            "consume-spawn": None,
            "amqp-consume": Aim(at_least=0.9 if in_flight == 1 else 1.3),
            "Python listener": Aim(at_least=2.8),
        }
        for other, _ in sides[1:]:
            number = {"amqp-consume": "4", "Python listener": "5"}.get(other, "3")
            row = compared(number, f"events that start a program, {in_flight} in flight", samples, other, aims[other])
            if other == "amqp-consume":
                row.note = f"with prefetch {prefetch}" + ("" if bench.quick else ", the best of 1, 16, 100 and 500")
            rows.append(row)
    return results, sorted(rows, key=lambda row: row.number)


def latency(bench):
    """6: from before an event is published until the first instruction of the script that it starts, one at a time with
    a pause of 1 ms, beside amqp-consume: the same static program, publisher and clock, blocks in turn while both wait
    for events."""
    blocks, count = (2, 20) if bench.quick else (10, 200)
    fifo, stamp = bench.scratch / "report", bench.bin / "stamp"
    os.mkfifo(fifo)
    fifo.chmod(0o666)
    ours, theirs = bench.fill(1), bench.fill(1)
    action = f"[hot]\nevents = {TYPE}\nscript = {stamp}\n"
    log = bench.scratch / f"{ours}.log"
    # The one message of each queue that is there already reports to nobody.
    reader = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    daemon, _ = bench.started(bench.daemon(ours, action), log)
    command = ["amqp-consume", "-u", bench.url, "-q", theirs, "-p", "1", stamp]
    other = bench.start(command, bench.scratch / f"{theirs}.log")
    deadline, reports = time.monotonic() + 30, b""
    while len(reports) < 16:
        try:
            reports += os.read(reader, 16)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Failure("a script did not report its start") from None
            time.sleep(0.01)
    os.close(reader)
    samples = {"onevent": [[] for _ in range(blocks)], "amqp-consume": [[] for _ in range(blocks)]}
    command = (bench.url, fifo, bench.message, bench.published, blocks, count, ours, theirs)
    for line in bench.tool("latency", *command).splitlines():
        queue, block, nanoseconds = map(int, line.split())
        samples[("onevent", "amqp-consume")[queue]][block].append(nanoseconds / 1e6)
    bench.end(daemon, "onevent")
    other.kill()
    Ended(other, 10)
    for queue in (ours, theirs):
        bench.remove(queue)

    def of_all(name, share):
        return percentile([value for block in samples[name] for value in block], share)

    def of_blocks(name):
        return [percentile(block, 50) for block in samples[name]]

    what = f"publish to first instruction, {grouped(blocks * count)} events"
    rows = [Row("6", f"{what}: p50", "amqp-consume", "ms", of_blocks("onevent"), of_blocks("amqp-consume"), digits=3)]
    rows[0].aim = Aim(at_most=0.4, of="difference")
    for share, aim in ((99, Aim(at_most=1.0)), (99.9, None)):
        pair = [[of_all(name, share)] for name in ("onevent", "amqp-consume")]
        rows.append(Row("6", f"p{share}", "amqp-consume", "ms", *pair, aim=aim, digits=3))
    for name in samples:
        say(f"  {name}: p50 {of_all(name, 50):.3f} ms, p99 {of_all(name, 99):.3f} ms")
    return samples, rows


def percentile(values, share):
    """The smallest value that so many of a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * share / 100) - 1]


def accepted(bench):
    """7: events that an action only observes, on their way into the journal, beside a C program that inserts the same
    rows into a journal that onevent made, in batches as large as onevent's were on average."""
    count = 5_000 if bench.quick else 50_000
    action = f"[hot]\nevents = {TYPE}\nscript = /bin/true\nenabled = observe\n"
    batches = []

    def ask(process, queue, used):
        metrics = dict(line.rsplit(" ", 1) for line in bench.ask("metrics", queue).splitlines() if line[0] != "#")
        batches.append(count / float(metrics["onevent_journal_commit_seconds_count"]))
        return {"batch": batches[-1], "cpu_later_us": (until_idle(process) - used) / count * 1e6}

    daemon = Program("onevent", lambda queue: bench.daemon(queue, action), "empty", ask)
    inserter = Program(
        "C inserter",
        lambda queue: [
            bench.bin / "journal", bench.url, queue, str(count), empty_journal(bench, queue),
            str(max(1, round(statistics.median(batches)))),
        ],
    )  # fmt: skip
    samples = bench.in_turn([
        ("onevent", lambda: bench.drain(daemon, count)), ("C inserter", lambda: bench.drain(inserter, count)),
    ])  # fmt: skip
    row = compared("7", "events accepted into the journal", samples, "C inserter", Aim(at_least=0.8))
    later = median(samples["onevent"], "cpu_later_us")
    row.note = (
        f"batches of {statistics.median(batches):.0f}; onevent takes another {later:.0f} µs CPU for each later, in idle "
        "time, for the index of words"
    )
    return samples, [row]


def until_idle(process):
    """The processor time of a process when it has come to rest."""
    deadline, used = time.monotonic() + 120, cpu(process)
    while True:
        # It looks for words once a second.
        time.sleep(1.5)
        before, used = used, cpu(process)
        if used - before < 0.015 or time.monotonic() > deadline:
            return used


def empty_journal(bench, queue):
    path = bench.state / f"{queue}.sqlite"
    log = bench.scratch / f"{queue}.maker.log"
    # Its own queue is there: it consumes another, empty one.
    other = bench.new_name()
    subprocess.run(["amqp-declare-queue", "-u", bench.url, "-q", other, "-d"], check=True, stdout=subprocess.DEVNULL)
    action = "[none]\nevents = none\nscript = /bin/true\n"
    process, _ = bench.started(bench.daemon(other, action, path=path), log)
    bench.end(process, "onevent")
    bench.remove(other)
    return str(path)


def resident(bench):
    """8: resident memory of the daemon as the kernel tells it: at rest, after events that match nothing, and with runs
    that wait because everything is suspended."""
    count = 5_000 if bench.quick else 1_000_000
    actions = ten_actions(bench.bin / "read-input")
    queue = bench.fill(1)
    process, _ = bench.started(bench.daemon(queue, actions), bench.scratch / f"{queue}.log")
    time.sleep(1 if bench.quick else 10)
    idle = memory(process)
    idle["Pss"] = proportional(process)
    bench.end(process, "onevent")
    bench.remove(queue)
    after = bench.drain(unmatched_daemon(bench, actions), count)
    pending = with_pending(bench, bench.state / "pending.sqlite", count)
    for left in bench.state.glob("pending.sqlite*"):
        left.unlink()
    rows = [
        Row("8", f"memory {when}", "", "MB", [megabytes], aim=Aim(at_most=limit), digits=1)
        for when, megabytes, limit in (
            ("at rest", idle["VmRSS"], 25),
            (f"after {grouped(count)} unmatched", after["rss_mb"], 35),
            (f"with {grouped(count)} pending", pending["rss_mb"], 60),
        )
    ]
    rows[
        0
    ].note = f"{idle['RssAnon']:.1f} anonymous, {idle['RssFile']:.1f} of files; {idle['Pss']:.1f} proportional (Pss)"
    for row, sample in zip(rows[1:], (after, pending)):
        row.note = (
            f"{sample['rss_anonymous_mb']:.1f} anonymous, {sample['rss_files_mb']:.1f} of files; "
            f"peak {sample['rss_peak_mb']:.1f}"
        )
    return {"idle": idle, "after_unmatched": after, "pending": pending}, rows


def with_pending(bench, journal, count):
    """Makes so many runs pending in a journal, suspending everything first where it is new."""
    keys = {"journal": "max_pending = 10000000\nmax_size = 64GiB", "path": journal}
    action = f"[hot]\nevents = {TYPE}\nscript = {bench.bin / 'read-input'}\n"
    if not journal.exists():
        queue = bench.fill(1)
        process, _ = bench.started(bench.daemon(queue, "[none]\nevents = none\nscript = /bin/true\n", **keys),
                                   bench.scratch / f"{queue}.log")  # fmt: skip
        bench.ask("suspend", queue)
        bench.end(process, "onevent")
        bench.remove(queue)
    return bench.drain(Program("onevent", lambda queue: bench.daemon(queue, action, **keys), "empty"), count)


def size(bench):
    """8b: the binary without its symbols, which is what the Debian package installs."""
    stripped = bench.scratch / "stripped"
    subprocess.run(["strip", "-o", stripped, bench.binary], check=True)
    symbols = subprocess.run(["nm", bench.binary], capture_output=True, text=True).stdout
    libraries = subprocess.run(["ldd", bench.binary], capture_output=True, text=True).stdout
    has_foundation = "_foundation_icu" in symbols or "uloc_getDefault_" in symbols
    has_foundation = has_foundation or "libFoundation.so" in libraries or "FoundationI" in libraries
    megabytes = stripped.stat().st_size / 1e6
    row = Row("8b", "stripped binary", "", "MB", [megabytes], aim=Aim(at_most=30), digits=1)
    row.note = "with the full Foundation in it" if has_foundation else "no full Foundation in it"
    row.fails = has_foundation
    return {"mb": megabytes, "full_foundation": has_foundation}, [row]


def start(bench):
    """9: from exec until the log says that the queue is consumed, with 10 000 actions of their own types, half of them
    patterns and a fifth with conditions, beside how long `onevent check` takes for the same file."""
    program = bench.bin / "read-input"
    actions = [
        f"[action-{number}]\nevents = {f'service.kind.{number}.end' if number % 2 else f'*.kind.{number}.#'}\n"
        f"script = {program}\nscript_params = node_name, uuid\n"
        + (f'filter_params = {{"purpose": "^test-{number}$"}}\n' if number % 5 == 0 else "")
        for number in range(10_000)
    ]
    samples = []
    for _ in range(bench.pairs):
        queue = bench.fill(1)
        process, seconds = bench.started(bench.daemon(queue, actions), bench.scratch / f"{queue}.log")
        sample = {"seconds": seconds, "rss_mb": memory(process)["VmRSS"]}
        bench.end(process, "onevent")
        began = time.monotonic()
        bench.ask("check", queue)
        sample["check_seconds"] = time.monotonic() - began
        bench.remove(queue)
        samples.append(sample)
        say(f"  onevent: {seconds:.3f} s, check {sample['check_seconds']:.3f} s")
    row = Row("9", "start with 10 000 actions", "", "s", column(samples, "seconds"), aim=Aim(at_most=1), digits=2)
    row.rss = [median(samples, "rss_mb"), None]
    row.note = (
        f"{min(column(samples, 'seconds')):.2f} .. {max(column(samples, 'seconds')):.2f} s; "
        f"onevent check takes {median(samples, 'check_seconds'):.2f} s"
    )
    return samples, [row]


def matching(bench):
    """10: the cost of matching one event in process, with its allocations counted, beside simdjson's own parse of the
    same body in the same process."""
    what = "matching an event that matches nothing"
    if bench.matching is None:
        return {}, [Row("10", what, "simdjson's parse", "ns", [], [], aim=Aim(at_most=3))]
    samples = []
    for _ in range(bench.pairs):
        command = [bench.matching, bench.message, bench.scratch, "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{bench.matching} failed: {(done.stderr or done.stdout).strip()}")
        samples.append({cost["case"]: cost for cost in json.loads(done.stdout)})

    def of(case, field):
        return [sample[case][field] for sample in samples]

    allocations = max(of("unmatched", "allocations"))
    row = Row("10", what, "simdjson's parse", "ns", of("unmatched", "ns"), of("parse", "ns"), aim=Aim(at_most=3))
    row.note = "; ".join(
        f"{case}: {statistics.median(of(case, 'ns')):.0f} ns, {max(of(case, 'allocations')):g} allocations"
        for case in samples[0]
    )
    row.fails = allocations > 0
    return samples, [row]


# In the order of the table.
SCENARIOS = {
    "unmatched": unmatched,
    "actions": actions,
    "matched": matched,
    "latency": latency,
    "accepted": accepted,
    "memory": resident,
    "size": size,
    "start": start,
    "matching": matching,
}


def check_tools():
    for program, package in (("amqp-consume", "amqp-tools"), ("strip", "binutils")):
        if not shutil.which(program):
            raise Failure(f"there is no {program} in PATH; install {package}")
