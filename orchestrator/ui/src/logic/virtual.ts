// SPDX-License-Identifier: Apache-2.0
/* virtual.ts - which rows of a long list are to be drawn. */

export interface Window {
  first: number;
  /** Behind the last one. */
  end: number;
  /** Height above and below what is drawn. */
  before: number;
  after: number;
}

/** Rows of one height; `over` more on each side so that scrolling shows no gap. */
export function visible(
  count: number,
  row: number,
  top: number,
  height: number,
  over = 10,
): Window {
  const first = Math.min(
    Math.max(Math.floor(top / row) - over, 0),
    Math.max(count - 1, 0),
  );
  const end = Math.min(Math.ceil((top + height) / row) + over, count);
  return {
    first: Math.min(first, end),
    end,
    before: Math.min(first, end) * row,
    after: Math.max(count - end, 0) * row,
  };
}
