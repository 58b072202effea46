// SPDX-License-Identifier: Apache-2.0
// Which page an address means, and how to get to another one.
import { useEffect, useState } from 'preact/hooks';

export interface Location {
  path: string;
  query: URLSearchParams;
}

/**
 * The variables of `pattern` ("/cases/:number") in `path`, or null where it
 * does not match.  A last part "*" takes the rest.
 */
export function matchPath(
  pattern: string,
  path: string,
): Record<string, string> | null {
  const wanted = pattern.split('/').filter(Boolean);
  const got = path.split('/').filter(Boolean);
  const params: Record<string, string> = {};

  for (let i = 0; i < wanted.length; i++) {
    const part = wanted[i]!;
    const value = got[i];
    if (part === '*') {
      params['rest'] = got.slice(i).join('/');
      return params;
    }
    if (value === undefined) return null;
    if (part.startsWith(':')) {
      try {
        params[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return got.length === wanted.length ? params : null;
}

/** Only places of our own: "//evil" and "https:" are no paths. */
export function isOwnPath(to: string): boolean {
  return /^\/(?![/\\])/.test(to);
}

function here(): Location {
  return {
    path: window.location.pathname,
    query: new URLSearchParams(window.location.search),
  };
}

const listeners = new Set<() => void>();
/** Asked before a page is left; false keeps it. */
let guard: (() => boolean) | null = null;

export function setLeaveGuard(fn: (() => boolean) | null): void {
  guard = fn;
}

export function navigate(to: string, replace = false): void {
  if (!isOwnPath(to)) return;
  if (guard && !guard()) return;
  if (replace) window.history.replaceState(null, '', to);
  else window.history.pushState(null, '', to);
  if (!to.includes('#')) window.scrollTo(0, 0);
  for (const fn of listeners) fn();
}

/** Changes the query of this page: undefined or "" takes a member out. */
export function setQuery(
  change: Record<string, string | undefined>,
  replace = true,
): void {
  const { path, query } = here();

  for (const [name, value] of Object.entries(change)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  navigate(path + (text ? `?${text}` : ''), replace);
}

export function useLocation(): Location {
  const [location, setLocation] = useState(here);

  useEffect(() => {
    const update = () => setLocation(here());

    listeners.add(update);
    window.addEventListener('popstate', update);
    return () => {
      listeners.delete(update);
      window.removeEventListener('popstate', update);
    };
  }, []);
  return location;
}

/** For links: lets the app handle plain clicks and the browser all others. */
export function onLinkClick(event: MouseEvent): void {
  const link = event.currentTarget as HTMLAnchorElement;

  if (
    event.defaultPrevented ||
    event.button !== 0 ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey ||
    link.target
  )
    return;
  const to = link.getAttribute('href') ?? '';
  if (!isOwnPath(to) || to.startsWith('/api/')) return;
  event.preventDefault();
  navigate(to);
}
