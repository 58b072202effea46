// SPDX-License-Identifier: Apache-2.0
/* hex.ts - what a hex view shows: rows, marks, places. */

export const HEX_COLUMNS = 16;

export interface Mark {
  offset: number;
  length: number;
  /** What is marked: the name of a rule and a string of it. */
  label: string;
}

export interface HexCell {
  offset: number;
  hex: string;
  /** Printable ASCII, else a dot. */
  char: string;
  /** Index of the mark that covers the byte, or -1. */
  mark: number;
}

export interface HexRow {
  offset: number;
  cells: HexCell[];
}

/** Bytes from hexadecimal digits; throws where they are none. */
export function bytesOf(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || /[^0-9a-fA-F]/.test(hex))
    throw new RangeError('not hexadecimal');
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Digits of an offset: eight, or as many as the size needs. */
export function offsetDigits(size: number): number {
  return Math.max(8, Math.ceil(Math.log2(Math.max(size, 2)) / 4));
}

export function formatOffset(offset: number, digits = 8): string {
  return offset.toString(16).padStart(digits, '0');
}

/** The mark of each byte of a range; where several cover one, the shortest. */
export function marksOf(
  from: number,
  length: number,
  marks: readonly Mark[],
): Int32Array {
  const owner = new Int32Array(length).fill(-1);
  const order = marks
    .map((mark, index) => ({ mark, index }))
    .sort((a, b) => b.mark.length - a.mark.length || b.index - a.index);
  for (const { mark, index } of order) {
    const begin = Math.max(mark.offset - from, 0);
    const end = Math.min(mark.offset + mark.length - from, length);
    for (let i = begin; i < end; i++) owner[i] = index;
  }
  return owner;
}

/** The rows of a piece of a file that begins at offset `from`. */
export function hexRows(
  bytes: Uint8Array,
  from: number,
  marks: readonly Mark[] = [],
): HexRow[] {
  const owner = marksOf(from, bytes.length, marks);
  const rows: HexRow[] = [];
  for (let i = 0; i < bytes.length; i += HEX_COLUMNS) {
    const cells: HexCell[] = [];
    for (let k = i; k < Math.min(i + HEX_COLUMNS, bytes.length); k++) {
      const byte = bytes[k]!;
      cells.push({
        offset: from + k,
        hex: byte.toString(16).padStart(2, '0'),
        char: byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
        mark: owner[k]!,
      });
    }
    rows.push({ offset: from + i, cells });
  }
  return rows;
}

/**
 * An offset as people write it: 4096, 0x1000, 1000h, +256 and -16 (from where
 * one is), end or end-32. Null where it is none or lies outside of the file.
 */
export function parseOffset(
  text: string,
  at: number,
  size: number,
): number | null {
  const clean = text.trim().toLowerCase().replace(/[\s_]/g, '');
  const number = (s: string): number | null => {
    if (/^0x[0-9a-f]+$/.test(s)) return Number.parseInt(s.slice(2), 16);
    if (/^[0-9a-f]+h$/.test(s)) return Number.parseInt(s.slice(0, -1), 16);
    if (/^[0-9]+$/.test(s)) return Number.parseInt(s, 10);
    return null;
  };
  let offset: number | null;
  if (clean === 'end') {
    offset = Math.max(size - 1, 0);
  } else if (clean.startsWith('end-')) {
    const back = number(clean.slice(4));
    offset = back === null ? null : size - back;
  } else if (clean.startsWith('+') || clean.startsWith('-')) {
    const by = number(clean.slice(1));
    offset = by === null ? null : clean[0] === '+' ? at + by : at - by;
  } else {
    offset = number(clean);
  }
  if (offset === null || !Number.isSafeInteger(offset)) return null;
  return offset >= 0 && offset < Math.max(size, 1) ? offset : null;
}

/** Where a page begins that shows the offset: at the start of its row. */
export function pageStart(offset: number, page: number, size: number): number {
  const row = Math.floor(offset / HEX_COLUMNS) * HEX_COLUMNS;
  const last = Math.max(Math.ceil(size / HEX_COLUMNS) * HEX_COLUMNS - page, 0);
  return Math.max(Math.min(row, last), 0);
}

/** Where a sequence stands in a piece, or -1. */
export function indexOfBytes(
  haystack: Uint8Array,
  needle: Uint8Array,
  from = 0,
): number {
  if (needle.length === 0) return -1;
  outer: for (let i = from; i + needle.length <= haystack.length; i++) {
    for (let k = 0; k < needle.length; k++)
      if (haystack[i + k] !== needle[k]) continue outer;
    return i;
  }
  return -1;
}
