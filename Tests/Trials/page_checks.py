# SPDX-License-Identifier: Apache-2.0
"""What is looked at beside what a person does: accessibility, many events, pictures, and the browser's complaints."""

import json
import random
import shutil
import subprocess
import sys
import zipfile

from page_steps import go, log_in
from trial import say

# The library's own package at PyPI holds the script of https://github.com/dequelabs/axe-core.
AXE = "axe-core-python==0.1.0"
MANY = 3000
VIEWS = ("#/", "#/runs", "#/actions", "#/sources")
NAMED = {"button", "link", "textbox", "searchbox", "combobox", "slider", "checkbox", "dialog", "group", "img", "navigation"}

# Texts whose contrast with what lies behind them is below 4.5, as [text, contrast].
CONTRAST = """(() => {
  const parse = (c) => (c.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !e.checkVisibility() || e.closest('.unseen, button:disabled, noscript, option, title')) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(e.namespaceURI.endsWith('svg') ? style.fill : style.color)), light(behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) bad.push([text.slice(0, 40), Math.round(contrast * 100) / 100]);
  }
  return bad.slice(0, 5);
})()"""


def settle(page):
    page.wait("!document.querySelector('main').innerText.includes('Asking …')")
    page.wait("document.querySelector('main').childElementCount > 1")


def views(scene):
    event = scene.ask("/api/v1/events?state=failed&limit=1")["events"] or scene.ask("/api/v1/events?limit=1")["events"]
    return [*VIEWS, f"#/events/{event[0]['event']}"]


def step_many(scene, page):
    """thousands of events stay quick: the newest are drawn and listed, and how many there are is said"""
    page.size(1440, 900)
    chance = random.Random(1)
    kinds = ["door.opened", "door.closed", "baremetal.node.power_set.end", "esi_leap.lease.fulfill.end", "hello", "backup.done"]
    for _ in range(MANY // 500):
        scene.send(*(
            {"type": chance.choice(kinds), "value": chance.randint(0, 200), "objects": {"node": f"n-{chance.randint(1, 12)}"}}
            for _ in range(500)
        ))  # fmt: skip
    page.open("about:blank")
    page.open(f"{scene.base}/#/?range=1h")
    page.wait("document.querySelector('.chart .foot')?.textContent.includes('newest 1,000 of')", 20)
    count = page.evaluate("document.querySelectorAll('table.events tbody tr').length")
    for _ in range(5):
        page.evaluate("[...document.querySelectorAll('button')].find((b) => /^Show .* more$/.test(b.textContent))?.click()")
    most = page.evaluate("document.querySelectorAll('table.events tbody tr').length")
    slow = page.evaluate(
        "new Promise((done) => { new PerformanceObserver((list) => done(Math.max(...list.getEntries().map((e) => e.duration))))"
        ".observe({type: 'longtask', buffered: true}); setTimeout(() => done(0), 500); })"
    )
    say(f"page: {MANY} events, {most} rows; the longest piece of work without a pause took {slow:.0f} ms")
    return None if count == 100 and most == 500 else f"{count} rows at first, {most} at most"


def step_names(scene, page):
    """everything that can be used has a name for a screen reader, and the page its landmarks"""
    bad = []
    for view in views(scene):
        go(page, view)
        settle(page)
        nodes = page.ask("Accessibility.getFullAXTree")["nodes"]
        seen = set()
        for node in nodes:
            role = node.get("role", {}).get("value", "")
            seen.add(role)
            if not node.get("ignored") and role in NAMED - {"group", "img"} and not node.get("name", {}).get("value", "").strip():
                bad.append(f"{view}: a {role} without a name")
        bad += [f"{view}: no {role}" for role in ("banner", "navigation", "main", "heading") if role not in seen]
    return "; ".join(bad[:5]) or None


def step_contrast(scene, page):
    """texts have a contrast of 4.5 in light and in dark"""
    bad = []
    for is_dark in (False, True):
        page.size(1440, 900, is_dark=is_dark)
        for view in views(scene):
            go(page, view)
            settle(page)
            bad += [f"{view} {'dark' if is_dark else 'light'}: {text}" for text in page.evaluate(CONTRAST)]
    return "; ".join(bad[:5]) or None


def axe(scene):
    """The text of the library; None where it cannot be had."""
    target = scene.scratch / "axe"
    pip = shutil.which("pip3") or shutil.which("pip")
    if pip is None:
        subprocess.run([sys.executable, "-m", "venv", str(target)], capture_output=True, timeout=60)
        pip = str(target / "bin/pip")
    command = [pip, "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", str(target), AXE]
    try:
        subprocess.run(command, capture_output=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    with zipfile.ZipFile(next(target.glob("*.whl"))) as wheel:
        return wheel.read("axe_core_python/axe.min.js").decode()


def step_axe(scene, page):
    """the rules of axe-core hold, in light and dark, wide and narrow"""
    text = axe(scene)
    if text is None:
        say(f"page: {AXE} cannot be had from PyPI here, so its rules were not looked at")
        return None
    bad = []
    for width, is_dark in ((1440, False), (360, True)):
        page.size(width, 900, is_dark=is_dark)
        for view in views(scene):
            go(page, view)
            settle(page)
            page.evaluate(f"window.axe || (() => {{ {text} }})(); 1")
            found = page.evaluate(
                "axe.run({resultTypes: ['violations']}).then((r) => r.violations.map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 200)}`))"
            )
            bad += [f"{view} at {width}: {one}" for one in found]
    return "; ".join(bad[:5]) or None


def step_narrow(scene, page):
    """nothing has to be scrolled sideways at 320 pixels"""
    page.size(320, 700)
    bad = []
    for view in views(scene):
        go(page, view)
        settle(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            bad.append(f"{view} is {width} wide")
    return "; ".join(bad) or None


def step_pictures(scene, page):
    """pictures in light, dark and narrow"""
    log_in(scene, page)
    if not scene.shots:
        return None
    for name, width, is_dark in (("light", 1440, False), ("dark", 1440, True), ("narrow", 360, False)):
        page.size(width, 900, is_dark=is_dark)
        for view in views(scene):
            go(page, view)
            settle(page)
            page.evaluate("new Promise((done) => setTimeout(done, 300))")
            part = view.strip("#/").split("/")[0] or "first"
            scene.shot(page, f"{'event' if '/events/' in view else 'events' if part == 'first' else part}-{name}")
    return None


def complaints(page, scene):
    """Everything that the browser said which it should not have to say."""
    found = []
    for method, said in page.heard:
        if method == "Runtime.exceptionThrown":
            found.append(f"an exception: {said['exceptionDetails'].get('exception', {}).get('description')}")
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            found.append(f"on the console: {json.dumps(said['args'])[:300]}")
        elif method == "Page.javascriptDialogOpening":
            found.append(f"a dialog of a script: {said['message']}")
        elif method == "Audits.issueAdded" and said["issue"]["code"] == "ContentSecurityPolicyIssue":
            found.append(f"against the policy: {json.dumps(said['issue']['details'])[:400]}")
        elif method == "Log.entryAdded" and said["entry"]["level"] == "error":
            entry = said["entry"]
            # The daemon was stopped and its sessions with it, and a link was used twice; the console is told, too.
            is_meant = any(word in entry["text"] for word in ("ERR_CONNECTION", "ERR_INCOMPLETE", "ERR_EMPTY", "status of 401"))
            if not is_meant and not ("status of 403" in entry["text"] and "/?key=" in entry.get("url", "")):
                found.append(f"in the log: {entry['text']} {entry.get('url', '')}")
        elif method == "Network.requestWillBeSent":
            address = said["request"]["url"]
            if not address.startswith(("http://127.0.0.1:", "about:", "data:")):
                found.append(f"a request to elsewhere: {address[:200]}")
    return sorted(set(found))


STEPS = [step_pictures, step_many, step_names, step_contrast, step_axe, step_narrow]
