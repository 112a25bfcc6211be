// SPDX-License-Identifier: Apache-2.0
// The strip below the timeline: how many events there were in the whole range, and a brush for the part that is shown.

import { h, s } from './dom.js';
import { moment, ticks } from './time.js';

const height = 44, edge = 6;

/** How far a key moves an end, as a share of the whole range. */
const moves = {
  ArrowLeft: -0.01, ArrowDown: -0.01, ArrowRight: 0.01, ArrowUp: 0.01, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1,
};

/** `onChoose(from, to, {isReplacing})` is called with the part that a person chose; null, null = everything. */
export function strip({ onChoose }) {
  const svg = s('svg', { class: 'strip', height, role: 'group', 'aria-label': 'Whole range' });
  const element = h('div', { class: 'strip-box' }, svg);
  let shown = null;
  let scale = 1;
  let drag = null;
  const x = (time) => edge + (time - shown.from) * scale;
  const time = (at) => shown.from + (at - edge) / scale;

  const bars = s('g', { class: 'counts' });
  const labels = s('g', { class: 'ticks', 'aria-hidden': 'true' });
  const shades = [s('rect', { class: 'shade', y: 0, height }), s('rect', { class: 'shade', y: 0, height })];
  const frame = s('rect', { class: 'frame', y: 0.5, height: height - 1, rx: 3 });
  const handles = ['from', 'to'].map((end) => s('g', {
    class: 'handle', role: 'slider', tabindex: 0, 'aria-label': end === 'from' ? 'Begin of what is shown' : 'End of what is shown',
    'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': end === 'from' ? 0 : 100, 'data-end': end,
  }, s('rect', { x: -9, width: 18, y: 0, height, class: 'grip' }), s('path', { d: `M0 ${height / 2 - 8}v16` })));
  svg.append(bars, labels, ...shades, frame, ...handles);

  function draw(content) {
    shown = content;
    const width = element.clientWidth || 900;
    svg.setAttribute('width', width);
    scale = (width - 2 * edge) / (shown.to - shown.from);
    const highest = Math.max(1, ...shown.buckets.map((bucket) => bucket.count));
    bars.replaceChildren(...shown.buckets.filter((bucket) => bucket.count).map((bucket) => {
      const tall = Math.max(2, (height - 18) * Math.sqrt(bucket.count / highest));
      const left = Math.max(edge, x(bucket.from));
      return s('rect', {
        x: left, width: Math.max(1, Math.min(width - edge, x(bucket.to)) - left - 0.5), y: height - 14 - tall, height: tall,
      }, s('title', {}, `${bucket.count} events from ${moment(bucket.from)}`));
    }));
    labels.replaceChildren(...ticks(shown.from, shown.to, Math.max(2, Math.floor(width / 110))).map((mark) => s('text', {
      x: Math.min(Math.max(x(mark.time), 18), width - 18), y: height - 3,
    }, mark.label)));
    place(shown.part?.[0] ?? shown.from, shown.part?.[1] ?? shown.to);
  }

  function place(from, to) {
    const [left, right] = [Math.max(edge, x(from)), Math.max(Math.min(x(to), x(shown.to)), edge + 2)];
    shades[0].setAttribute('x', 0);
    shades[0].setAttribute('width', Math.max(0, left));
    shades[1].setAttribute('x', right);
    shades[1].setAttribute('width', Math.max(0, x(shown.to) + edge - right));
    frame.setAttribute('x', left);
    frame.setAttribute('width', Math.max(2, right - left));
    svg.classList.toggle('whole', !shown.part);
    handles.forEach((handle, index) => {
      const at = index ? to : from;
      handle.setAttribute('transform', `translate(${index ? right : left} 0)`);
      handle.setAttribute('aria-valuenow', Math.round(100 * Math.min(1, Math.max(0, (at - shown.from) / (shown.to - shown.from)))));
      handle.setAttribute('aria-valuetext', moment(at));
    });
  }

  const part = () => shown.part ?? [shown.from, shown.to];

  function choose(from, to, options) {
    const low = Math.max(shown.from, Math.min(from, to));
    const high = Math.min(shown.to, Math.max(from, to));
    const slack = (shown.to - shown.from) / 500;
    if (low - shown.from < slack && shown.to - high < slack) onChoose(null, null, options);
    else if (high > low) onChoose(low, high, options);
  }

  const at = (event) => event.clientX - svg.getBoundingClientRect().left;

  svg.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !shown) return;
    const end = event.target.closest('.handle')?.dataset.end;
    const [from, to] = part();
    const here = time(at(event));
    const isInside = shown.part && here > from && here < to;
    drag = { kind: end ?? (isInside ? 'move' : 'new'), here, from, to };
    if (drag.kind === 'new') [drag.from, drag.to] = [here, here];
    drag.chosen = [drag.from, drag.to];
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  svg.addEventListener('pointermove', (event) => {
    if (!drag) return;
    const here = time(at(event));
    const shift = here - drag.here;
    drag.chosen = {
      from: [drag.from + shift, drag.to], to: [drag.from, drag.to + shift],
      move: [drag.from + shift, drag.to + shift], new: [Math.min(drag.here, here), Math.max(drag.here, here)],
    }[drag.kind];
    place(...drag.chosen);
  });
  svg.addEventListener('pointerup', () => {
    if (!drag) return;
    const { chosen, kind } = drag;
    drag = null;
    // A click beside the part ends the choice.
    if (kind === 'new' && (chosen[1] - chosen[0]) * scale < 5) choose(shown.from, shown.to, {});
    else choose(...chosen, {});
  });
  svg.addEventListener('pointercancel', () => {
    drag = null;
    draw(shown);
  });
  svg.addEventListener('keydown', (event) => {
    const end = event.target.closest('.handle')?.dataset.end;
    const whole = shown.to - shown.from;
    const move = moves[event.key];
    if (!end || move === undefined) return;
    event.preventDefault();
    const [from, to] = part();
    const least = whole / 200;
    if (end === 'from') choose(Math.min(to - least, Math.max(shown.from, from + move * whole)), to, { isReplacing: true });
    else choose(from, Math.max(from + least, Math.min(shown.to, to + move * whole)), { isReplacing: true });
  });

  new ResizeObserver(() => { if (shown && !drag) draw(shown); }).observe(element);
  return { element, draw: (content) => { if (!drag) draw(content); } };
}
