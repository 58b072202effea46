// SPDX-License-Identifier: Apache-2.0
// findings.ts - what analysers found, sorted into what pages show.
import type { Mark } from './hex.js';

interface FindingLike {
  id: number;
  type: string;
  name: string;
  detail: unknown;
  analyser?: string;
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function asText(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : '';
}

export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The values of facts by their name, in the order of the findings. */
export function factsByName(
  findings: readonly FindingLike[],
): Map<string, unknown[]> {
  const map = new Map<string, unknown[]>();
  for (const f of findings) {
    if (f.type !== 'fact') continue;
    const detail = asRecord(f.detail);
    const value = 'value' in detail ? detail['value'] : f.detail;
    const list = map.get(f.name);
    if (list) list.push(value);
    else map.set(f.name, [value]);
  }
  return map;
}

export interface MatchPlace {
  id: string;
  offset: number;
  length: number;
  data: string;
  text: string;
}

/** Where the strings of a match stand. */
export function matchPlaces(detail: unknown): MatchPlace[] {
  const places: MatchPlace[] = [];
  for (const item of asList(asRecord(detail)['strings'])) {
    const s = asRecord(item);
    if (typeof s['offset'] !== 'number') continue;
    places.push({
      id: asText(s['id']),
      offset: s['offset'],
      length: typeof s['length'] === 'number' ? s['length'] : 0,
      data: asText(s['data']),
      text: asText(s['text']),
    });
  }
  return places;
}

/** All places of all matches, for the hex view and the entropy picture. */
export function matchMarks(findings: readonly FindingLike[]): Mark[] {
  const marks: Mark[] = [];
  for (const f of findings) {
    if (f.type !== 'match') continue;
    for (const place of matchPlaces(f.detail))
      marks.push({
        offset: place.offset,
        length: Math.max(place.length, 1),
        label: `${f.name} ${place.id}`.trim(),
      });
  }
  return marks;
}

/** ATT&CK techniques that a finding or match names. */
export function attackOf(detail: unknown): string[] {
  return asList(asRecord(detail)['attack'])
    .map(asText)
    .filter((t) => /^T\d{4}(\.\d{3})?$/.test(t));
}

/** What a match or finding says of itself, in one line. */
export function titleOf(detail: unknown): string {
  const d = asRecord(detail);
  return asText(d['title']) || asText(asRecord(d['meta'])['description']) || '';
}

/** A value as one line of text; objects as their JSON. */
export function inline(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Rows of a table whose columns are the members of its objects. */
export function columnsOf(rows: readonly unknown[], most = 12): string[] {
  const names: string[] = [];
  for (const row of rows.slice(0, 50))
    for (const name of Object.keys(asRecord(row)))
      if (!names.includes(name) && names.length < most) names.push(name);
  return names;
}

export type Weight = 'none' | 'low' | 'medium' | 'high';

/** 0-39 noteworthy, 40-69 suspicious, 70-100 malicious in most cases. */
export function weightOf(score: number | null | undefined): Weight {
  if (!score) return 'none';
  return score >= 70 ? 'high' : score >= 40 ? 'medium' : 'low';
}
