// SPDX-License-Identifier: Apache-2.0
// Pointer and keyboard on the timeline: drag to choose a range, Control and the wheel or + and - to zoom, arrows to
// go from event to event.

import { s } from './dom.js';

const shortest = 100;

/** A range that is neither empty nor upside down. */
function clamp(from, to) {
  const middle = (from + to) / 2;
  return to - from >= shortest ? [from, to] : [middle - shortest / 2, middle + shortest / 2];
}

/** `state` is what is drawn at present: the scale both ways, the range, and the marks of each lane. */
export function control(state, { onZoom, redraw }) {
  const { plot } = state;
  let drag = null;

  const zoom = (factor, around = (state.from + state.to) / 2) => onZoom(
    ...clamp(around - (around - state.from) * factor, around + (state.to - around) * factor), { isReplacing: true });
  const pan = (share) => {
    const shift = (state.to - state.from) * share;
    onZoom(state.from + shift, state.to + shift, { isReplacing: true });
  };

  plot.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !state.time || event.target.closest('a')) return;
    const at = place(event);
    if (at < state.gutter) return;
    drag = { start: at, end: at, box: s('rect', { class: 'brush', y: 0, height: plot.getAttribute('height') }) };
    plot.append(drag.box);
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener('pointermove', (event) => {
    if (!drag) return;
    drag.end = Math.min(Math.max(place(event), state.gutter), state.width);
    drag.box.setAttribute('x', Math.min(drag.start, drag.end));
    drag.box.setAttribute('width', Math.abs(drag.end - drag.start));
  });
  const finish = (isChosen) => {
    if (!drag) return;
    const { start, end, box } = drag;
    drag = null;
    box.remove();
    const [left, right] = [Math.min(start, end), Math.max(start, end)];
    if (isChosen && right - left > 6) onZoom(...clamp(state.time(left), state.time(right)));
    else redraw();
  };
  plot.addEventListener('pointerup', () => finish(true));
  plot.addEventListener('pointercancel', () => finish(false));
  plot.addEventListener('wheel', (event) => {
    // Without a key the wheel belongs to the page.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, state.time(place(event)));
  }, { passive: false });
  plot.addEventListener('click', (event) => {
    const cluster = event.target.closest('[data-from]');
    if (!cluster) return;
    event.preventDefault();
    const [from, to] = [Number(cluster.dataset.from), Number(cluster.dataset.to)];
    const rim = Math.max((to - from) * 0.1, shortest / 4);
    onZoom(...clamp(from - rim, to + rim));
  });
  plot.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (handle(event.key, event.shiftKey)) event.preventDefault();
  });
  plot.addEventListener('focusin', (event) => {
    const point = event.target.closest('.point');
    if (point) reach(point);
  });

  function handle(key, isShifted) {
    if (key === 'Escape' && drag) return finish(false) ?? true;
    if (key === '+' || key === '=') return zoom(0.5) ?? true;
    if (key === '-') return zoom(2) ?? true;
    if (key === '0') return onZoom(null, null, {}) ?? true;
    if (isShifted && (key === 'ArrowLeft' || key === 'ArrowRight')) return pan(key === 'ArrowLeft' ? -0.25 : 0.25) ?? true;
    const point = document.activeElement?.closest?.('.point');
    const line = state.lines.findIndex((marks) => marks.includes(point));
    if (line < 0) return false;
    const marks = state.lines[line];
    const index = marks.indexOf(point);
    const next = {
      ArrowLeft: marks[index - 1], ArrowRight: marks[index + 1], Home: marks[0], End: marks.at(-1),
      ArrowUp: nearest(state.lines[line - 1], point), ArrowDown: nearest(state.lines[line + 1], point),
    };
    if (!(key in next)) return false;
    next[key]?.focus();
    return true;
  }

  const nearest = (marks, point) => marks?.reduce((best, mark) => (
    Math.abs(mark.dataset.x - point.dataset.x) < Math.abs(best.dataset.x - point.dataset.x) ? mark : best));

  /** Exactly one mark is in the order of the tab key. */
  function reach(point) {
    for (const mark of state.lines.flat()) mark.setAttribute('tabindex', mark === point ? 0 : -1);
  }

  const place = (event) => event.clientX - plot.getBoundingClientRect().left;

  return {
    isDragging: () => drag !== null,
    zoom,
    /** After a drawing: the mark that had the focus has it again, or the last one can be reached. */
    restoreFocus(key) {
      const marks = state.lines.flat();
      const point = key ? marks.find((mark) => mark.dataset.key === key) : null;
      if (marks.length) reach(point ?? state.lines[0].at(-1));
      if (key) (point ?? marks[0])?.focus({ preventScroll: true });
    },
  };
}
