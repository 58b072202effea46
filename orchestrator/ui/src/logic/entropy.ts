// SPDX-License-Identifier: Apache-2.0
/* entropy.ts - Shannon entropy of bytes, and along a file by samples. */

/** Bits per byte, 0 to 8; of nothing it is 0. */
export function entropy(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]!++;
  let sum = 0;
  for (const count of counts) {
    if (count === 0) continue;
    const p = count / bytes.length;
    sum -= p * Math.log2(p);
  }
  return sum;
}

/** Of fewer bytes entropy says little: it is at most log2 of their number. */
const WINDOW_MIN = 256;

export interface Sample {
  offset: number;
  length: number;
}

/**
 * Which pieces of a file of that size to look at: up to `points` of them, each
 * up to `piece` bytes, spread evenly. A small file is covered completely.
 */
export function samples(size: number, points: number, piece: number): Sample[] {
  if (size <= 0 || points < 1 || piece < 1) return [];
  if (size <= points * piece) {
    const each = Math.max(WINDOW_MIN, Math.ceil(size / points));
    const list: Sample[] = [];
    for (let offset = 0; offset < size; offset += each)
      list.push({ offset, length: Math.min(each, size - offset) });
    return list;
  }
  const list: Sample[] = [];
  for (let i = 0; i < points; i++) {
    const offset =
      points === 1 ? 0 : Math.floor((i * (size - piece)) / (points - 1));
    list.push({ offset, length: piece });
  }
  return list;
}

/** Requests that fetch the samples: neighbours that fit in one are joined. */
export function joined(list: readonly Sample[], length_max: number): Sample[] {
  const out: Sample[] = [];
  for (const s of list) {
    const last = out[out.length - 1];
    if (
      last &&
      s.offset <= last.offset + last.length &&
      s.offset + s.length - last.offset <= length_max
    )
      last.length = s.offset + s.length - last.offset;
    else out.push({ ...s });
  }
  return out;
}

export interface EntropyPoint {
  offset: number;
  length: number;
  bits: number;
}

/** What a stretch of this entropy usually is; a word of the catalogue. */
export function entropyWord(
  bits: number,
): 'empty' | 'text' | 'code' | 'packed' {
  if (bits < 1) return 'empty';
  if (bits < 5.2) return 'text';
  if (bits < 7.2) return 'code';
  return 'packed';
}
