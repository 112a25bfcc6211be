// SPDX-License-Identifier: Apache-2.0
// The timeline: one lane for each object, events as marks, runs as bars.

import { h, s, shorten, shortenMiddle, spell } from './dom.js';
import { shape } from './marks.js';
import { href } from './place.js';
import { barsOf, lanesOf, marksOf } from './timeline-model.js';
import { control } from './timeline-control.js';
import { moment, now, span, ticks } from './time.js';

const header = 20, lane = 24, narrowLabel = 15, track = 7, axisHeight = 22, letter = 7;
const laneLimit = 24;

/** `onZoom(from, to, {isReplacing})` is called when a person chooses another range. */
export function timeline({ onZoom }) {
  const axis = s('svg', { class: 'axis', height: axisHeight, 'aria-hidden': 'true' });
  const plot = s('svg', { class: 'plot', role: 'group', 'aria-label': 'Timeline', 'aria-describedby': 'timeline-keys' });
  const scroller = h('div', { class: 'lanes' }, plot);
  const readout = h('p', { class: 'readout' });
  const foot = h('p', { class: 'foot' });
  const keys = h('p', { id: 'timeline-keys', class: 'unseen' },
    'Arrow keys move between events, Enter opens one. Plus and minus zoom, 0 shows the whole range, '
    + 'Shift with the left or right arrow moves the range.');
  const element = h('div', { class: 'chart' }, axis, scroller, readout, foot, keys);
  let shown = null;
  let isAll = false;

  const state = { plot, x: null, time: null, gutter: 0, width: 0, from: 0, to: 1, lines: [] };
  const controls = control(state, { onZoom, redraw: () => shown && draw(shown) });

  const idle = 'Point at a mark, or move to one with the arrow keys, to see what it is.';
  const tell = (text) => { readout.textContent = text ?? idle; };
  tell(null);
  plot.addEventListener('pointerover', (event) => tell(event.target.closest('[data-says]')?.dataset.says));
  plot.addEventListener('focusin', (event) => tell(event.target.closest('[data-says]')?.dataset.says));
  plot.addEventListener('pointerleave', () => tell(null));

  function draw(content) {
    shown = content;
    if (controls.isDragging()) return;
    const width = scroller.clientWidth || 900;
    const isNarrow = width < 640;
    const gutter = isNarrow ? 0 : Math.min(230, Math.round(width * 0.2));
    const [from, to] = [content.from, content.to];
    const scale = (width - gutter - 14) / (to - from);
    const x = (time) => gutter + 6 + (time - from) * scale;
    Object.assign(state, { x, gutter, width, from, to, time: (at) => from + (at - gutter - 6) / scale });

    const { lanes, hidden } = lanesOf(content.rows, content.kind, isAll ? 500 : laneLimit);
    const marksOfTicks = ticks(from, to, Math.max(2, Math.floor((width - gutter) / 90)));
    drawAxis(axis, width, marksOfTicks, x);

    const focused = plot.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const parts = [];
    const lines = [];
    let y = 4;
    let kind = null;
    for (const one of lanes) {
      if (one.kind !== kind) {
        kind = one.kind;
        parts.push(s('text', { class: 'kind', x: isNarrow ? 6 : 2, y: y + 14 }, kind));
        y += header;
      }
      const { bars, more, tracks } = barsOf(one, x, from, to, now());
      const marks = marksOf(one, x, from, to);
      const labelled = isNarrow ? narrowLabel : 0;
      const height = labelled + lane + tracks * track + (tracks ? 2 : 0) + (more ? 11 : 0);
      const line = drawLane({ one, y, height, labelled, marks, bars, more, width, gutter, isNarrow });
      parts.push(line.element);
      lines.push(line.marks);
      y += height;
    }
    const grid = marksOfTicks.map(({ time }) => s('line', { class: 'grid', x1: x(time), x2: x(time), y1: 0, y2: y }));
    const present = now() >= from && now() <= to ? s('line', { class: 'now', x1: x(now()), x2: x(now()), y1: 0, y2: y }) : null;
    plot.setAttribute('width', width);
    plot.setAttribute('height', Math.max(y + 6, 40));
    plot.replaceChildren(...grid, ...(present ? [present] : []), ...parts);
    state.lines = lines.filter((marks) => marks.length);
    controls.restoreFocus(focused);
    drawFoot(hidden, content);
  }

  function drawFoot(hidden, { rows, total }) {
    const all = hidden ? h('button', { type: 'button', class: 'quiet', onclick: () => { isAll = true; draw(shown); } },
      `Show ${hidden.toLocaleString('en')} more lanes`) : null;
    const count = total !== null
      ? `The newest ${rows.length.toLocaleString('en')} of ${spell(total)} events of this range are drawn; `
        + 'zoom in to see the others.' : null;
    foot.replaceChildren(...[all, count].filter(Boolean));
    foot.hidden = !foot.childNodes.length;
  }

  new ResizeObserver(() => { if (shown) draw(shown); }).observe(scroller);
  return { element, draw };
}

function drawAxis(axis, width, marks, x) {
  axis.setAttribute('width', width);
  axis.replaceChildren(...marks.map(({ time, label }) => s('g', {},
    s('line', { class: 'tick', x1: x(time), x2: x(time), y1: axisHeight - 5, y2: axisHeight }),
    s('text', { class: 'tick', x: Math.min(Math.max(x(time), 16), width - 16), y: axisHeight - 8 }, label))));
}

function drawLane({ one, y, height, labelled, marks, bars, more, width, gutter, isNarrow }) {
  const middle = y + labelled + lane / 2;
  const room = Math.floor(((isNarrow ? width - 20 : gutter - 14)) / letter);
  const label = s('a', {
    class: 'lane-label', href: href('events', null, { object: one.kind === 'source' ? null : `${one.kind}:${one.name}`,
      source: one.kind === 'source' ? one.name : null }),
    'aria-label': `Only ${one.kind} ${shorten(one.name, 120)}`,
  }, s('title', {}, `${one.kind} ${shorten(one.name, 300)}`),
  s('text', { x: isNarrow ? 6 : 2, y: isNarrow ? y + 11 : middle + 4 }, shortenMiddle(one.name, Math.max(6, room))));

  const barParts = bars.map((bar) => s('a', {
    href: href('events', bar.row.event, { run: bar.run.run }), tabindex: -1, 'data-says': sayRun(bar),
    'aria-label': sayRun(bar), class: `bar state-${bar.run.state}`,
  }, s('rect', { x: bar.left, y: middle + 10 + bar.track * track, width: bar.width, height: track - 2, rx: 2 }),
  bar.run.state === 'failed'
    ? s('path', { class: 'cap', d: `M${bar.left + bar.width} ${middle + 8 + bar.track * track}v${track + 2}` }) : null));
  const below = middle + 18 + 3 * track;
  const rest = more ? s('text', { class: 'more', x: width - 8, y: below }, `and ${count(more, 'run')} more`) : null;
  const markParts = marks.map((mark) => drawMark(mark, middle, one));
  const says = `${one.kind} ${shorten(one.name, 120)}: ${count(one.points.length, 'event')}, ${count(one.runs.length, 'run')}`;
  return {
    marks: markParts,
    element: s('g', { role: 'group', 'aria-label': says },
      s('rect', { class: 'lane', x: gutter, y, width: width - gutter, height }),
      s('line', { class: 'rail', x1: gutter, x2: width, y1: middle, y2: middle }), label, barParts, rest, markParts),
  };
}

const count = (number, word) => `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;

function drawMark(mark, y, one) {
  const newest = mark.rows.at(-1);
  const says = mark.rows.length === 1 ? sayEvent(newest)
    : `${count(mark.rows.length, 'event')} from ${moment(mark.from)} to ${moment(mark.to)}; the last: ${sayEvent(newest)}`;
  const shared = {
    tabindex: -1, class: 'point', transform: `translate(${mark.x.toFixed(1)} ${y})`, 'aria-label': says, 'data-says': says,
    'data-key': `${one.key} ${mark.rows[0].event}`, 'data-x': mark.x,
  };
  if (mark.rows.length === 1) {
    const halo = s('circle', { class: 'halo', r: 11 });
    return s('a', { ...shared, href: href('events', newest.event) }, shape(mark.level, mark.group), halo);
  }
  const text = mark.rows.length > 999 ? '999+' : String(mark.rows.length);
  const half = 6 + 3.4 * text.length;
  // Several at one instant cannot be told apart by zooming: then the last one is what opens.
  const isInstant = mark.to - mark.from < 2;
  return s('a', {
    ...shared, href: isInstant ? href('events', newest.event) : '#', 'data-from': isInstant ? null : mark.from, 'data-to': mark.to,
  }, s('g', { class: 'cluster' }, s('rect', { class: 'halo', x: -half - 2, y: -11, width: 2 * half + 4, height: 22, rx: 11 }),
    s('rect', { class: `pill ${mark.level ?? 'plain'}`, x: -half, y: -8.5, width: 2 * half, height: 17, rx: 8.5 }),
    s('text', { y: 4 }, text)));
}

function sayEvent(row) {
  const runs = (row.runs ?? []).slice(0, 3).map((run) => `${run.action} ${run.state}`).join(', ');
  return [
    `${row.event}`, shorten(row.type, 80), moment(row.received), row.group ? `${row.group}, ${row.level}` : null,
    runs || null,
  ].filter(Boolean).join(' · ');
}

function sayRun({ row, run }) {
  const begin = Date.parse(run.started ?? run.created);
  const length = span((run.ended ? Date.parse(run.ended) : now()) - begin);
  return `Run ${run.run} · ${shorten(run.action, 60)} ${run.state} · ${length} · ${shorten(row.type, 60)}`;
}
