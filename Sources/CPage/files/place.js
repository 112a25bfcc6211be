// SPDX-License-Identifier: Apache-2.0
// The address: #/VIEW/NUMBER?PARAMETERS. Everything that a person chose stands there, so that it can be shared, and
// the browser's back button works.

/** What the address names. The view of an address without one is `events`. */
export function parse(hash = location.hash) {
  const [path, search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [view, ...rest] = path.split('/');
  let item = null;
  try { item = rest.length ? decodeURIComponent(rest.join('/')) : null; } catch { /* no such thing, then */ }
  return { view: view || 'events', item, parameters: new URLSearchParams(search) };
}

export function href(view, item = null, parameters = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of parameters instanceof URLSearchParams ? parameters : Object.entries(parameters)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== '') search.append(name, one);
  }
  const text = search.toString();
  const path = item === null ? (view === 'events' ? '' : view) : `${view}/${encodeURIComponent(item)}`;
  return `#/${path}${text ? `?${text}` : ''}`;
}

/** Changes parameters of the present address: null removes one. Replacing leaves no step for the back button. */
export function change(changes, { isReplacing = false } = {}) {
  const { view, item, parameters } = parse();
  for (const [name, value] of Object.entries(changes)) {
    parameters.delete(name);
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== '') parameters.append(name, one);
  }
  const next = href(view, item, parameters);
  if (next === location.hash || (next === '#/' && !location.hash)) return;
  history[isReplacing ? 'replaceState' : 'pushState'](null, '', next);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
