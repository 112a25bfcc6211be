# SPDX-License-Identifier: Apache-2.0
"""What a person does on the page, step by step; each goes on where the one before ended.

A step returns None, or a sentence that says what was otherwise than it should be.
"""

import json

TOKENS = {"operate": "operate-0123456789abcdef", "read": "read-0123456789abcdef"}
HOSTILE = '"><img src=x onerror="window.hostile=1"><script>window.hostile=2;alert(3)</script>'
ROW = "table.events tbody tr"


def rows(page):
    return page.evaluate(f"document.querySelectorAll('{ROW}').length")


def row_text(page, number):
    return page.wait(f"document.querySelector('tr[data-event=\"{number}\"]')?.innerText")


def go(page, hash):
    page.evaluate(f"location.hash = {json.dumps(hash)}")


def press(page, label, within="document"):
    """Clicks the button with these words."""
    page.click_on(
        f"[...({within}?.querySelectorAll('button') ?? [])].find((b) => b.textContent.trim() === {json.dumps(label)})"
    )


def log_in(scene, page, role="operate"):
    page.size(1440, 900)
    page.open(f"{scene.base}/")
    page.wait("location.pathname === '/login'")
    page.evaluate("document.querySelector('input').focus()")
    page.type(TOKENS[role])
    page.key("Enter")
    page.wait("location.pathname === '/' && document.querySelector('.live.live')", 15)


def step_login(scene, page):
    """a stranger is led to the login, and a token opens the page"""
    log_in(scene, page)


def step_first_start(scene, page):
    """the first start shows a command, and what it sends appears at once"""
    line = page.wait("document.querySelector('.first pre')?.textContent")
    scene.shot(page, "first-start")
    status, output = scene.follow_command(line)
    if status != 0:
        return f"'{line}' ended with {status}: {output}"
    page.wait(f"document.querySelector('{ROW} a.type')?.textContent === 'hello'")
    page.wait("!document.querySelector('.first')")
    return None


def step_live(scene, page):
    """an event appears live, with its lane, and its run reaches its end"""
    number = scene.send({"type": "slow", "objects": {"node": "n-1", "lease": "l-1"}, "payload": {"value": 7}})
    row_text(page, number)
    page.wait(f"document.querySelector('tr[data-event=\"{number}\"] .state-running')")
    page.wait("document.querySelector('.plot .bar.state-running')")
    lanes = page.evaluate("[...document.querySelectorAll('.lane-label')].map((a) => a.getAttribute('aria-label'))")
    missing = [lane for lane in ("Only node n-1", "Only lease l-1") if lane not in lanes]
    (scene.scratch / "go").touch()
    page.wait(f"document.querySelector('tr[data-event=\"{number}\"] .state-succeeded')")
    return f"no lanes {missing} among {lanes}" if missing else None


def step_filter(scene, page):
    """filters stand in the address, the back button takes them away, and a shared address brings them back"""
    scene.send(*({"type": "door.opened", "value": n, "objects": {"node": f"n-{n % 3}"}} for n in range(20)))
    page.wait(f"document.querySelectorAll('{ROW}').length >= 22")
    before = rows(page)
    page.evaluate("document.querySelector('input[name=type]').focus()")
    page.type("door.*")
    page.key("Enter")
    page.wait("location.hash.includes('type=door.*')")
    page.wait(f"document.querySelectorAll('{ROW}').length === 20")
    filtered = page.evaluate("location.href")
    page.evaluate("history.back()")
    page.wait(f"document.querySelectorAll('{ROW}').length === {before}")
    page.open("about:blank")
    page.open(filtered + "&object=node:n-1")
    page.wait(f"document.querySelectorAll('{ROW}').length === 7")
    field = page.evaluate("document.querySelector('input[name=object]').value")
    press(page, "Clear")
    page.wait(f"document.querySelectorAll('{ROW}').length === {before}")
    return None if field == "node:n-1" else f"the field for objects shows '{field}'"


def step_zoom(scene, page):
    """dragging over the timeline zooms in, the strip and the back button lead out again"""
    page.evaluate("scrollTo(0, 0)")
    page.wait("document.querySelector('.plot .point')")
    left, top, width, _ = page.box(".lanes")
    page.evaluate("document.querySelector('.lanes').scrollTop = 0")
    page.drag((left + width * 0.55, top + 8), (left + width * 0.8, top + 8))
    page.wait("/from=.*&to=/.test(location.hash)")
    span = page.evaluate(
        "(() => { const p = new URLSearchParams(location.hash.split('?')[1]); return Date.parse(p.get('to')) - Date.parse(p.get('from')); })()"
    )
    page.wait("!document.querySelector('.strip').classList.contains('whole')")
    page.evaluate("document.querySelector('.handle').focus()")
    before = page.evaluate("location.hash")
    page.key("ArrowLeft")
    page.wait(f"location.hash !== {json.dumps(before)}")
    press(page, "Back to live")
    page.wait("!location.hash.includes('from=')")
    return None if 0 < span < 15 * 60 * 1000 else f"the part that was chosen is {span} ms long"


def step_event(scene, page):
    """an event's page shows its payload, why each action took it or not, and what its run printed"""
    number = scene.send({"type": "door.opened", "tags": ["site:north"], "payload": {"deep": {"er": [1, 2]}, "value": 5}})
    scene.wait_for_run(number, "succeeded")
    row_text(page, number)
    page.click(f'tr[data-event="{number}"] .c-time')
    page.wait(f"location.hash === '#/events/{number}'")
    page.wait("document.querySelector('.output')")
    text = page.wait("document.querySelector('.match') && document.querySelector('main').innerText")
    expected = ["hello door.opened", "done", "deep", "picky", "a condition does not hold", "site:north", "doors", "warning"]
    missing = [word for word in expected if word not in text]
    return f"these are not there: {missing} in {text}" if missing else None


def step_retry(scene, page):
    """a run that failed is retried after a confirmation, and not without"""
    number = scene.send({"type": "broken"})
    run = scene.wait_for_run(number, "failed")
    go(page, f"#/events/{number}")
    page.wait("document.querySelector('.run-card .state-failed')")
    press(page, "Retry")
    page.wait("document.querySelector('dialog[open]')")
    scene.shot(page, "confirmation")
    press(page, "Cancel")
    page.wait("!document.querySelector('dialog')")
    if len(scene.ask(f"/api/v1/runs/{run}")["attempts_made"]) != 1:
        return "the run was retried though nobody confirmed"
    (scene.scratch / "mended").touch()
    press(page, "Retry")
    page.wait("document.querySelector('dialog[open]')")
    press(page, "Retry", "document.querySelector('dialog')")
    page.wait("document.querySelector('.run-card .state-succeeded')")
    return None


def step_replay(scene, page):
    """a replay says beforehand what it will start"""
    press(page, "Replay …")
    page.wait("document.querySelector('dialog[open]')?.innerText.includes('mend')")
    press(page, "Replay", "document.querySelector('dialog')")
    page.wait("document.querySelectorAll('.run-card').length === 2")
    page.wait("document.querySelectorAll('.run-card .state-succeeded').length === 2")
    return None


def step_suspend(scene, page):
    """an action is suspended with its switch, keeps what comes, and goes on"""
    go(page, "#/actions")
    press(page, "Suspended", "document.querySelector('article[aria-label=greet]')")
    page.wait("document.getElementById('switch-greet-suspended')?.getAttribute('aria-pressed') === 'true'")
    status = scene.ask("/api/v1/actions/greet")["status"]
    number = scene.send({"type": "hello"})
    scene.wait_for_run(number, "pending")
    page.wait("document.querySelector('article[aria-label=greet] .state-pending')", 15)
    scene.shot(page, "actions")
    press(page, "Enabled", "document.querySelector('article[aria-label=greet]')")
    scene.wait_for_run(number, "succeeded")
    return None if status == "suspended" else f"the daemon says that greet is {status}"


def step_sources(scene, page):
    """the sources show their state, and the runs are listed"""
    go(page, "#/sources")
    page.wait("document.querySelector('article.source')?.innerText.includes('local')")
    go(page, "#/runs?state=succeeded")
    page.wait("document.querySelectorAll('table.runs tbody tr').length > 5")
    return None


def step_hostile(scene, page):
    """an event whose every field is markup and script stays text"""
    hostile = {
        "type": HOSTILE[:255], "tags": [HOSTILE, f"{HOSTILE}:x"], "subject": HOSTILE, "id": HOSTILE,
        "objects": {"node": HOSTILE}, "payload": {HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}], "long": HOSTILE * 2000},
    }  # fmt: skip
    number = scene.send(hostile)
    for place in ("#/?range=1h", f"#/events/{number}", "#/runs", "#/actions", f"#/?type={HOSTILE[:40]}"):
        go(page, place)
        page.wait("document.querySelector('main').childNodes.length > 0")
        if place == f"#/events/{number}":
            page.wait("document.querySelector('.tree')")
            page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            press(page, "Text")
            scene.shot(page, "hostile")
        if place == "#/?range=1h":
            row_text(page, number)
    return page.evaluate(
        "window.hostile || [...document.querySelectorAll('img, script, iframe, [onerror], [onload]')]"
        ".find((e) => !(e.getAttribute('src') ?? '').startsWith('/assets/'))?.outerHTML || null"
    )


def step_keyboard(scene, page):
    """the keyboard alone leads to an event in the timeline and to its decisions"""
    number = scene.send({"type": "door.opened", "value": 3, "objects": {"node": "only"}})
    page.open("about:blank")
    page.open(f"{scene.base}/#/?object=node:only")
    page.wait(f"document.querySelectorAll('{ROW}').length === 1")
    page.wait("document.querySelector('.plot .point')")
    page.key("Tab")
    if page.evaluate("document.activeElement.id") != "skip":
        return "the first stop is not the way past the header"
    stops = []
    for _ in range(60):
        page.key("Tab")
        stops.append(page.evaluate("document.activeElement.getAttribute('class') || document.activeElement.id || document.activeElement.tagName"))
        if "point" in stops[-1]:
            break
    else:
        return f"no mark of the timeline among the stops of the tab key: {stops}"
    page.key("Enter")
    page.wait(f"location.hash.startsWith('#/events/{number}')")
    page.wait("[...document.querySelectorAll('button')].some((b) => b.textContent === 'Replay …')")
    for _ in range(30):
        page.key("Tab")
        if page.evaluate("document.activeElement.textContent") == "Replay …":
            break
    else:
        return "the keyboard does not reach the replay"
    page.key("Enter")
    page.wait("document.querySelector('dialog[open]')")
    page.key("Escape")
    page.wait("!document.querySelector('dialog')")
    if page.evaluate("document.activeElement.textContent") != "Replay …":
        return "after the question the focus is not where it was"
    return None


def step_lost(scene, page):
    """a daemon that goes away and comes back is told, and nothing is missed"""
    go(page, "#/?range=1h")
    page.wait("document.querySelector('.live.live')")
    scene.daemon.stop()
    page.wait("document.querySelector('.live.lost')?.textContent.includes('retrying')", 15)
    scene.daemon.start()
    if not scene.daemon.wait_for(b"onevent started"):
        return "onevent did not start again"
    # Sessions do not outlive the daemon: the way back is the login.
    page.wait("location.pathname === '/login'", 20)
    log_in(scene, page)
    number = scene.send({"type": "hello"})
    row_text(page, number)
    return None


def step_reader(scene, page):
    """who may only read sees everything and can decide nothing"""
    press(page, "Log out")
    page.wait("location.pathname === '/login'")
    log_in(scene, page, "read")
    go(page, "#/actions")
    title = page.wait("document.getElementById('switch-greet-suspended')?.title")
    is_disabled = page.evaluate("document.getElementById('switch-greet-suspended').disabled")
    return None if is_disabled and "role read" in title else f"the switch says '{title}'"


def step_link(scene, page):
    """the link of `onevent page` opens the page once"""
    link, process = scene.link()
    try:
        page.open(link)
        page.wait("document.querySelector('.live.live')", 15)
        page.wait(f"document.querySelectorAll('{ROW}').length > 0")
        page.open("about:blank")
        page.ask("Network.clearBrowserCookies")
        page.open(link)
        is_open = page.evaluate("Boolean(document.querySelector('header.top'))")
    finally:
        process.terminate()
        process.wait(10)
    return "the link opened the page a second time" if is_open else None


STEPS = [
    step_login, step_first_start, step_live, step_filter, step_zoom, step_event, step_retry, step_replay, step_suspend,
    step_sources, step_hostile, step_keyboard, step_lost, step_reader, step_link,
]  # fmt: skip
