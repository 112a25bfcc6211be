# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven by its own protocol over a pipe: the real keys and clicks of a person, and everything
that the browser says about the page meanwhile.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import threading
import time

ANSWER = 20  # seconds that an answer of the browser may take
KEYS = {
    "Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "End": 35,
    "Home": 36, "PageUp": 33, "PageDown": 34, " ": 32,
}  # fmt: skip


class BrowserError(Exception):
    """What the browser did not do."""


class Browser:
    """The process; `page()` opens a tab."""

    def __init__(self, directory):
        program = shutil.which("chromium")
        if program is None:
            raise BrowserError("there is no chromium in PATH; scripts/install-dependencies --ci installs it")
        directory = pathlib.Path(directory)
        to_browser, from_us = os.pipe()
        from_browser, to_us = os.pipe()
        # The protocol's descriptors are 3 and 4.
        # A sandbox needs a user other than root; the profile is ours alone, and its shared memory on disk.
        command = [
            "/bin/sh", "-c", f'exec "$@" 3<&{to_browser} 4>&{to_us}', "sh", program, "--headless=new", "--no-sandbox",
            "--remote-debugging-pipe", f"--user-data-dir={directory / 'profile'}", "--disable-dev-shm-usage",
            "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb", "about:blank",
        ]  # fmt: skip
        self.log = open(directory / "chromium.log", "wb")
        self.process = subprocess.Popen(
            command, pass_fds=(to_browser, to_us), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        os.close(to_browser)
        os.close(to_us)
        self.output, self.input = os.fdopen(from_us, "wb", buffering=0), os.fdopen(from_browser, "rb")
        self.changed = threading.Condition()
        self.number, self.answers, self.pages, self.has_ended = 0, {}, {}, False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        pending = b""
        while chunk := self.input.read1(1 << 16):
            *messages, pending = (pending + chunk).split(b"\0")
            for message in map(json.loads, messages):
                with self.changed:
                    if "id" in message:
                        self.answers[message["id"]] = message
                    elif message.get("sessionId") in self.pages:
                        self.pages[message["sessionId"]].heard.append((message["method"], message["params"]))
                    self.changed.notify_all()
        with self.changed:
            self.has_ended = True
            self.changed.notify_all()

    def ask(self, method, parameters=None, session=None):
        with self.changed:
            self.number += 1
            number = self.number
            message = {"id": number, "method": method, "params": parameters or {}}
            if session:
                message["sessionId"] = session
            self.output.write(json.dumps(message).encode() + b"\0")
            if not self.changed.wait_for(lambda: number in self.answers or self.has_ended, ANSWER):
                raise BrowserError(f"{method} was not answered within {ANSWER} s")
            if number not in self.answers:
                raise BrowserError(f"chromium ended before it answered {method}; see chromium.log")
            answer = self.answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def page(self):
        target = self.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session)
        self.pages[session] = page
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "Accessibility", "Audits"):
            page.ask(f"{domain}.enable")
        return page

    def close(self):
        try:
            self.ask("Browser.close")
        except (BrowserError, OSError):
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Page:
    """A tab, and what the browser said of it: `heard` holds (method, parameters)."""

    def __init__(self, browser, session):
        self.browser, self.session, self.heard = browser, session, []

    def ask(self, method, **parameters):
        return self.browser.ask(method, parameters, self.session)

    def evaluate(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(f"{expression}: {details.get('exception', {}).get('description', details['text'])}")
        return answer["result"].get("value")

    def wait(self, expression, seconds=10):
        """Waits until an expression is true, and returns its value."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            try:
                # An element comes as an empty object.
                if (value := self.evaluate(expression)) not in (None, False, 0, ""):
                    return value
            except BrowserError as error:
                # While another document is loaded there is nothing to ask.
                if "context" not in str(error):
                    raise
            time.sleep(0.05)
        raise BrowserError(f"did not become true within {seconds} s: {expression}")

    def open(self, address):
        self.ask("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def size(self, width, height, *, is_dark=False, is_calm=True):
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        features = [("prefers-color-scheme", "dark" if is_dark else "light")]
        features.append(("prefers-reduced-motion", "reduce" if is_calm else "no-preference"))
        self.ask("Emulation.setEmulatedMedia", features=[{"name": n, "value": v} for n, v in features])

    def key(self, key, modifiers=0):
        """Presses a key: 8 as modifiers is Shift."""
        code = KEYS.get(key, ord(key[0].upper()))
        names = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        text = {"Enter": "\r", " ": " "}.get(key, key if len(key) == 1 else None)
        self.ask("Input.dispatchKeyEvent", type="keyDown", **names, **({"text": text} if text else {}))
        self.ask("Input.dispatchKeyEvent", type="keyUp", **names)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def box(self, selector):
        """Left, top, width and height of an element, once it is there; brings it into view."""
        return self.box_of(f"document.querySelector({json.dumps(selector)})")

    def box_of(self, element):
        """The same of what an expression leads to; in one step, since the page may draw it anew at any time."""
        return self.wait(
            f"(() => {{ const e = {element}; if (!e) return null; e.scrollIntoView({{block: 'center'}});"
            " const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()"
        )

    def mouse(self, kind, x, y, **more):
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1, **more)

    def click(self, selector):
        self.click_on(f"document.querySelector({json.dumps(selector)})")

    def click_on(self, element):
        left, top, width, height = self.box_of(element)
        x, y = left + width / 2, top + height / 2
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)

    def drag(self, start, end):
        self.mouse("mouseMoved", *start)
        self.mouse("mousePressed", *start, buttons=1)
        for share in (0.3, 0.7, 1):
            self.mouse(
                "mouseMoved", *(a + (b - a) * share for a, b in zip(start, end)), buttons=1
            )
        self.mouse("mouseReleased", *end)

    def screenshot(self, path, *, is_whole=False):
        options = {"captureBeyondViewport": True} if is_whole else {}
        data = self.ask("Page.captureScreenshot", format="png", **options)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))
