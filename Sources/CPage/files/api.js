// SPDX-License-Identifier: Apache-2.0
// Questions to the daemon and decisions sent to it. Every refusal is an error with a sentence to show.

import { setServerTime } from './time.js';

/** Why the daemon did not answer as asked. */
class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const limit = 15000;

/** A number that JavaScript cannot hold exactly, as it was written. */
export class Digits {
  constructor(text) {
    this.text = text;
  }
}

const exact = (key, value, context) => (
  typeof value === 'number' && context?.source && String(value) !== context.source ? new Digits(context.source) : value);

async function answer(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(limit), credentials: 'same-origin' });
  } catch (error) {
    const reason = error.name === 'TimeoutError' ? `did not answer within ${limit / 1000} s` : 'cannot be reached';
    throw new Refusal(0, `The daemon ${reason}. Is it running?`);
  }
  if (response.headers.has('Date')) setServerTime(response.headers.get('Date'));
  if (response.status === 401) logIn();
  const isJSON = (response.headers.get('Content-Type') ?? '').includes('json');
  const body = isJSON ? JSON.parse(await response.text(), options?.isExact ? exact : undefined) : null;
  if (response.ok) return { body, headers: response.headers };
  const detail = body?.detail ?? `The daemon answered ${response.status} to ${options?.method ?? 'GET'} ${path}.`;
  throw new Refusal(response.status, body?.problems?.length ? `${detail}\n${body.problems.join('\n')}` : detail);
}

/** Where to come back to after the login: an address's fragment does not survive the form. */
function logIn() {
  try { sessionStorage.setItem('return', location.hash); } catch { /* then the way begins at the first view */ }
  location.assign('/login');
}

/** The query part of a path: members that are lists are repeated, empty ones left out. */
function query(parameters) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== '') search.append(name, one);
  }
  const text = search.toString();
  return text ? `?${text}` : '';
}

export const get = async (path, parameters = {}) => (await answer(path + query(parameters))).body;

/** An answer whose numbers stay as they were written. */
export const getExact = async (path) => (await answer(path, { isExact: true })).body;

/** A list with how many there are in all: a number, or a text like "10000+"; null where nobody counted. */
export async function list(path, parameters = {}) {
  const { body, headers } = await answer(path + query(parameters));
  return { ...body, total: headers.get('X-Total-Count') };
}

/** A decision. The header tells the daemon that a script of this page asks, not a form of another one. */
export const send = async (method, path, body = {}) => (await answer(path, {
  method, headers: { 'Content-Type': 'application/json', 'X-Onevent': '1' }, body: JSON.stringify(body),
})).body;

const part = encodeURIComponent;
export const paths = {
  event: (number) => `/api/v1/events/${part(number)}`,
  run: (number) => `/api/v1/runs/${part(number)}`,
  action: (name) => `/api/v1/actions/${part(name)}`,
};

const order = ['read', 'publish', 'operate'];
let role = 'operate';
let isSession = false;

/** Asks who we are; on a daemon that has no names for those who ask, everybody may do everything. */
export async function learnRole() {
  try {
    const session = await get('/api/v1/session');
    role = session.role ?? role;
    isSession = session.proof === 'session';
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  return isSession;
}

/** Why a decision is not open to us; null = it is. */
export const refusal = (needed = 'operate') => (order.indexOf(role) >= order.indexOf(needed) ? null
  : `Your token has the role ${role}; this needs ${needed}.`);

export async function logOut() {
  await answer('/logout', { method: 'POST', headers: { 'X-Onevent': '1' } });
  location.assign('/login');
}
