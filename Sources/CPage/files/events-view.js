// SPDX-License-Identifier: Apache-2.0
// The first view: the timeline and the table of the same events.

import { get } from './api.js';
import { announce, h, problem, shorten } from './dom.js';
import { counts, eventData, fittingRange } from './events-data.js';
import { eventTable } from './events-table.js';
import { chosen, filterForm } from './filters.js';
import { subscribe } from './live.js';
import { icon, knownGroups, objectsOf } from './marks.js';
import { change } from './place.js';
import { firstStart } from './start.js';
import { strip } from './strip.js';
import { now, ranges, span } from './time.js';
import { timeline } from './timeline.js';

const firstFilters = ['text', 'type', 'object', 'group', 'level'];
const moreFilters = ['subject', 'source', 'tag', 'result', 'action', 'state'];
const names = [...firstFilters, ...moreFilters];

export const title = 'Events';

export function show(place, main) {
  const filters = filterForm(firstFilters, moreFilters);
  const chart = timeline({ onZoom: zoom });
  const overview = strip({ onChoose: zoom });
  const table = eventTable();
  const note = h('div', { class: 'note' }, h('p', { class: 'none' }, 'Asking …'));
  const tools = h('div', { class: 'chart-tools' });
  const chartBox = h('section', { class: 'card', 'aria-label': 'Timeline' }, tools, note, chart.element, overview.element);
  const listBox = h('section', { 'aria-label': 'Events' }, table.element);
  const guide = h('div', {});
  const content = h('div', {}, filters.element, chartBox, listBox);
  const data = eventData({ onChange, onError: (error) => note.replaceChildren(problem(error)) });
  let parameters = place.parameters;
  let isUnused = null;
  let fitting = null;
  let buckets = [];
  let drawn = 0;
  let later = null;
  let counted = 0;
  const kinds = new Set();

  main.append(h('h1', { class: 'unseen' }, 'Events'), guide, content);
  const ticking = setInterval(() => {
    if (!isLive() || document.hidden) return;
    if (Date.now() - counted > 60000) count(chosen(parameters, names), extent().whole);
    redraw();
  }, 1000);
  const unsubscribe = subscribe((message) => {
    if (isUnused && message.kind === 'event') update({ parameters });
  });

  const isLive = () => !parameters.get('to');
  const rangeName = () => (ranges.has(parameters.get('range')) ? parameters.get('range') : fitting ?? '24h');

  /** The whole range, and the part of it that is shown. */
  function extent() {
    const end = now();
    const whole = { from: end - ranges.get(rangeName()), to: end };
    const [from, to] = ['from', 'to'].map((name) => Date.parse(parameters.get(name) ?? ''));
    if (!(to > from)) return { whole, part: null };
    if (from < whole.from || to > whole.to) {
      // A shared address may be older than its range.
      return { whole: { from: Math.min(from - (to - from), whole.from), to: Math.max(to, whole.to) }, part: [from, to] };
    }
    return { whole, part: [from, to] };
  }

  async function update(next) {
    parameters = next.parameters;
    const wanted = chosen(parameters, names);
    filters.update(parameters);
    try {
      if (fitting === null) fitting = await fittingRange(wanted);
      await welcome();
    } catch (error) {
      note.replaceChildren(problem(error));
      return undefined;
    }
    drawTools();
    const { whole, part } = extent();
    count(wanted, whole);
    return data.load(wanted, part?.[0] ?? whole.from, part?.[1] ?? null);
  }

  async function count(wanted, whole) {
    counted = Date.now();
    try { buckets = await counts(wanted, whole.from, whole.to); } catch { buckets = []; }
    if (!extent().part && buckets.length) data.total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
    redraw(true);
  }

  /** Until the first event from outside there is a guide; onevent's own events go on below it. */
  async function welcome() {
    const { events } = isUnused !== false ? await get('/api/v1/events', { limit: 20 }) : { events: [] };
    const wasUnused = isUnused;
    isUnused = isUnused !== false && events.length < 20 && events.every((row) => row.source === 'onevent');
    content.hidden = isUnused && !events.length;
    if (isUnused && !wasUnused) guide.replaceChildren(await firstStart());
    if (!isUnused) guide.replaceChildren();
  }

  function onChange(kind, fresh = []) {
    for (const row of data.rows) for (const [name] of objectsOf(row)) kinds.add(name);
    if (fresh.length) announce(fresh.length === 1 ? `New event ${fresh[0].type}` : `${fresh.length} new events`);
    if (kind === 'rows' && Date.now() - counted > 5000) count(chosen(parameters, names), extent().whole);
    if (kind === 'rows') drawTools();
    redraw(true);
  }

  /** At most four times a second, and while nothing changes as often as the range moves by a pixel. */
  function redraw(isChanged = false) {
    if (!data.isThere) return;
    const { whole, part } = extent();
    const [from, to] = part ?? [whole.from, whole.to];
    const due = isChanged ? 250 : Math.min(30000, (to - from) / 600);
    const left = drawn + due - Date.now();
    if (left > 0) {
      if (isChanged && !later) later = setTimeout(() => { later = null; redraw(true); }, left);
      return;
    }
    drawn = Date.now();
    note.replaceChildren(...emptiness(from, to));
    // What the range has moved past.
    const rows = part ? data.rows : data.rows.filter((row) => Date.parse(row.received) >= from);
    chart.draw({ rows, from, to, total: data.total, kind: parameters.get('lanes') });
    overview.draw({ from: whole.from, to: whole.to, part, buckets });
    table.draw(rows, data.total);
  }

  function emptiness(from, to) {
    if (data.rows.length) return [];
    const wider = h('button', { type: 'button', class: 'quiet', onclick: async () => {
      const range = await fittingRange(chosen(parameters, names)).catch(() => null);
      change(range ? { range, from: null, to: null } : Object.fromEntries(names.map((name) => [name, null])));
    } }, Object.keys(chosen(parameters, names)).length ? 'Look further back, or clear the filters' : 'Show the newest ones');
    return [h('p', { class: 'notice' }, `No events in these ${span(to - from)}. `, wider)];
  }

  /** Zooming in asks for the part alone, so that all of it is there; null shows the whole range, live. */
  function zoom(from, to, options) {
    const isWhole = from === null || (from <= extent().whole.from && to >= extent().whole.to);
    change(isWhole ? { from: null, to: null }
      : { range: rangeName(), from: new Date(from).toISOString(), to: new Date(to).toISOString() }, options);
  }

  function drawTools() {
    const current = rangeName();
    const focused = tools.contains(document.activeElement) ? document.activeElement.textContent : null;
    const { whole, part } = extent();
    const around = (factor) => {
      const [from, to] = part ?? [whole.from, whole.to];
      const [middle, half] = [(from + to) / 2, (to - from) / 2 * factor];
      zoom(middle - half, Math.min(middle + half, whole.to));
    };
    const segment = (label, isOn, action, name = label) => h('button', {
      type: 'button', 'aria-pressed': String(isOn), 'aria-label': name, title: name, onclick: action,
    }, label);
    const lanes = parameters.get('lanes');
    tools.replaceChildren(...[
      h('div', { class: 'segments', role: 'group', 'aria-label': 'Range' }, [...ranges.keys()].map((name) => segment(
        name, name === current && !part, () => change({ range: name, from: null, to: null }), `The last ${name}`))),
      h('div', { class: 'segments', role: 'group', 'aria-label': 'Zoom' },
        segment('−', false, () => around(2), 'Zoom out'), segment('+', false, () => around(0.5), 'Zoom in'),
        part ? h('button', { type: 'button', onclick: () => zoom(null) }, 'Back to live') : null),
      kinds.size > 1 || lanes ? h('div', { class: 'segments', role: 'group', 'aria-label': 'Lanes' },
        segment('all', !lanes, () => change({ lanes: null }), 'Lanes for all objects'),
        [...kinds].sort().slice(0, 6).map((kind) => segment(
          shorten(kind, 20), lanes === kind, () => change({ lanes: kind }), `Lanes for each ${kind}`))) : null,
      legend(),
    ].filter(Boolean));
    if (focused) [...tools.querySelectorAll('button')].find((button) => button.textContent === focused)?.focus();
  }

  function legend() {
    const used = new Map(data.rows.filter((row) => row.group).map((row) => [row.group, row.level]));
    const groups = knownGroups().filter((group) => used.has(group.group)).slice(0, 9);
    if (!groups.length) return null;
    return h('ul', { class: 'legend', 'aria-label': 'Groups' }, groups.map((group) => (
      h('li', {}, icon(group.level, group.group), group.group))));
  }

  update(place);
  return {
    update,
    leave() {
      clearInterval(ticking);
      clearTimeout(later);
      unsubscribe();
      data.stop();
    },
  };
}
