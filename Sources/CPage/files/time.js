// SPDX-License-Identifier: Apache-2.0
// Times: read from ISO 8601, shown in the browser's zone. Numbers are milliseconds since 1970.

import { h } from './dom.js';

const second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

/** How far the daemon's clock is ahead of the browser's; set from answers, ignored while it is small. */
let ahead = 0;
export function setServerTime(text) {
  const difference = Date.parse(text) - Date.now();
  ahead = Math.abs(difference) > 5 * second ? difference : 0;
}
export const now = () => Date.now() + ahead;

const two = (number) => String(number).padStart(2, '0');
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const isSameDay = (a, b) => a.toDateString() === b.toDateString();

function clock(time, { milliseconds = false } = {}) {
  const date = new Date(time);
  const text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return milliseconds ? `${text}.${String(date.getMilliseconds()).padStart(3, '0')}` : text;
}

const calendarDay = (time) => `${two(new Date(time).getDate())} ${months[new Date(time).getMonth()]}`;

/** The clock for today, with the day before it else. */
export function moment(time, options) {
  const date = new Date(time);
  if (isSameDay(date, new Date(now()))) return clock(time, options);
  const year = date.getFullYear() === new Date(now()).getFullYear() ? '' : ` ${date.getFullYear()}`;
  return `${calendarDay(time)}${year} ${clock(time, options)}`;
}

/** An element for an instant; as it came, where it is none. */
export function instant(text, options) {
  const time = Date.parse(text ?? '');
  if (Number.isNaN(time)) return h('span', { class: 'none' }, text ? String(text).slice(0, 40) : '–');
  return h('time', { datetime: text, title: text }, moment(time, options));
}

/** "3 min ago", for an instant in the past. */
export function ago(text) {
  const time = Date.parse(text ?? '');
  if (Number.isNaN(time)) return 'never';
  const age = now() - time;
  return h('time', { datetime: text, title: text }, age < second ? 'just now' : `${span(age)} ago`);
}

/** A duration in its largest unit or two: "850 ms", "12.4 s", "3 min 5 s", "2 h", "4 d". */
export function span(length) {
  if (length < second) return `${Math.round(length)} ms`;
  if (length < minute) return `${(length / second).toFixed(length < 10 * second ? 1 : 0)} s`;
  const [unit, name, rest, restName] = length < hour ? [minute, 'min', second, 's']
    : length < day ? [hour, 'h', minute, 'min'] : [day, 'd', hour, 'h'];
  const whole = Math.floor(length / unit);
  const left = Math.floor((length % unit) / rest);
  return left && whole < 10 ? `${whole} ${name} ${left} ${restName}` : `${whole} ${name}`;
}

/** The ranges that are offered, by the name that stands in the address. */
export const ranges = new Map([
  ['5m', 5 * minute], ['1h', hour], ['6h', 6 * hour], ['24h', day], ['7d', 7 * day], ['30d', 30 * day],
  ['365d', 365 * day],
]);

const steps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, second, 2 * second, 5 * second, 10 * second, 15 * second, 30 * second, minute,
  2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day,
  2 * day, 7 * day, 14 * day, 30 * day, 90 * day, 365 * day,
];

/** The smallest round step of which at most `count` fit into a length. */
export const step = (length, count) => steps.find((candidate) => length / candidate <= count) ?? steps.at(-1);

/** Round instants for an axis with what is written there. */
export function ticks(from, to, count) {
  const width = step(to - from, count);
  const shift = width >= hour ? new Date(from).getTimezoneOffset() * minute : 0;
  const marks = [];
  for (let time = Math.ceil((from - shift) / width) * width + shift; time <= to; time += width) {
    const date = new Date(time);
    const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
    let label = width < second ? clock(time, { milliseconds: true }) : clock(time);
    if (width >= minute) label = label.slice(0, 5);
    if (width >= day || (isMidnight && width >= minute)) label = calendarDay(time);
    marks.push({ time, label });
  }
  return marks;
}
