#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium uses the page of a real daemon, as a person would.

Called by scripts/page-trial.
"""

import json
import shlex
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import page_checks
import page_steps
import trial
from browser import Browser, BrowserError
from daemon import STARTED, Daemon
from page_steps import TOKENS
from trial import Failure, say



def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Scene:
    """A daemon without a broker, and a browser; `send` publishes, `ask` looks past the page."""

    def __init__(self, place, shots):
        self.onevent, self.scratch, self.shots = place.onevent, place.scratch / "page", shots
        self.scratch.mkdir()
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.daemon = Daemon(place.onevent, self._configure(), self.scratch / "log")
        self.daemon.start()
        if not self.daemon.wait_for(STARTED):
            raise Failure(f"onevent did not start:\n{self.daemon.tail()}")
        self.browser = Browser(self.scratch)

    def _configure(self):
        tokens = self.scratch / "tokens"
        tokens.write_text("".join(f"{role} {role}-token {token}\n" for role, token in TOKENS.items()))
        tokens.chmod(0o600)
        scripts = {
            "greet": "echo \"hello $1\"; echo done >&2",
            # Fails until there is a file beside it.
            "mend": f"echo \"looking for {self.scratch}/mended\"; test -e '{self.scratch}/mended'",
            "wait": f"echo waiting; while test ! -e '{self.scratch}/go'; do sleep 0.05; done; echo gone",
        }
        for name, text in scripts.items():
            script = self.scratch / f"{name}.sh"
            script.write_text(f"#!/bin/sh\n{text}\n")
            script.chmod(0o755)
        path = self.scratch / "onevent.conf"
        path.write_text(
            f"[journal]\npath = {self.scratch}/journal.sqlite\n\n"
            f"[api]\nsocket = {self.scratch}/api.sock\nlisten = 127.0.0.1:{self.port}\ntoken_file = {tokens}\n\n"
            "[greet]\nevents = hello, door.opened\nscript = ./greet.sh\nscript_params = @type\n\n"
            "[mend]\nevents = broken\nscript = ./mend.sh\nretries = 0\n\n"
            "[wait]\nevents = slow\nscript = ./wait.sh\n\n"
            '[picky]\nevents = door.*\nscript = ./greet.sh\nfilter_params = {"value": {"gt": 100}}\n\n'
            "[group:doors]\nevents = door.*\nlevel = warning\n"
        )
        return path

    def request(self, method, path, body=None):
        head = {"Authorization": f"Bearer {TOKENS['operate']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, head, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def send(self, *events):
        """Publishes events, and returns their numbers."""
        answer = self.request("POST", "/api/v1/events", events[0] if len(events) == 1 else list(events))
        return answer["event"] if len(events) == 1 else [one["event"] for one in answer["events"]]

    def ask(self, path):
        return self.request("GET", path)

    def wait_for_run(self, event, state, limit=10):
        found = trial.wait_until(
            lambda: [r for r in self.ask(f"/api/v1/events/{event}")["runs"] if r["state"] == state], limit, 0.05
        )
        if not found:
            raise Failure(f"event {event} had no run in state {state} within {limit} s:\n{self.daemon.tail()}")
        return found[0]["run"]

    def follow_command(self, line):
        """Runs a command as the page shows it, with the program under trial."""
        words = shlex.split(line)
        if words[0] != "onevent":
            raise Failure(f"the page proposes '{line}', which does not begin with onevent")
        done = subprocess.run(
            [str(self.onevent), *words[1:]], capture_output=True, text=True, timeout=20, env=trial.environment()
        )
        return done.returncode, done.stdout + done.stderr

    def link(self):
        """The link of `onevent page`, whose process is returned with it."""
        process = subprocess.Popen(
            [str(self.onevent), "page", "-c", str(self.daemon.configuration)],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=trial.environment(),
        )  # fmt: skip
        return process.stdout.readline().strip(), process

    def shot(self, page, name):
        if self.shots:
            page.screenshot(self.shots / f"{name}.png")

    def end(self):
        self.browser.close()
        self.daemon.end()


def main():
    parser = trial.parser(__doc__)
    parser.add_argument("--shots", type=Path, metavar="DIR")
    arguments = parser.parse_args()
    place = trial.place(arguments)
    if arguments.shots:
        arguments.shots.mkdir(parents=True, exist_ok=True)
    scene = Scene(place, arguments.shots)
    verdicts = []
    try:
        page = scene.browser.page()
        for step in [*page_steps.STEPS, *page_checks.STEPS]:
            began = time.monotonic()
            try:
                complaint = step(scene, page)
            except (BrowserError, AssertionError, urllib.error.HTTPError) as error:
                complaint = f"{type(error).__name__}: {error}"
                if scene.shots:
                    page.screenshot(scene.shots / f"failed-{step.__name__}.png")
            verdict = "passed" if complaint is None else "FAILED"
            verdicts.append((verdict, round(time.monotonic() - began, 1), step.__doc__.strip()))
            if complaint is not None:
                say(f"{step.__doc__.strip()}: {complaint}")
        heard = page_checks.complaints(page, scene)
        verdicts.append(("FAILED" if heard else "passed", 0.0, "the browser had nothing to complain of"))
        for line in heard:
            say(line)
        if any(verdict == "FAILED" for verdict, *_ in verdicts):
            say(f"evidence: {place.keep(scene.scratch, 'page')}")
    finally:
        scene.end()
    trial.table(["verdict", "seconds", "what"], verdicts)
    return 1 if any(verdict == "FAILED" for verdict, *_ in verdicts) else 0


if __name__ == "__main__":
    trial.conduct(main)
