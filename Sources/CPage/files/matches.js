// SPDX-License-Identifier: Apache-2.0
// Why each action did, or did not, take an event; asked of the present configuration.

import { get, paths } from './api.js';
import { cut, h, problem } from './dom.js';

const words = {
  matched: 'matches', observed: 'matches, observes only', disabled: 'disabled', other_source: 'takes no events of this source',
  other_event: 'does not name this type', filtered: 'a condition does not hold',
};
const signs = { yes: '✓', no: '✕', unknown: '?' };
const looks = { yes: 'good', no: 'bad' };
const isFar = (entry) => entry.answer === 'other_event' || entry.answer === 'other_source';

export async function matches(number) {
  let answer;
  try {
    answer = await get(`${paths.event(number)}/matches`);
  } catch (error) {
    return problem(error);
  }
  const { actions = [], ignored } = answer.explanation ?? {};
  const near = actions.filter((entry) => !isFar(entry));
  const far = actions.filter(isFar);
  return h('div', {},
    ignored ? h('p', { class: 'notice' }, 'Its source ignores this type: no action sees it.') : null,
    near.map(entryOf),
    near.length ? null : h('p', {}, actions.length
      ? 'No action takes events of this type from this source.' : 'No actions are configured.'),
    far.length ? h('details', { class: 'far' },
      h('summary', {}, `${far.length} ${far.length === 1 ? 'action takes' : 'actions take'} other events`),
      h('ul', {}, far.map((entry) => h('li', {}, h('b', {}, cut(entry.action, 80)), ` ${words[entry.answer]}`)))) : null);
}

function entryOf(entry) {
  const isMatch = entry.answer === 'matched' || entry.answer === 'observed';
  const findings = entry.findings ?? [];
  const called = entry.invocation;
  return h('details', { class: 'match', open: true },
    h('summary', {},
      h('span', { class: `verdict ${isMatch ? 'good' : 'bad'}`, 'aria-hidden': 'true' }, isMatch ? '✓' : '✕'), ' ',
      h('b', {}, cut(entry.action, 80)), ` ${words[entry.answer] ?? entry.answer}`,
      entry.place ? h('span', { class: 'none' }, ` ${entry.place}`) : null),
    findings.length ? h('table', { class: 'findings' },
      h('caption', { class: 'unseen' }, `Conditions of ${String(entry.action).slice(0, 120)}`),
      h('colgroup', {}, h('col'), h('col'), h('col')),
      h('thead', { class: 'unseen' }, h('tr', {}, ['Holds', 'Condition', 'Found'].map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, findings.map((finding) => h('tr', {},
        h('td', {}, h('span', { class: `verdict ${looks[finding.truth] ?? ''}`, title: finding.truth },
          signs[finding.truth] ?? '?', h('span', { class: 'unseen' }, ` ${finding.truth}`))),
        h('td', {}, h('code', {}, cut(finding.condition, 200))),
        h('td', {}, finding.actual === null ? h('span', { class: 'none' }, 'nothing') : h('code', {}, cut(finding.actual, 200)),
          finding.reason ? h('span', { class: 'none' }, ` ${finding.reason}`) : null))))) : null,
    entry.expired ? h('p', { class: 'reason' }, 'It is older than max_event_age by now: a run would end as expired.') : null,
    entry.refused ? h('p', { class: 'reason' }, `The run would be refused: ${entry.refused}`) : null,
    called ? h('p', { class: 'facts' }, 'would run ', h('code', {}, cut(commandOf(called), 400))) : null);
}

const commandOf = (called) => [called.path, ...(called.arguments ?? []).slice(1)].map(quoted).join(' ');

/** Arguments told apart, as a shell would have them written. */
const quoted = (argument) => {
  const text = typeof argument === 'string' ? argument : `base64:${argument?.base64 ?? ''}`;
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
};
