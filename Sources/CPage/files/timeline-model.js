// SPDX-License-Identifier: Apache-2.0
// What a timeline shows: rows of events become lanes, lanes become marks and bars. No drawing here.

import { objectsOf, weight } from './marks.js';

/** Marks nearer than this, in pixels, become one with a count. */
const nearness = 11;
/** Bars of one lane that may lie below each other. */
const tracks = 3;

/**
 * One lane for each object that the rows name, in a stable order: by kind, then by name. Events without an object are
 * in the lane of their source. Of more than `limit` lanes those are kept in which something happened last.
 */
export function lanesOf(rows, wanted, limit) {
  const lanes = new Map();
  for (const row of rows) {
    const time = Date.parse(row.received);
    if (Number.isNaN(time)) continue;
    const objects = objectsOf(row);
    const named = objects.length ? objects : [['source', row.source]];
    for (const [kind, name] of named) {
      if (wanted && kind !== wanted) continue;
      const key = `${kind}:${name}`;
      const lane = lanes.get(key) ?? { key, kind, name, points: [], runs: [], latest: -Infinity };
      lanes.set(key, lane);
      lane.points.push({ row, time });
      for (const run of row.runs ?? []) lane.runs.push({ row, run });
      lane.latest = Math.max(lane.latest, time);
    }
  }
  const all = [...lanes.values()].sort((a, b) => b.latest - a.latest);
  const kept = all.slice(0, limit).sort((a, b) => (
    order(a.kind) - order(b.kind) || a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name, 'en', { numeric: true })));
  return { lanes: kept, hidden: all.length - kept.length };
}

/** What operators look for first comes first; sources, which are no objects, last. */
const order = (kind) => {
  const index = ['node', 'instance', 'lease', 'project'].indexOf(kind);
  return index >= 0 ? index : kind === 'source' ? 9 : 5;
};

/** The marks of a lane from left to right: each an event, or several that would lie upon each other. */
export function marksOf(lane, x, from, to) {
  const points = lane.points.filter(({ time }) => time >= from && time <= to).sort((a, b) => a.time - b.time);
  const marks = [];
  for (const { row, time } of points) {
    const last = marks.at(-1);
    if (last && x(time) - last.end < nearness) {
      last.rows.push(row);
      last.end = Math.max(last.end, Math.min(x(time), last.start + 24));
      last.to = time;
      if (weight(row.level) > weight(last.level)) Object.assign(last, { level: row.level, group: row.group });
    } else {
      marks.push({ rows: [row], start: x(time), end: x(time), from: time, to: time, level: row.level, group: row.group });
    }
  }
  for (const mark of marks) mark.x = (mark.start + mark.end) / 2;
  return marks;
}

const ended = new Set(['succeeded', 'failed', 'refused', 'expired', 'observed', 'discarded']);

/** The bars of a lane, each in the first track where it fits; `more` have none. */
export function barsOf(lane, x, from, to, now) {
  const free = [];
  const bars = [];
  let more = 0;
  const spans = lane.runs.map(({ row, run }) => {
    const begin = Date.parse(run.started ?? run.created);
    const end = run.ended ? Date.parse(run.ended) : ended.has(run.state) ? begin : now;
    return { row, run, begin, end: Math.max(begin, end) };
  }).filter(({ begin, end }) => end >= from && begin <= to).sort((a, b) => a.begin - b.begin);
  for (const { row, run, begin, end } of spans) {
    const left = x(Math.max(begin, from));
    const width = Math.max(4, x(Math.min(end, to)) - left);
    let track = free.findIndex((right) => right + 2 <= left);
    if (track < 0) track = free.length;
    if (track >= tracks) {
      more += 1;
      continue;
    }
    free[track] = left + width;
    bars.push({ row, run, left, width, track });
  }
  return { bars, more, tracks: free.length };
}
