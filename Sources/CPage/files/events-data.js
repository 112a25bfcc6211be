// SPDX-License-Identifier: Apache-2.0
// The events that a view shows: the newest of a range, kept up to date by the streams.

import { get, list } from './api.js';
import { subscribe } from './live.js';
import { now, ranges, step } from './time.js';

/** What is drawn and listed at once; of more the newest. */
const most = 1000;
/** Between two questions, however many events the stream tells of. */
const pace = 500;

const iso = (time) => new Date(time).toISOString();

/** The smallest range that holds the newest events, so that the first look shows something. */
export async function fittingRange(filters) {
  const { events } = await get('/api/v1/events', { ...filters, limit: 50 });
  if (!events.length) return null;
  const age = now() - Date.parse(events.at(-1).received);
  return [...ranges].find(([, length]) => age * 1.02 < length)?.[0] ?? '365d';
}

/** How many events there were, in buckets of equal length. */
export async function counts(filters, from, to) {
  const width = Math.max(1000, step(to - from, 160));
  const { rows } = await get('/api/v1/events', {
    ...filters, gte: iso(from), lt: iso(to), aggregate: 'count', every: `${width / 1000}s`,
  });
  return rows.map((row) => {
    const begin = Date.parse(row.start);
    return { from: begin, to: begin + width, count: row.count };
  });
}

/** `onChange(changed)` is called after every change: 'rows' when events came or went, 'runs' when runs moved on. */
export function eventData({ onChange, onError }) {
  let asked = null;
  let rows = [];
  let total = null;
  let newest = 0;
  let change = 0;
  let turn = 0;
  let isThere = false;
  const busy = { event: false, run: false };
  const wanted = { event: false, run: false };

  /** Asks anew; an answer that a later question overtook is dropped. `to` null = now, and then it stays live. */
  async function load(filters, from, to) {
    const mine = ++turn;
    asked = { filters, from, to };
    try {
      const latest = await get('/api/v1/latest');
      const answer = await list('/api/v1/events', {
        ...filters, gte: iso(from), lt: to === null ? null : iso(to), limit: most, runs: true,
      });
      if (mine !== turn) return;
      [newest, change] = [latest.event, latest.change];
      isThere = true;
      rows = answer.events;
      newest = Math.max(newest, rows[0]?.event ?? 0);
      total = answer.total;
      onChange('rows');
    } catch (error) {
      if (mine === turn) onError(error);
    }
  }

  async function pull() {
    if (!asked || asked.to !== null) return;
    const mine = turn;
    const { events } = await get('/api/v1/events', { ...asked.filters, after: newest, limit: most, runs: true });
    if (mine !== turn || !events.length) return;
    if (events.length === most) return load(asked.filters, asked.from, asked.to);
    const known = new Set(rows.map((row) => row.event));
    const fresh = events.filter((row) => !known.has(row.event));
    newest = Math.max(newest, ...events.map((row) => row.event));
    rows = [...fresh, ...rows].sort((a, b) => b.event - a.event).slice(0, most);
    onChange('rows', fresh);
  }

  async function pullRuns() {
    if (!asked) return;
    const mine = turn;
    const { runs } = await get('/api/v1/runs', { changed_after: change, limit: most });
    if (mine !== turn || !runs.length) return;
    change = Math.max(change, ...runs.map((run) => run.change));
    const byEvent = new Map(rows.map((row) => [row.event, row]));
    let isChanged = false;
    for (const run of runs) {
      const row = byEvent.get(run.event);
      if (!row) continue;
      row.runs = [...(row.runs ?? []).filter((one) => one.run !== run.run), run].sort((a, b) => a.run - b.run);
      isChanged = true;
    }
    if (isChanged) onChange('runs');
    if (runs.length === most) wanted.run = true;
  }

  /** One question at a time of each kind, and never more often than `pace`. */
  async function follow(kind) {
    wanted[kind] = true;
    if (busy[kind]) return;
    busy[kind] = true;
    while (wanted[kind]) {
      wanted[kind] = false;
      try {
        await (kind === 'event' ? pull() : pullRuns());
      } catch { /* the stream's own state says that the daemon is away; when it is back, it says so again */ }
      await new Promise((resolve) => { setTimeout(resolve, pace); });
    }
    busy[kind] = false;
  }

  const stop = subscribe(({ kind }) => { if (kind === 'event' || kind === 'run') follow(kind); });

  return {
    load,
    stop() {
      turn += 1;
      asked = null;
      stop();
    },
    /** Whether the first answer is there. */
    get isThere() { return isThere; },
    get rows() { return rows; },
    /** How many there are in all, where that is more than the rows; else null. */
    get total() { return rows.length >= most ? total : null; },
    /** A later count of the whole range. */
    set total(count) { total = String(count); },
  };
}
