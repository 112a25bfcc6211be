// SPDX-License-Identifier: Apache-2.0
// The table of events. Rows are kept as they are while nothing about them changes, so that the focus stays.

import { cut, h, shortenMiddle, spell } from './dom.js';
import { groupLabel, objectLink, objectsOf, resultWord, stateChip } from './marks.js';
import { href } from './place.js';
import { instant } from './time.js';

const page = 100;
/** So many rows stay quick; older ones are found by a narrower range or filter. */
const most = 500;

export function eventTable() {
  const body = h('tbody');
  const table = h('table', { class: 'events' },
    h('caption', { class: 'unseen' }, 'Events, newest first'),
    h('thead', {}, h('tr', {}, ['Time', 'Group', 'Type', 'Objects', 'Source', 'Runs'].map(
      (name) => h('th', { scope: 'col', class: `c-${name.toLowerCase()}` }, name)))),
    body);
  const foot = h('p', { class: 'foot' });
  const element = h('div', { class: 'table-box' }, table, foot);
  const kept = new Map();
  let limit = page;
  let isFirst = true;

  function draw(rows, total) {
    const shown = rows.slice(0, limit);
    const elements = shown.map((row) => {
      const known = kept.get(row.event);
      const print = JSON.stringify(row.runs ?? null) + row.result;
      if (known?.print === print) return known.element;
      const made = { print, element: line(row) };
      if (!isFirst && !known) made.element.classList.add('new');
      if (known?.element.contains(document.activeElement)) {
        const link = document.activeElement.getAttribute('href');
        queueMicrotask(() => [...made.element.querySelectorAll('a')].find((a) => a.getAttribute('href') === link)?.focus());
      }
      kept.set(row.event, made);
      return made.element;
    });
    const numbers = new Set(shown.map((row) => row.event));
    for (const number of kept.keys()) if (!numbers.has(number)) kept.delete(number);
    place(elements);
    isFirst = false;
    const beyond = rows.length - shown.length;
    const note = limit < most && beyond > 0
      ? h('button', { type: 'button', class: 'quiet', onclick: () => { limit = Math.min(most, limit + page); draw(rows, total); } },
        `Show ${Math.min(page, most - limit, beyond)} more`)
      : null;
    const all = total ?? rows.length;
    foot.replaceChildren(...[
      h('span', {}, `${shown.length.toLocaleString('en')}${String(all) === String(shown.length) ? '' : ` of ${spell(all)}`} events`
        + (limit >= most && beyond > 0 ? '; choose a narrower range or filter to see older ones' : '')), note].filter(Boolean));
  }

  /** Brings the rows into order and moves only those that are not where they belong. */
  function place(elements) {
    const wanted = new Set(elements);
    for (const old of [...body.children]) if (!wanted.has(old)) old.remove();
    elements.forEach((one, index) => {
      if (body.children[index] !== one) body.insertBefore(one, body.children[index] ?? null);
    });
  }

  table.addEventListener('click', (event) => {
    // The whole line leads to the event; text that is being selected does not.
    if (event.target.closest('a, button') || String(getSelection())) return;
    event.target.closest('tr')?.querySelector('a.type')?.click();
  });

  return { element, draw };
}

function line(row) {
  const objects = objectsOf(row);
  const shownObjects = objects.slice(0, 3).map(([kind, name], index) => (
    objectLink(kind, name, shortenMiddle(name, index ? 9 : 16))));
  const subject = !objects.length && row.subject ? cut(row.subject, 40) : null;
  return h('tr', { 'data-event': row.event },
    h('td', { class: 'c-time' }, instant(row.received)),
    h('td', { class: 'c-group' }, groupLabel(row)),
    h('td', { class: 'c-type' }, h('a', { class: 'type', href: href('events', row.event) }, cut(row.type || '(no type)', 90)),
      (row.tags ?? []).slice(0, 4).map((tag) => h('span', { class: 'tag' }, cut(tag, 24)))),
    h('td', { class: 'c-objects' }, shownObjects, more(objects.length - 3), subject),
    h('td', { class: 'c-source' }, cut(row.source, 20)),
    h('td', { class: 'c-runs' }, runsOf(row)));
}

function runsOf(row) {
  const runs = row.runs ?? [];
  if (!runs.length) return resultWord(row);
  const shown = runs.slice(0, 3).map((run) => h('a', {
    class: 'run', href: href('events', row.event, { run: run.run }),
    title: `Run ${run.run}: ${String(run.action).slice(0, 200)} ${run.state}`,
  }, stateChip(run.state, shortenMiddle(String(run.action), 22))));
  return [shown, more(runs.length - 3)];
}

const more = (count) => (count > 0 ? h('span', { class: 'none' }, ` +${count}`) : null);
