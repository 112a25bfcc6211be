// SPDX-License-Identifier: Apache-2.0
// The sources and the daemon itself.

import { get } from './api.js';
import { cut, h, problem, shorten } from './dom.js';
import { subscribe } from './live.js';
import { stateChip } from './marks.js';
import { href } from './place.js';
import { ago, instant } from './time.js';

/** Between two looks; the state of a source comes with no stream. */
const pace = 5000;

export const title = 'Sources';

export function show(place, main) {
  const box = h('div', {}, h('p', { class: 'none' }, 'Asking …'));
  let timer = null;
  let isLeft = false;
  main.append(h('h1', {}, 'Sources'), box);

  async function load() {
    clearTimeout(timer);
    try {
      const status = await get('/api/v1/status');
      if (!isLeft) box.replaceChildren(...contentOf(status));
    } catch (error) {
      if (!isLeft) box.replaceChildren(problem(error));
    }
    if (!isLeft) timer = setTimeout(() => (document.hidden ? null : load()), pace);
  }

  const stop = subscribe(({ kind }) => { if (kind === 'state') load(); });
  load();
  return {
    update() {},
    leave() {
      isLeft = true;
      clearTimeout(timer);
      stop();
    },
  };
}

const good = ['connected', 'local'];

function contentOf(status) {
  const troubles = [
    status.reload_failure ? `The last reload changed nothing: ${status.reload_failure}` : null,
    status.journal?.trouble ? `The journal does not record: ${status.journal.trouble}` : null,
    status.journal?.retention_suspended ? `Nothing is deleted at present: ${status.journal.retention_suspended}` : null,
    status.suspended ? 'Every action is suspended.' : null, status.stopping ? 'The daemon is stopping.' : null,
    ...(status.stuck ?? []),
  ].filter(Boolean);
  return [
    ...troubles.map((trouble) => h('p', { class: 'notice bad' }, trouble)),
    h('div', { class: 'cards' }, (status.sources ?? []).map(sourceOf),
      status.sources?.length ? null : h('p', { class: 'notice' }, 'No sources are configured.')),
    h('section', { class: 'card', 'aria-labelledby': 'daemon-title' }, h('h2', { id: 'daemon-title' }, 'Daemon'),
      h('dl', { class: 'facts wide' },
        fact('Version', status.version), fact('Running since', [instant(status.started), ' (', ago(status.started), ')']),
        fact('Configuration', [
          (status.files ?? []).map((file) => h('code', {}, cut(file, 200))), ' since ', instant(status.configured)]),
        fact('Journal', [h('code', {}, cut(status.journal?.path, 200)), ` ${bytes(status.journal?.bytes ?? 0)}`]),
        fact('Runs', ['running', 'pending', 'waiting', 'held', 'failed'].map((state) => [
          h('a', { href: href('runs', null, { state }) },
            stateChip(state, (status[state] ?? 0).toLocaleString('en')), ' ', state), ' ']))),
      h('details', {}, h('summary', {}, 'Counters since the start'), h('table', { class: 'counters' }, h('tbody', {},
        Object.entries(status.counters ?? {}).map(([name, count]) => h('tr', {},
          h('th', { scope: 'row' }, name), h('td', {}, count.toLocaleString('en')))))))),
  ];
}

const fact = (name, value) => [h('dt', {}, name), h('dd', {}, value)];

function sourceOf(source) {
  const [look, glyph] = good.includes(source.state) ? ['succeeded', '✓']
    : source.state === 'lost' ? ['failed', '✕'] : ['waiting', '·'];
  return h('article', { class: 'card source', 'aria-label': String(source.source).slice(0, 200) },
    h('header', {}, h('h2', {}, cut(source.source, 80)),
      h('span', { class: `chip state-${look}` }, h('span', { class: 'glyph', 'aria-hidden': 'true' }, glyph), source.state)),
    h('p', {}, source.host ? [h('code', {}, cut(source.host, 120)), ' '] : null,
      h('span', { class: 'none' }, 'since '), instant(source.since)),
    source.reason ? h('p', { class: 'reason' }, cut(source.reason, 600)) : null,
    Object.keys(source.queues ?? {}).length ? h('dl', { class: 'facts' }, Object.entries(source.queues).map(([name, state]) => [
      h('dt', {}, h('code', {}, cut(name, 80))), h('dd', {}, cut(state, 120))])) : null,
    h('p', {}, h('a', { href: href('events', null, { source: source.source }) }, `Events of ${shorten(source.source, 40)}`)));
}

function bytes(number) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = number < 1 ? 0 : Math.min(4, Math.floor(Math.log(number) / Math.log(1024)));
  return `${(number / 1024 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}
