// SPDX-License-Identifier: Apache-2.0
// The actions: what each answers to, how it went, and the switch.

import { get, paths, refusal, send } from './api.js';
import { announce, cut, h, problem } from './dom.js';
import { subscribe } from './live.js';
import { stateChip } from './marks.js';
import { href } from './place.js';
import { guarded } from './run-card.js';
import { ago } from './time.js';

const choices = { enabled: 'Enabled', observe: 'Observe', suspended: 'Suspended' };
const meanings = {
  enabled: 'Runs its script.', observe: 'Records what it would run, and runs nothing.',
  suspended: 'Takes events, and starts nothing until it is enabled again.', disabled: 'Switched off in the configuration.',
};
const words = { events: 'Events', source: 'Source', tags: 'Tags', filter_params: 'Conditions' };
const order = ['running', 'pending', 'waiting', 'held', 'failed', 'succeeded', 'observed', 'refused', 'expired'];
/** Between two looks, however much happens. */
const pace = 1500;

export const title = 'Actions';

export function show(place, main) {
  const box = h('div', { class: 'cards' }, h('p', { class: 'none' }, 'Asking …'));
  const search = h('input', {
    type: 'search', name: 'name', placeholder: 'name or event', 'aria-label': 'Find an action',
    value: place.parameters.get('name') ?? '', oninput: () => draw(),
  });
  let actions = [];
  let timer = null;
  let isLeft = false;
  main.append(h('div', { class: 'heading' }, h('h1', {}, 'Actions'), search), box);

  async function load() {
    try {
      const answer = await get('/api/v1/actions');
      if (isLeft) return;
      ({ actions } = answer);
      draw();
    } catch (error) {
      if (!isLeft) box.replaceChildren(problem(error));
    }
  }

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    const textOf = ({ action, written }) => `${action} ${written?.events ?? ''} ${written?.tags ?? ''}`.toLowerCase();
    const found = actions.filter((action) => textOf(action).includes(wanted));
    const focused = box.contains(document.activeElement) ? document.activeElement.id : null;
    box.replaceChildren(...found.slice(0, 200).map((action) => cardOf(action, load)));
    const none = actions.length ? 'No action has this in its name or events.' : 'No actions are configured.';
    if (!found.length) box.append(h('p', { class: 'notice' }, none));
    if (found.length > 200) box.append(h('p', { class: 'none' }, `${found.length - 200} more; search for one.`));
    if (focused) document.getElementById(focused)?.focus();
  }

  const stop = subscribe(({ kind }) => {
    if (kind === 'state' || timer) return;
    timer = setTimeout(() => { timer = null; load(); }, pace);
  });
  load();
  return {
    update(next) {
      search.value = next.parameters.get('name') ?? '';
      draw();
    },
    leave() {
      isLeft = true;
      clearTimeout(timer);
      stop();
    },
  };
}

function cardOf(action, reload) {
  const { running, pending, waiting } = action;
  const counts = { running, pending, waiting, ...(action.journal ?? action.since_start) };
  const states = order.filter((state) => counts[state]);
  const written = Object.entries(action.written ?? {}).filter(([, text]) => text);
  return h('article', { class: `card action is-${action.status}`, 'aria-label': String(action.action).slice(0, 200) },
    h('header', {}, h('h2', {}, cut(action.action, 80)), switchOf(action, reload)),
    h('p', { class: 'meaning' }, meanings[action.status] ?? action.status,
      action.since ? [' Said by hand ', ago(action.since), '. ', undo(action, reload)] : null),
    h('dl', { class: 'facts' },
      written.map(([key, text]) => [h('dt', {}, words[key] ?? key), h('dd', {}, h('code', {}, cut(text, 240)))]),
      h('dt', {}, 'Script'), h('dd', {}, h('code', {}, cut((action.command ?? []).join(' '), 200)),
        (action.parameters ?? []).length ? [' ', h('code', { class: 'none' }, cut(action.parameters.join(', '), 160))] : null),
      h('dt', {}, 'Matched'), h('dd', {}, action.matched
        ? [`${action.matched.toLocaleString('en')} since the start`, action.last_match ? [', last ', ago(action.last_match)] : null]
        : h('span', { class: 'warn' }, 'never since the start')),
      action.last_run ? [h('dt', {}, 'Last run'), h('dd', {}, lastOf(action.last_run))] : null,
      action.last_failure ? [h('dt', {}, 'Last failure'), h('dd', {}, lastOf(action.last_failure))] : null),
    states.length ? h('p', { class: 'counts' }, states.map((state) => h('a', {
      href: href('runs', null, { action: action.action, state }),
    }, stateChip(state, counts[state].toLocaleString('en')), ' ', state))) : null);
}

const lastOf = (run) => [
  h('a', { href: href('runs', run.run) }, `run ${run.run}`), ' ', stateChip(run.state), ' ', ago(run.ended ?? run.created),
  run.reason ? [': ', cut(run.reason, 160)] : null,
];

/** Lets the file's word count again. */
const undo = (action, reload) => guarded('As configured', async () => {
  await send('PUT', `${paths.action(action.action)}/status`, { status: 'default' });
  reload();
}, { class: 'quiet' });

/** Three ways to be, as buttons of which one is pressed; what the file switched off, only the file switches on. */
function switchOf(action, reload) {
  const said = h('div', { class: 'said' });
  const isOff = action.status === 'disabled';
  const reason = isOff ? 'The configuration has enabled = no; change it there and reload.' : refusal();
  const slug = encodeURIComponent(action.action);
  const group = h('div', { class: 'segments', role: 'group', 'aria-label': `Status of ${String(action.action).slice(0, 120)}` },
    Object.entries(choices).map(([status, label]) => h('button', {
      type: 'button', id: `switch-${slug}-${status}`, 'aria-pressed': String(action.status === status), disabled: reason !== null,
      title: reason ?? meanings[status], onclick: async () => {
        said.replaceChildren();
        try {
          await send('PUT', `${paths.action(action.action)}/status`, { status });
          announce(`${action.action}: ${label}`);
          reload();
        } catch (error) {
          said.replaceChildren(problem(error));
        }
      },
    }, label)));
  return h('div', { class: 'switch' }, group, said);
}
