// SPDX-License-Identifier: Apache-2.0
// The filters of a list. Their names in the address are those of the API.

import { get } from './api.js';
import { h } from './dom.js';
import { knownGroups } from './marks.js';
import { change } from './place.js';

const fields = {
  text: { label: 'Text', hint: 'in the payload' },
  type: { label: 'Type', hint: 'esi_leap.lease.*', suggestions: 'types' },
  object: { label: 'Object', hint: 'node:NAME' },
  group: { label: 'Group', options: () => knownGroups().map((group) => group.group) },
  level: { label: 'Level', options: () => ['critical', 'warning', 'detail'] },
  subject: { label: 'Subject' },
  source: { label: 'Source', suggestions: 'sources' },
  tag: { label: 'Tags', hint: 'all of: a, b', isList: true },
  result: { label: 'Result', options: () => ['matched', 'unmatched', 'undecodable'] },
  action: { label: 'Action', suggestions: 'actions' },
  state: {
    label: 'Run state',
    options: () => ['pending', 'running', 'waiting', 'held', 'succeeded', 'failed', 'refused', 'expired', 'observed', 'discarded'],
  },
};

/** The filters that an address sets, as parameters for the API. */
export function chosen(parameters, names) {
  const filters = {};
  for (const name of names) {
    const values = parameters.getAll(name).filter(Boolean);
    if (values.length) filters[name] = fields[name].isList ? values : values[0];
  }
  return filters;
}

/** A form of filters; `first` are always seen, `more` behind a button. Every change changes the address. */
export function filterForm(first, more = []) {
  const names = [...first, ...more];
  const controls = new Map(names.map((name) => [name, control(name)]));
  const wrap = (name) => h('label', { class: `field field-${name}` }, h('span', {}, fields[name].label), controls.get(name));
  const rest = more.length ? h('details', { class: 'more' }, h('summary', {}, 'More filters'), h('div', {}, more.map(wrap))) : null;
  const clear = h('button', {
    type: 'button', class: 'quiet', onclick: () => change(Object.fromEntries(names.map((name) => [name, null]))),
  }, 'Clear');
  const form = h('form', { class: 'filters', role: 'search', 'aria-label': 'Filters' }, first.map(wrap), rest, clear);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('change', (event) => {
    const { name, value } = event.target;
    if (!fields[name]) return;
    const values = fields[name].isList ? value.split(/[,\s]+/).filter(Boolean) : value.trim();
    change({ [name]: values.length ? values : null });
  });
  suggest(form, names);

  return {
    element: form,
    /** Shows what the address says. */
    update(parameters) {
      for (const [name, element] of controls) {
        const value = parameters.getAll(name).join(', ');
        if (fields[name].options && value && ![...element.options].some((option) => option.value === value)) {
          element.append(h('option', { value }, value));
        }
        if (element !== document.activeElement || element.value.trim() !== value) element.value = value;
        element.classList.toggle('set', value !== '');
        if (value && more.includes(name)) rest.open = true;
      }
      clear.hidden = !names.some((name) => parameters.get(name));
    },
  };
}

function control(name) {
  const { hint, options, suggestions } = fields[name];
  const option = (value, label = value) => h('option', { value }, label);
  if (options) return h('select', { name }, option('', 'any'), options().map((value) => option(value)));
  return h('input', {
    name, type: name === 'text' ? 'search' : 'text', placeholder: hint ?? '', spellcheck: 'false', autocomplete: 'off',
    maxlength: 500, list: suggestions ? `known-${suggestions}` : null,
  });
}

/** Lists what there is below the fields, once a field is entered; without an answer there is simply nothing to choose. */
function suggest(form, names) {
  const wanted = new Set(names.map((name) => fields[name].suggestions).filter(Boolean));
  form.addEventListener('focusin', async () => {
    for (const kind of wanted) form.append(h('datalist', { id: `known-${kind}` }));
    const put = (kind, values) => form.querySelector(`#known-${kind}`)?.append(
      ...values.slice(0, 500).map((value) => h('option', { value })));
    try {
      if (wanted.has('types')) put('types', (await get('/api/v1/types')).types.map((type) => type.type));
      const status = await get('/api/v1/status');
      put('sources', status.sources.map((source) => source.source));
      put('actions', status.actions.map((action) => action.action));
    } catch { /* as said above */ }
  }, { once: true });
}
