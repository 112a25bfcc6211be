// SPDX-License-Identifier: Apache-2.0
// What stands here before the first event: how to send one.

import { get } from './api.js';
import { h } from './dom.js';

const usual = '/etc/onevent/onevent.conf';

export async function firstStart() {
  const status = await get('/api/v1/status').catch(() => null);
  const file = status?.files?.[0] ?? usual;
  const option = file === usual ? '' : ` -c ${quoted(file)}`;
  const waiting = (status?.sources ?? []).filter((source) => source.state === 'connected').map((source) => source.source);
  return h('section', { class: 'card first', 'aria-labelledby': 'first-title' },
    h('h2', { id: 'first-title' }, 'Nothing has happened yet'),
    h('p', {}, 'onevent runs, and has not seen an event. Send it one; it appears here at once:'),
    command(`onevent send${option} hello --tag try:first --payload '{"to": "the page"}'`),
    h('p', {}, 'To have a script answer it, name it in the configuration and reload:'),
    command(`[greet]\nevents = hello\nscript = /bin/echo\nscript_params = to`, 'Copy the section'),
    command(`onevent check${option} && onevent reload${option}`),
    h('p', { class: 'none' }, waiting.length
      ? `Connected and waiting for events: ${waiting.join(', ')}.`
      : 'No broker is connected. ', waiting.length ? null : h('a', { href: '#/sources' }, 'See the sources')));
}

/** As a shell takes it. */
const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function command(text, label = 'Copy the command') {
  const button = h('button', { type: 'button', class: 'quiet', 'aria-label': label, onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  } }, 'Copy');
  const code = h('pre', { tabindex: 0 }, text);
  return h('div', { class: 'command' }, code, button);
}
