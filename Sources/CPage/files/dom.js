// SPDX-License-Identifier: Apache-2.0
// Elements. Everything that came with an event goes through `text` nodes or attributes, never through markup.

const namespace = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An element of HTML. A function as `onclick` and the like becomes a listener; null, undefined and false are left out. */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** An element of SVG. */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(namespace, tag), attributes, children);

/** Text cut to `limit` characters, without splitting one; what is cut off stands in the title. */
export function cut(text, limit = 80) {
  const string = String(text ?? '');
  if (string.length <= limit) return string;
  return h('span', { title: string.slice(0, 2000) }, `${shorten(string, limit)}`);
}

export function shorten(text, limit) {
  const string = String(text ?? '');
  return string.length <= limit ? string : `${Array.from(string.slice(0, 2 * limit)).slice(0, limit - 1).join('')}…`;
}

/** Shortened in its middle: names that machines make differ at both ends. */
export function shortenMiddle(text, limit) {
  if (text.length <= limit) return text;
  const characters = Array.from(text.length > 4096 ? text.slice(0, 4096) : text);
  const kept = Math.max(2, limit - 1);
  return `${characters.slice(0, Math.ceil(kept / 2)).join('')}…${characters.slice(-Math.floor(kept / 2)).join('')}`;
}

/** A number in its groups of digits; "10000+" as it is. */
export const spell = (count) => (/^\d+$/.test(count) ? Number(count).toLocaleString('en') : count);

/** Long text: its beginning, and a button that shows all of it. */
export function long(text, limit = 4000) {
  const string = String(text ?? '');
  const block = h('pre', { class: 'text', tabindex: 0 }, string.slice(0, limit));
  if (string.length <= limit) return block;
  const more = h('button', {
    type: 'button', class: 'quiet', onclick: () => { block.textContent = string; more.remove(); block.focus(); },
  }, `Show all ${string.length.toLocaleString('en')} characters`);
  return h('div', { class: 'long' }, block, more);
}

let announced = 0;
let waiting = null;

/** Says a sentence to screen readers; at most one in five seconds, the last one wins. */
export function announce(sentence) {
  clearTimeout(waiting);
  const say = () => {
    announced = Date.now();
    document.getElementById('announcer').textContent = sentence;
  };
  const delay = announced + 5000 - Date.now();
  if (delay <= 0) say();
  else waiting = setTimeout(say, delay);
}

/** A question that is answered before anything is done; resolves to whether it was confirmed. */
export function confirm(title, body, label, { isDanger = false } = {}) {
  return new Promise((resolve) => {
    const dialog = h('dialog', { 'aria-labelledby': 'question' },
      h('form', { method: 'dialog' },
        h('h2', { id: 'question' }, title),
        h('div', { class: 'body' }, body),
        h('div', { class: 'buttons' },
          h('button', { value: 'no' }, 'Cancel'),
          h('button', { value: 'yes', class: isDanger ? 'danger' : 'primary' }, label))));
    const asked = document.activeElement;
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (asked?.isConnected) asked.focus();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A sentence in place of what could not be shown or done. */
export const problem = (error) => h('p', { class: 'notice bad', role: 'alert' }, error.message ?? String(error));
