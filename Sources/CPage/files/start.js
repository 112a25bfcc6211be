// SPDX-License-Identifier: Apache-2.0
// What stands here before the first event: how to send one.

import { get } from './api.js';
import { h, shorten } from './dom.js';

const usual = '/etc/onevent/onevent.conf';

export async function firstStart() {
  const status = await get('/api/v1/status').catch(() => null);
  const file = status?.files?.[0] ?? usual;
  const option = file === usual ? '' : ` -c ${quoted(file)}`;
  const sources = status?.sources ?? [];
  const local = sources.find((source) => source.state === 'local');
  const brokers = sources.filter((source) => source !== local);
  // Beside a broker an action has the local events only when it names their source.
  const source = local && brokers.length ? `source = ${local.source}\n` : '';
  return h('section', { class: 'card first', 'aria-labelledby': 'first-title' },
    h('h2', { id: 'first-title' }, 'Nothing has happened yet'),
    h('p', {}, 'onevent runs, and has not seen an event. Send it one; it appears here at once:'),
    command(`onevent send${option} hello --tag try:first --payload '{"to": "the page"}'`),
    h('p', {}, 'To have a script answer it, name it in the configuration and reload:'),
    command(`[greet]\nevents = hello\n${source}script = /bin/echo\nscript_params = to`, 'Copy the section'),
    command(`onevent check${option} && onevent reload${option}`),
    brokers.length ? h('p', { class: 'none' }, 'Events of a broker come by themselves: ',
      brokers.map((one) => [shorten(one.source, 60), ` is ${one.state}; `]), h('a', { href: '#/sources' }, 'see the sources')) : null);
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
