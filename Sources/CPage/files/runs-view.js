// SPDX-License-Identifier: Apache-2.0
// The runs, newest first; with a number, the way to the event of that run.

import { list, get, paths, send } from './api.js';
import { confirm, cut, h, problem } from './dom.js';
import { chosen, filterForm } from './filters.js';
import { subscribe } from './live.js';
import { stateChip } from './marks.js';
import { href } from './place.js';
import { guarded } from './run-card.js';
import { instant, now, span } from './time.js';

const names = ['state', 'action', 'type', 'subject'];
const page = 200;

export const title = (place) => (place.item === null ? 'Runs' : `Run ${place.item}`);

export function show(place, main) {
  if (place.item !== null) return lead(place.item, main);
  const filters = filterForm(names);
  const box = h('div', { class: 'table-box' }, h('p', { class: 'none' }, 'Asking …'));
  const retry = h('div', { class: 'buttons' });
  let parameters = place.parameters;
  let timer = null;
  let turn = 0;
  main.append(h('div', { class: 'heading' }, h('h1', {}, 'Runs'), retry), filters.element, box);

  async function load() {
    const mine = ++turn;
    const wanted = chosen(parameters, names);
    try {
      const { runs, total } = await list('/api/v1/runs', { ...wanted, before: parameters.get('before'), limit: page });
      if (mine !== turn) return;
      const focused = box.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
      box.replaceChildren(tableOf(runs), foot(runs, total));
      if (focused) [...box.querySelectorAll('a')].find((a) => a.getAttribute('href') === focused)?.focus();
      retry.replaceChildren(...(wanted.state === 'failed' && runs.length ? [retryAll(wanted.action, load)] : []));
    } catch (error) {
      if (mine === turn) box.replaceChildren(problem(error));
    }
  }

  function foot(runs, total) {
    const last = runs.at(-1)?.run;
    const all = total && total !== String(runs.length) ? ` of ${total}` : '';
    return h('p', { class: 'foot' }, h('span', {}, `${runs.length}${all} runs`),
      parameters.get('before') ? h('a', { href: href('runs', null, { ...chosen(parameters, names) }) }, 'Newest') : null,
      runs.length === page ? h('a', { href: href('runs', null, { ...chosen(parameters, names), before: last }) }, 'Older') : null);
  }

  const stop = subscribe(({ kind }) => {
    if (kind !== 'run' || timer || parameters.get('before')) return;
    timer = setTimeout(() => { timer = null; load(); }, 1000);
  });
  filters.update(parameters);
  load();
  return {
    update(next) {
      parameters = next.parameters;
      filters.update(parameters);
      load();
    },
    leave() {
      turn += 1;
      clearTimeout(timer);
      stop();
    },
  };
}

/** Runs are shown with their event. */
function lead(number, main) {
  get(paths.run(number)).then(
    (run) => location.replace(href('events', run.event, { run: run.run })),
    (error) => main.append(h('h1', {}, `Run ${String(number).slice(0, 40)}`), problem(error)));
  return { update() {}, leave() {} };
}

function tableOf(runs) {
  if (!runs.length) return h('p', { class: 'notice' }, 'No runs, as these filters have it.');
  return h('table', { class: 'runs' }, h('caption', { class: 'unseen' }, 'Runs, newest first'),
    h('thead', {}, h('tr', {}, ['Made', 'State', 'Action', 'Event', 'Attempts', 'Took', 'Reason'].map((name) => (
      h('th', { scope: 'col', class: `c-${name.toLowerCase()}` }, name))))),
    h('tbody', {}, runs.map((run) => {
      const begin = Date.parse(run.started ?? run.created);
      const end = run.ended ? Date.parse(run.ended) : run.state === 'running' ? now() : null;
      return h('tr', {},
        h('td', { class: 'c-made' }, instant(run.created)), h('td', { class: 'c-state' }, h('span', {}, stateChip(run.state))),
        h('td', { class: 'c-action' }, h('a', { href: href('events', run.event, { run: run.run }) }, cut(run.action, 60))),
        h('td', { class: 'c-event' }, cut(run.type, 60), ' ', h('span', { class: 'none' }, run.event)),
        h('td', { class: 'c-attempts' }, run.attempts),
        h('td', { class: 'c-took' }, end === null ? '–' : span(Math.max(0, end - begin))),
        h('td', { class: 'c-reason' },
          run.reason ? cut(run.reason, 120) : run.due && !run.ended ? ['due ', instant(run.due)] : null));
    })));
}

function retryAll(action, reload) {
  return guarded('Retry all that failed …', async () => {
    const whose = action ? `the action ${String(action).slice(0, 120)}` : 'every action';
    const isSure = await confirm('Retry every failed run?',
      h('p', {}, `Every failed run of ${whose} goes back into its lane.`), 'Retry');
    if (!isSure) return;
    await send('POST', '/api/v1/runs/retry', action ? { failed: true, action } : { failed: true });
    reload();
  });
}
