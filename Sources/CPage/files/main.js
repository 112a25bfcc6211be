// SPDX-License-Identifier: Apache-2.0
// The page's frame: which view the address names, whether it is live, and who is looking.

import * as actions from './actions-view.js';
import { learnRole, logOut } from './api.js';
import { h, problem } from './dom.js';
import * as event from './event-view.js';
import * as events from './events-view.js';
import * as live from './live.js';
import { learnGroups } from './marks.js';
import { parse } from './place.js';
import * as runs from './runs-view.js';
import * as sources from './sources-view.js';

const main = document.getElementById('main');
let shown = null;

function viewOf({ view, item }) {
  if (view === 'events') return item === null ? events : event;
  return { runs, actions, sources }[view] ?? null;
}

function follow() {
  const place = parse();
  const view = viewOf(place);
  const key = `${place.view} ${place.item}`;
  if (shown?.key === key) {
    shown.view.update(place);
    return;
  }
  shown?.view.leave();
  const isFirst = shown === null;
  main.replaceChildren();
  document.title = view ? `${typeof view.title === 'string' ? view.title : view.title(place)} – onevent` : 'onevent';
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.view === place.view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (!view) {
    main.append(h('h1', {}, 'There is no such view'), h('p', {}, h('a', { href: '#/' }, 'To the events')));
    shown = { key, view: { update() {}, leave() {} } };
  } else {
    shown = { key, view: view.show(place, main) };
  }
  if (!isFirst) {
    // Screen readers and the keyboard begin at the new content; the browser's own way back keeps its place.
    main.focus({ preventScroll: true });
    if (!history.state?.isInside) scrollTo(0, 0);
  }
  if (!isFirst && !history.state) history.replaceState({ isInside: true }, '');
}

const words = {
  connecting: 'connecting', live: 'live', paused: 'paused', hidden: 'paused', lost: 'connection lost, retrying',
};

function showState() {
  const state = live.current();
  const element = document.getElementById('live');
  element.className = `live ${state}`;
  element.textContent = words[state];
}

function prepareTools() {
  const pause = document.getElementById('pause');
  pause.addEventListener('click', () => {
    const isPaused = pause.getAttribute('aria-pressed') !== 'true';
    pause.setAttribute('aria-pressed', String(isPaused));
    pause.textContent = isPaused ? 'Resume' : 'Pause';
    live.pause(isPaused);
  });
  document.getElementById('logout').addEventListener('click', () => logOut().catch((error) => main.prepend(problem(error))));
  document.getElementById('skip').addEventListener('click', (click) => {
    click.preventDefault();
    main.focus();
  });
}

/** Where the login interrupted, the way goes on. */
function comeBack() {
  let wanted = null;
  try {
    wanted = sessionStorage.getItem('return');
    sessionStorage.removeItem('return');
  } catch { /* storage is switched off */ }
  if (wanted && !location.hash) history.replaceState(null, '', wanted);
}

comeBack();
prepareTools();
addEventListener('hashchange', follow);
live.subscribe(({ kind }) => { if (kind === 'state') showState(); });
live.start();
showState();
try {
  document.getElementById('logout').hidden = !(await learnRole());
  await learnGroups();
} catch (error) {
  main.replaceChildren(problem(error));
}
follow();
