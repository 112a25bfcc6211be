// SPDX-License-Identifier: Apache-2.0
// The two streams. They say that something is new, and its number; what exactly it is, a view asks for with its own
// filters, so that a gap of the stream is none of the page's. While the tab is hidden both are closed: a browser opens
// only six connections to one server, and tabs that nobody looks at must not hold them.

import { get } from './api.js';

const listeners = new Set();
const last = { event: null, run: null };
let sources = [];
let state = 'connecting';
let isPaused = false;
let retry = null;
let delay = 1000;

const tell = (message) => listeners.forEach((listener) => listener(message));

/** Calls `listener({kind: 'event' | 'run' | 'state', …})` until the returned function is called. */
export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const current = () => state;

function set(next) {
  if (state === next) return;
  state = next;
  tell({ kind: 'state', state });
}

export function start() {
  document.addEventListener('visibilitychange', update);
  addEventListener('pagehide', close);
  addEventListener('pageshow', update);
  update();
}

export function pause(wanted) {
  isPaused = wanted;
  update();
}

function update() {
  if (isPaused || document.hidden) {
    close();
    set(isPaused ? 'paused' : 'hidden');
  } else if (!sources.length && !retry) {
    set('connecting');
    open();
  }
}

function close() {
  clearTimeout(retry);
  retry = null;
  sources.forEach((source) => source.close());
  sources = [];
}

function open() {
  close();
  sources = [follow('/api/v1/events/stream', 'event'), follow('/api/v1/runs/stream', 'run')];
}

function follow(path, kind) {
  const source = new EventSource(last[kind] === null ? path : `${path}?last_event_id=${encodeURIComponent(last[kind])}`);
  source.addEventListener('open', () => {
    if (!sources.every((one) => one.readyState === EventSource.OPEN)) return;
    delay = 1000;
    set('live');
    // Whatever came between the last question and now.
    tell({ kind: 'event' });
    tell({ kind: 'run' });
  });
  source.addEventListener(kind, (message) => {
    last[kind] = message.lastEventId || last[kind];
    let summary = null;
    try { summary = JSON.parse(message.data); } catch { /* the number is what counts */ }
    tell({ kind, summary });
  });
  source.addEventListener('reset', (message) => {
    last[kind] = message.lastEventId || null;
    tell({ kind });
  });
  source.addEventListener('behind', () => again());
  source.addEventListener('error', () => {
    set('lost');
    // The browser tries again by itself, unless the answer was a refusal.
    if (source.readyState === EventSource.CLOSED) again();
  });
  return source;
}

/** Opens both streams anew, after a pause that doubles up to 15 s. A login that ended shows itself by the question. */
function again() {
  if (retry) return;
  close();
  set('lost');
  retry = setTimeout(async () => {
    delay = Math.min(2 * delay, 15000);
    const isReachable = await get('/api/v1/latest').then(() => true, () => false);
    retry = null;
    if (isPaused || document.hidden || sources.length) return;
    if (isReachable) open();
    else again();
  }, delay);
}
