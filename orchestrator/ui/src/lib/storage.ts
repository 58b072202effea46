// SPDX-License-Identifier: Apache-2.0
// Small things that this browser remembers.  Where it may not (private mode,
// blocked), nothing is remembered and nothing breaks.

const PREFIX = 'loep.';

export function recall(name: string): string | null {
  try {
    return window.localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) window.localStorage.removeItem(PREFIX + name);
    else window.localStorage.setItem(PREFIX + name, value);
  } catch {
    /* then not */
  }
}
