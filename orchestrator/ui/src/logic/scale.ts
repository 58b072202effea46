// SPDX-License-Identifier: Apache-2.0
/* scale.ts - from values to places in a picture, and where ticks stand. */

export interface Scale {
  min: number;
  max: number;
  /** The place of a value, in the units of the picture. */
  at(value: number): number;
  /** The value at a place. */
  value(at: number): number;
}

/** A linear scale; an empty interval is made one unit wide. */
export function linear(
  min: number,
  max: number,
  from: number,
  to: number,
): Scale {
  const end = max > min ? max : min + 1;
  const ratio = (to - from) / (end - min);
  return {
    min,
    max: end,
    at: (value) => from + (value - min) * ratio,
    value: (at) => min + (at - from) / ratio,
  };
}

/** Round values (1, 2, 5 times a power of ten) within an interval, at most count. */
export function ticks(min: number, max: number, count: number): number[] {
  if (!(max > min) || count < 1) return [min];
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const list: number[] = [];
  for (let i = Math.ceil(min / step); i * step <= max + step * 1e-9; i++)
    list.push(Number((i * step).toPrecision(12)));
  return list;
}

/** Powers of two times 1, 2, 4 ... for offsets, at most count. */
export function offsetTicks(max: number, count: number): number[] {
  let step = 16;
  while (max / step > count) step *= 2;
  const list: number[] = [];
  for (let at = 0; at <= max; at += step) list.push(at);
  return list;
}

/** Milliseconds since the start, as people read them: 12 ms, 3.4 s, 2 m 05 s. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  const sign = ms < 0 ? '−' : '';
  const n = Math.abs(ms);
  if (n < 1000) return `${sign}${Math.round(n)} ms`;
  if (n < 60_000) return `${sign}${(n / 1000).toFixed(n < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(n / 60_000);
  const seconds = Math.floor((n % 60_000) / 1000);
  return `${sign}${minutes} m ${String(seconds).padStart(2, '0')} s`;
}
