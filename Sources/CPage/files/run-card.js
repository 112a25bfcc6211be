// SPDX-License-Identifier: Apache-2.0
// One run: how it stands, its attempts, what they printed, and what a person may decide.

import { get, paths, refusal, send } from './api.js';
import { announce, confirm, cut, h, long, problem, shorten } from './dom.js';
import { retriable, stateChip } from './marks.js';
import { href } from './place.js';
import { instant, span } from './time.js';

/** Between two looks at what a running script prints. */
const pace = 1000;

/** Bytes as the API writes them: text, or Base64 where they are none. */
const readable = (bytes) => (typeof bytes === 'string' ? bytes : bytes?.base64 ? `(not UTF-8, in Base64)\n${bytes.base64}` : '');

/** `onDecided()` is called after a decision took effect. */
export async function runCard(number, onDecided) {
  const run = await get(paths.run(number));
  const live = run.state === 'running' ? liveOutput(run.run) : null;
  const element = h('article', { class: 'run-card', id: `run-${run.run}`, tabindex: -1, 'aria-labelledby': `run-title-${run.run}` },
    h('header', {},
      h('h3', { id: `run-title-${run.run}` }, h('a', { href: href('actions', null, { name: run.action }) }, cut(run.action, 80))),
      stateChip(run.state), h('span', { class: 'none' }, `run ${run.run}`), decisions(run, onDecided)),
    run.reason ? h('p', { class: 'reason' }, cut(run.reason, 600)) : null,
    h('p', { class: 'facts' }, 'made ', instant(run.created), run.ended ? [', ended ', instant(run.ended)] : null,
      run.due && !run.ended ? [', due ', instant(run.due)] : null, run.replay ? ', a replay' : null,
      ', id ', h('code', {}, run.run_id)),
    live?.element, (run.attempts_made ?? []).toReversed().map((attempt, index) => attemptOf(attempt, index === 0)));
  return { element, state: run.state, stop: () => live?.stop() };
}

function attemptOf(attempt, isOpen) {
  // The outcome says the code or the signal, too: 'exited 3', 'killed by signal 9', 'timed out'.
  const outcome = attempt.outcome ?? 'running';
  const failed = attempt.outcome && attempt.outcome !== 'exited 0';
  return h('details', { class: 'attempt', open: isOpen },
    h('summary', {}, `Attempt ${attempt.attempt}: `, h('span', { class: failed ? 'bad' : null }, outcome),
      attempt.duration !== null ? ` after ${span(attempt.duration * 1000)}` : null, ', ', instant(attempt.started)),
    attempt.reason ? h('p', { class: 'reason' }, cut(attempt.reason, 600)) : null,
    h('dl', { class: 'facts' },
      h('dt', {}, 'Program'), h('dd', {}, h('code', {}, cut(attempt.program, 300))),
      h('dt', {}, 'Arguments'), h('dd', {}, attempt.arguments?.length
        ? h('ol', { class: 'arguments', start: 0 }, attempt.arguments.map((one) => (
          h('li', {}, h('code', {}, cut(readable(one), 500))))))
        : 'none'),
      h('dt', {}, 'Directory'), h('dd', {}, h('code', {}, cut(attempt.directory, 300)))),
    output('Output', attempt.stdout), output('Errors', attempt.stderr));
}

function output(name, stream) {
  const [head, tail] = [readable(stream?.head), readable(stream?.tail)];
  if (!head && !tail) return null;
  return h('div', { class: 'output' }, h('h4', {}, name), head ? long(head) : null,
    stream.dropped ? h('p', { class: 'none' }, `… ${stream.dropped.toLocaleString('en')} bytes between were not kept …`) : null,
    tail ? long(tail) : null);
}

function liveOutput(number) {
  const kept = 20000;
  const block = h('pre', { class: 'text', tabindex: 0, 'aria-label': 'Output so far' });
  let after = 0;
  let timer = null;
  let isStopped = false;
  async function look() {
    try {
      const answer = await get(`${paths.run(number)}/output`, { after });
      after = answer.next;
      block.textContent = (block.textContent + readable(answer.output)).slice(-kept);
      if (!answer.live && answer.state !== 'running') return;
    } catch { /* looked at again below */ }
    if (!isStopped) timer = setTimeout(look, pace);
  }
  look();
  return {
    element: h('div', { class: 'output' }, h('h4', {}, 'Output so far'), block),
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

function decisions(run, onDecided) {
  const buttons = [];
  if (retriable.includes(run.state)) {
    buttons.push(decision('Retry', run, 'The script runs again with the same event, at the end of its lane.', onDecided));
  }
  if (run.state !== 'running' && run.state !== 'succeeded' && run.state !== 'discarded') {
    buttons.push(decision('Discard', run, 'The run is given up for good; it stays in the history.', onDecided, true));
  }
  return h('div', { class: 'buttons' }, buttons);
}

function decision(label, run, consequence, onDecided, isDanger = false) {
  return guarded(label, async (button) => {
    const isSure = await confirm(`${label} run ${run.run}?`, [
      h('p', {}, 'Action ', h('b', {}, shorten(run.action, 120)), `, now ${run.state}.`), h('p', {}, consequence),
    ], label, { isDanger });
    if (!isSure) return;
    await send('POST', `${paths.run(run.run)}/${label.toLowerCase()}`);
    announce(`Run ${run.run}: ${label.toLowerCase()} taken`);
    button.disabled = true;
    onDecided();
  });
}

/** A button for a decision: switched off with the reason where the role does not reach; a refusal is said beside it. */
export function guarded(label, decide, attributes = {}) {
  const reason = refusal();
  const said = h('span', { class: 'said' });
  const button = h('button', {
    type: 'button', disabled: reason !== null, title: reason, ...attributes,
    onclick: async () => {
      said.replaceChildren();
      try {
        await decide(button);
      } catch (error) {
        said.replaceChildren(problem(error));
      }
    },
  }, label);
  return h('span', { class: 'guarded' }, button, said);
}
