// SPDX-License-Identifier: Apache-2.0
// How events and runs look: the level of an event is its shape, its group its colour; the state of a run is a colour
// and a texture. Nothing is said by colour alone.

import { get } from './api.js';
import { h, s } from './dom.js';
import { href } from './place.js';

const hues = 9;
let groups = [];

/** Asks for the groups, whose order gives each its colour; those of everybody come first, so that theirs stay. */
export async function learnGroups() {
  try {
    const known = (await get('/api/v1/groups')).groups;
    groups = [...known.filter((group) => group.shipped), ...known.filter((group) => !group.shipped)];
  } catch {
    groups = [];
  }
}

export const knownGroups = () => groups;

function groupClass(name) {
  if (!name) return 'g-none';
  const index = groups.findIndex((group) => group.group === name);
  return `g${(index < 0 ? 0 : index) % hues}`;
}

const rank = { critical: 3, warning: 2, detail: 1 };
export const weight = (level) => rank[level] ?? 0;

const shapes = { critical: 'M0-7 7 0 0 7-7 0z', warning: 'M0-6.4 6.2 4.8H-6.2z' };

/** The shape of an event, around (0, 0) in 14 by 14. */
export function shape(level, group) {
  const name = `mark ${groupClass(group)} ${rank[level] ? level : 'plain'}`;
  if (shapes[level]) return s('path', { class: name, d: shapes[level] });
  return s('circle', { class: name, r: level === 'detail' ? 4.6 : 3.6 });
}

export const icon = (level, group) => s('svg', {
  class: 'icon', width: 16, height: 16, viewBox: '-8 -8 16 16', 'aria-hidden': 'true',
}, shape(level, group));

/** Shape and words for the group and level of an event. */
export function groupLabel(row) {
  if (!row.group) return h('span', { class: 'none' }, icon(null, null), h('span', { class: 'words' }, 'no group'));
  return h('span', { class: 'group' }, icon(row.level, row.group),
    h('span', { class: 'words' }, row.group), h('span', { class: 'level' }, row.level ?? ''));
}

const glyphs = {
  pending: '·', running: '▸', waiting: '↻', held: '‖', succeeded: '✓', failed: '✕', refused: '⊘', expired: '⌛',
  observed: '◦', discarded: '–',
};

/** The state of a run in a word, with its sign. */
export const stateChip = (state, prefix = '') => h('span', { class: `chip state-${state in glyphs ? state : 'other'}` },
  h('span', { 'aria-hidden': 'true', class: 'glyph' }, glyphs[state] ?? '?'), prefix ? `${prefix} ` : '',
  h('span', { class: prefix ? 'unseen' : null }, state));

/** What became of an event without runs. */
export const resultWord = (row) => h('span', { class: `result-${row.result}`, title: row.reason ?? '' },
  { unmatched: 'no action matched', undecodable: 'undecodable', matched: 'matched' }[row.result] ?? row.result ?? '–');

/** The objects of an event as [kind, name]; names are texts, whatever came. */
export const objectsOf = (row) => Object.entries(row.objects ?? {})
  .filter(([, name]) => name !== null && typeof name !== 'object').map(([kind, name]) => [kind, String(name)]);

/** A link to everything that names an object. */
export const objectLink = (kind, name, shown = name) => h('a', {
  class: 'object', href: href('events', null, { object: `${kind}:${name}` }), title: `${kind} ${name}`.slice(0, 300),
}, h('span', { class: 'kind' }, kind), ' ', shown);

/** Runs in these states may be put back into their lanes. */
export const retriable = ['failed', 'held', 'refused', 'expired', 'observed'];
