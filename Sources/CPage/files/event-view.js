// SPDX-License-Identifier: Apache-2.0
// One event: what it says, what it started, and why.

import { get, getExact, paths, send } from './api.js';
import { announce, confirm, cut, h, problem, shorten } from './dom.js';
import { subscribe } from './live.js';
import { groupLabel, objectLink, objectsOf, resultWord, stateChip } from './marks.js';
import { matches } from './matches.js';
import { payload } from './payload.js';
import { href } from './place.js';
import { guarded, runCard } from './run-card.js';
import { instant } from './time.js';

export const title = (place) => `Event ${place.item}`;

export function show(place, main) {
  const number = place.item;
  const runs = h('div', { class: 'runs' });
  let cards = [];
  let isLeft = false;
  let wanted = place.parameters.get('run');
  let timer = null;

  async function load() {
    let event;
    try {
      event = await getExact(paths.event(number));
    } catch (error) {
      if (!isLeft) main.replaceChildren(h('h1', {}, `Event ${shorten(number, 20)}`), problem(error), back());
      return;
    }
    if (isLeft) return;
    const why = h('div', {}, h('p', { class: 'none' }, 'Asking …'));
    main.replaceChildren(back(), heading(event, loadRuns), facts(event),
      h('div', { class: 'columns' },
        h('div', {},
          h('section', { class: 'card', 'aria-labelledby': 'runs-title' }, h('h2', { id: 'runs-title' }, 'Runs'), runs),
          h('section', { class: 'card', 'aria-labelledby': 'why-title' },
            h('h2', { id: 'why-title' }, 'Why'), h('p', { class: 'none' }, 'By the present configuration.'), why)),
        h('section', { class: 'card', 'aria-labelledby': 'payload-title' },
          h('h2', { id: 'payload-title' }, 'Payload'), content(event))));
    matches(number).then((element) => why.replaceChildren(element));
    await showRuns(event.runs ?? []);
  }

  async function loadRuns() {
    try { await showRuns((await get(paths.event(number))).runs ?? []); } catch (error) { runs.replaceChildren(problem(error)); }
  }

  async function showRuns(list) {
    if (!list.length) {
      runs.replaceChildren(h('p', { class: 'none' }, 'It started nothing.'));
      return;
    }
    const made = await Promise.all(list.slice(0, 50).map((run) => (
      runCard(run.run, loadRuns).catch((error) => ({ element: problem(error), stop() {} })))));
    if (isLeft) return made.forEach((card) => card.stop());
    cards.forEach((card) => card.stop());
    cards = made;
    const open = document.activeElement?.closest?.('.run-card')?.id;
    runs.replaceChildren(...cards.map((card) => card.element));
    if (list.length > 50) runs.append(h('p', { class: 'none' }, `${list.length - 50} more are not shown.`));
    const target = open ?? (wanted ? `run-${wanted}` : null);
    wanted = null;
    document.getElementById(target)?.focus();
    return undefined;
  }

  const stop = subscribe(({ kind, summary }) => {
    if (kind !== 'run' || (summary && String(summary.event) !== number) || timer) return;
    timer = setTimeout(() => { timer = null; loadRuns(); }, 300);
  });
  load();
  return {
    update(next) {
      wanted = next.parameters.get('run');
      if (wanted) document.getElementById(`run-${wanted}`)?.focus();
    },
    leave() {
      isLeft = true;
      clearTimeout(timer);
      stop();
      cards.forEach((card) => card.stop());
    },
  };
}

const back = () => h('p', { class: 'back' }, h('a', {
  href: '#/', onclick: (event) => {
    // Back to the list as it was filtered, where that is where we came from.
    if (history.state?.isInside) {
      event.preventDefault();
      history.back();
    }
  },
}, '← Events'));

function heading(event, reload) {
  return h('div', { class: 'heading' },
    h('h1', {}, h('span', { class: 'none' }, `${event.event} `), cut(event.type || '(no type)', 200)),
    groupLabel(event), guarded('Replay …', async () => { if (await replay(event)) reload(); }));
}

/** First asks what it would start, then, once confirmed, does it. */
async function replay(event) {
  const path = `${paths.event(event.event)}/replay`;
  const trial = await send('POST', path, { dry_run: true });
  const reason = trial.unmatched?.[0]?.reason;
  const isSure = await confirm(`Replay event ${event.event}?`, trial.items.length ? [
    h('p', {}, 'It is matched anew with the present configuration. This would start:'),
    h('ul', {}, trial.items.slice(0, 30).map((item) => h('li', {},
      h('b', {}, shorten(item.action, 100)), ' ', stateChip(item.state)))),
  ] : h('p', {}, `It starts nothing: ${reason ?? 'no action takes it'}.`), 'Replay');
  if (!isSure) return false;
  const done = await send('POST', path, {});
  announce(`Replayed: ${done.items.length} runs made`);
  return true;
}

const precise = { milliseconds: true };

function facts(event) {
  const objects = objectsOf(event);
  const entry = (name, value) => (value === null || value === undefined ? null : [h('dt', {}, name), h('dd', {}, value)]);
  return h('dl', { class: 'facts wide' },
    entry('Received', instant(event.received, precise)), entry('Time', event.time ? instant(event.time, precise) : null),
    entry('Source', h('a', { href: href('events', null, { source: event.source }) }, cut(event.source, 60))),
    entry('Subject', event.subject
      ? h('a', { href: href('events', null, { subject: event.subject }) }, cut(event.subject, 120)) : null),
    entry('Objects', objects.length ? objects.map(([kind, name]) => [objectLink(kind, name, cut(name, 80)), ' ']) : null),
    entry('Tags', event.tags?.length ? event.tags.slice(0, 30).map((tag) => (
      h('a', { class: 'tag', href: href('events', null, { tag }) }, cut(tag, 80)))) : null),
    entry('Caused by', event.cause ? h('a', { href: href('runs', event.cause) }, `run ${event.cause}`) : null),
    entry('Id', event.id ? h('code', {}, cut(event.id, 120)) : null), entry('Result', resultWord(event)),
    entry('Why', event.reason ? cut(event.reason, 600) : null));
}

function content(event) {
  const decoded = event.decoded;
  if (!decoded) {
    const body = typeof event.body === 'string' ? event.body : event.body?.base64 ?? '';
    return h('div', {}, h('p', { class: 'notice' }, 'The body cannot be decoded; this is what came:'), payload(body, 'Body'));
  }
  const { payload: main, ...rest } = decoded;
  return h('div', {}, payload(main === undefined ? decoded : main, 'Payload'),
    h('details', { class: 'rest' }, h('summary', {}, 'The rest of the event'), payload(rest, 'Rest')),
    h('details', { class: 'rest' }, h('summary', {}, 'Envelope'), payload(event.envelope ?? null, 'Envelope')));
}
