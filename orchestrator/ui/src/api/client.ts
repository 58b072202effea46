// SPDX-License-Identifier: Apache-2.0
// Requests to the API: JSON in, JSON out, problems as ApiError.
import { ApiError, problemKind, problemOf, type Problem } from './problem.js';

export const BASE = '/api/v1';

/** A page of a list: "next" is the cursor of the following one, or null. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

type Query = Record<string, string | number | boolean | undefined | null>;

/** What each change must carry; whoami and login bring it. */
let csrf = '';
let onSignedOut: () => void = () => {};

export function setCsrf(token: string): void {
  csrf = token;
}

export function csrfToken(): string {
  return csrf;
}

let onHalfSession: () => void = () => {};

/** Called when the account must set up a second factor before all else. */
export function onSecondFactorNeeded(fn: () => void): void {
  onHalfSession = fn;
}

let askProof: (problem: Problem) => Promise<boolean> = () =>
  Promise.resolve(false);

/** Called when people have to show again that it is them; true: they did, and
 * what they wanted is sent again. */
export function onProofNeeded(
  fn: (problem: Problem) => Promise<boolean>,
): void {
  askProof = fn;
}

/** Called when the session turns out to be over. */
export function onSessionEnd(fn: () => void): void {
  onSignedOut = fn;
}

/** `path` with its variables encoded: path`/cases/${number}` */
export function path(
  parts: TemplateStringsArray,
  ...values: (string | number)[]
): string {
  return parts.reduce(
    (text, part, i) =>
      text + part + (i < values.length ? encodeURIComponent(values[i]!) : ''),
    '',
  );
}

export function withQuery(to: string, query?: Query): string {
  const pairs = Object.entries(query ?? {})
    .filter(([, v]) => v !== undefined && v !== null && v !== '')
    .map(([k, v]) => `${k}=${encodeURIComponent(String(v))}`);
  return pairs.length === 0 ? to : `${to}?${pairs.join('&')}`;
}

export interface RequestOptions {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** a 401 is an answer like any other (signing in) */
  isSigningIn?: boolean;
  /** they just showed it: asked once is enough */
  isProved?: boolean;
}

async function send(
  method: string,
  to: string,
  options: RequestOptions,
): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    ...options.headers,
  };
  const init: RequestInit = {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
  };

  if (options.signal) init.signal = options.signal;
  if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf;
  if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(options.body);
  }
  try {
    return await fetch(BASE + withQuery(to, options.query), init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError')
      throw error;
    throw new ApiError(problemOf(0, { title: 'offline' }));
  }
}

async function problemIn(response: Response): Promise<Problem> {
  let body: unknown = null;

  try {
    body = await response.json();
  } catch {
    /* an answer of something in between */
  }
  const problem = problemOf(response.status, body);
  if (problem.status === 403 && /^set up a second factor/.test(problem.detail))
    onHalfSession();
  const wait = Number(response.headers.get('Retry-After'));
  if (wait > 0) problem.retryAfter = wait;
  return problem;
}

function isForProof(problem: Problem): boolean {
  return (
    problemKind(problem.type) === 'step-up' && (problem.how?.length ?? 0) > 0
  );
}

/** Sends, and answers the response itself once it is a good one. */
export async function request(
  method: string,
  to: string,
  options: RequestOptions = {},
): Promise<Response> {
  const response = await send(method, to, options);
  const token = response.headers.get('X-CSRF-Token');

  if (token) csrf = token;
  if (response.ok) return response;
  if (response.status === 401 && !options.isSigningIn) onSignedOut();
  const problem = await problemIn(response);

  if (!options.isProved && isForProof(problem) && (await askProof(problem)))
    return request(method, to, { ...options, isProved: true });
  throw new ApiError(problem);
}

async function json<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

export async function get<T>(
  to: string,
  query?: Query,
  signal?: AbortSignal,
): Promise<T> {
  return json<T>(
    await request('GET', to, {
      ...(query ? { query } : {}),
      ...(signal ? { signal } : {}),
    }),
  );
}

export async function post<T = void>(
  to: string,
  body: unknown = {},
  options: RequestOptions = {},
): Promise<T> {
  return json<T>(await request('POST', to, { ...options, body }));
}

/** All pages of a list, up to a bound that nobody reads beyond. */
export async function getAll<T>(
  to: string,
  query: Query = {},
  signal?: AbortSignal,
  most = 2000,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = '';

  do {
    const page: Page<T> = await get<Page<T>>(
      to,
      { limit: 200, ...query, cursor },
      signal,
    );
    items.push(...page.items);
    cursor = page.next;
  } while (cursor && items.length < most);
  return items;
}

/** A file as the server names it, through a link that is clicked at once. */
export async function download(
  method: 'GET' | 'POST',
  to: string,
  name: string,
  body?: unknown,
): Promise<void> {
  const response = await request(
    method,
    to,
    body === undefined ? {} : { body },
  );
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');

  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
