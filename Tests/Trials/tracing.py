# SPDX-License-Identifier: Apache-2.0
"""Faults in system calls, by strace(1): one thread, one call, the n-th time.

strace counts the calls of each thread it traces by itself. Attached to one thread, it therefore hits that thread and no
other. Started with the program, it follows all its threads, lets its children go at their exec, and hits whichever
thread comes to its n-th call first.
"""

import re
import subprocess
from collections import Counter
from pathlib import Path

from trial import Failure, wait_until

KILL = "signal=SIGKILL"
_FIRED = re.compile(rb"\(INJECTED\)|killed by SIGKILL")


def _injection(call, effect, when):
    return ["-e", f"trace={call}", "-e", f"inject={call}:{effect}:when={when}"]


def from_start(call, effect, when, output):
    """What goes before the daemon's command so that it is traced from its first instruction, and is still our child."""
    return ["strace", "-D", "-f", "-qq", "-b", "execve", "-o", output, *_injection(call, effect, when)]


class Tracer:
    """An strace that is attached to threads of a running process."""

    def __init__(self, threads, arguments, output):
        self.output = output
        command = ["strace", "-qq", "-o", str(output), *arguments]
        for thread in threads:
            command += ["-p", str(thread)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # Ended by itself: a thread is gone already, or may not be traced.
        wait_until(lambda: self.process.poll() is not None or all(map(_is_traced, threads)), 10)
        if self.process.poll() is not None and not all(map(_is_gone, threads)):
            raise Failure(f"strace could not attach: {self.process.stderr.read().decode().strip()}")

    def end(self):
        """Detaches, which leaves the threads as they are."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stderr.close()


def inject(thread, call, effect, when, output):
    """Attaches to one thread, whose n-th call of that name from now on is the one."""
    return Tracer([thread], _injection(call, effect, when), output)


def survey(threads, calls, output):
    """Attaches to threads and only watches."""
    return Tracer(threads, ["-e", "trace=" + ",".join(calls)], output)


def fired(output):
    """How often a fault took place, as strace wrote it down."""
    try:
        text = Path(output).read_bytes()
    except FileNotFoundError:
        return 0
    injected = text.count(b"(INJECTED)")
    return injected or (1 if _FIRED.search(text) else 0)


def calls_by_thread(output, names):
    """How often each thread made each call, from the output of a survey: (thread, call) to a number."""
    by_id = {identifier: name for name, identifier in names.items()}
    result = Counter()
    for line in Path(output).read_text(errors="replace").splitlines():
        match = re.match(r"(\d+) +(?:<\.\.\. )?(\w+)", line)
        # A call that was interrupted by another thread's is written in two lines; the first one counts.
        if match and "resumed>" not in line and int(match[1]) in by_id:
            result[by_id[int(match[1])], match[2]] += 1
    return result


def _status(thread, field):
    try:
        # Every thread is found there by its own id, though only processes are listed.
        for line in Path(f"/proc/{thread}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return line.split()[1]
    except OSError:
        pass
    return None


def _is_traced(thread):
    return _status(thread, "TracerPid") not in (None, "0")


def _is_gone(thread):
    return _status(thread, "State") in (None, "Z", "X")
