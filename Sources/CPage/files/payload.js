// SPDX-License-Identifier: Apache-2.0
// A JSON value as a tree that opens, or as text.

import { Digits } from './api.js';
import { cut, h, long } from './dom.js';

const portion = 100;

/** Both forms, with buttons to choose; `name` says whose value it is. */
export function payload(value, name) {
  const box = h('div', { class: 'tree-box' });
  const forms = { Tree: () => tree(value), Text: () => long(JSON.stringify(value, plain, 2) ?? 'null', 20000) };
  const buttons = Object.keys(forms).map((form) => h('button', { type: 'button', onclick: () => choose(form) }, form));
  function choose(form) {
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.textContent === form));
    box.replaceChildren(forms[form]());
  }
  choose('Tree');
  return h('div', {}, h('div', { class: 'segments', role: 'group', 'aria-label': `${name} as` }, buttons), box);
}

// Digits that JavaScript cannot hold stand as they were written, or in quotes where the browser cannot do that.
const plain = (key, value) => (value instanceof Digits ? JSON.rawJSON?.(value.text) ?? value.text : value);

const isBranch = (value) => typeof value === 'object' && value !== null && !(value instanceof Digits);

function tree(value, path = '', depth = 0) {
  if (!isBranch(value)) return leaf(value);
  const entries = Array.isArray(value) ? value.map((one, index) => [index, one]) : Object.entries(value);
  if (!entries.length) return h('span', { class: 'none' }, Array.isArray(value) ? '[ ]' : '{ }');
  const items = h('ul', { class: 'tree' });
  const more = h('button', { type: 'button', class: 'quiet', onclick: () => add() });
  let next = 0;
  function add() {
    items.append(...entries.slice(next, next + portion).map(([key, one]) => item(key, one, path, depth)));
    next += portion;
    more.textContent = `Show more; ${entries.length - next} are left`;
    more.hidden = next >= entries.length;
  }
  add();
  return h('div', {}, items, more);
}

function item(key, value, path, depth) {
  const place = typeof key === 'number' ? `${path}[${key}]` : path ? `${path}.${key}` : key;
  const name = h('span', { class: 'key', title: String(place).slice(0, 500) }, cut(key, 120));
  if (!isBranch(value)) return h('li', {}, name, ' ', leaf(value));
  const count = Object.keys(value).length;
  const size = Array.isArray(value) ? `[${count}]` : `{${count}}`;
  const details = h('details', { open: depth < 2 && count > 0 && count <= portion },
    h('summary', {}, name, ' ', h('span', { class: 'none' }, size)));
  // What nobody opens is not made.
  const grow = () => { if (details.open && details.children.length === 1) details.append(tree(value, place, depth + 1)); };
  grow();
  details.addEventListener('toggle', grow);
  return h('li', {}, details);
}

function leaf(value) {
  if (value === null) return h('span', { class: 'value null' }, 'null');
  if (value instanceof Digits) return h('span', { class: 'value number' }, value.text);
  if (typeof value !== 'string') return h('span', { class: `value ${typeof value}` }, String(value));
  if (value === '') return h('span', { class: 'value null' }, '""');
  if (value.length > 300 || value.includes('\n')) return long(value, 1000);
  return h('span', { class: 'value string' }, value);
}
