// SPDX-License-Identifier: Apache-2.0
/* timeline.ts - what happened in a run, in lanes over time. */

export interface TimelineEvent {
  at_ms: number;
  class: string;
  image: string;
  text: string;
}

export const LANES = ['process', 'file', 'network', 'memory', 'other'] as const;
export type Lane = (typeof LANES)[number];

const LANE_OF: [RegExp, Lane][] = [
  [/^(exec|exit|fork|kill|process_)/, 'process'],
  [/^(file|dir)_?|^folder|^mount/, 'file'],
  [/^(connect|accept|bind|listen|datagram|dns|socket|network)/, 'network'],
  [/^(ptrace|memory|memfd|module|driver|bpf|agent)/, 'memory'],
];

export function laneOf(name: string): Lane {
  return LANE_OF.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
}

/** A finding's detail as an event, or null where it is none. */
export function timelineEventOf(value: unknown): TimelineEvent | null {
  if (typeof value !== 'object' || value === null) return null;
  const v = value as Record<string, unknown>;
  if (typeof v.at_ms !== 'number' || typeof v.class !== 'string') return null;
  return {
    at_ms: v.at_ms,
    class: v.class,
    image: typeof v.image === 'string' ? v.image : '',
    text: typeof v.text === 'string' ? v.text : '',
  };
}

export interface Bucket {
  lane: Lane;
  /** Index into the columns of the picture. */
  column: number;
  events: TimelineEvent[];
}

/** Events of a lane that fall into one column are one mark of the picture. */
export function buckets(
  events: readonly TimelineEvent[],
  min: number,
  max: number,
  columns: number,
): Bucket[] {
  const map = new Map<string, Bucket>();
  const span = Math.max(max - min, 1);
  for (const e of events) {
    if (e.at_ms < min || e.at_ms > max) continue;
    const column = Math.min(
      Math.floor(((e.at_ms - min) / span) * columns),
      columns - 1,
    );
    const lane = laneOf(e.class);
    const key = `${lane} ${column}`;
    const bucket = map.get(key);
    if (bucket) bucket.events.push(e);
    else map.set(key, { lane, column, events: [e] });
  }
  return [...map.values()].sort((a, b) => a.column - b.column);
}
