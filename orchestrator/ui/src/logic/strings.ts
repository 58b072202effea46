// SPDX-License-Identifier: Apache-2.0
/* strings.ts - readable texts in bytes, as strings(1) finds them. */

export interface FoundString {
  offset: number;
  encoding: 'ascii' | 'utf-16';
  text: string;
}

export const STRING_MIN = 5;
/** Longer ones are cut: they are data, and nobody reads them in a list. */
export const STRING_MAX = 1024;

function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x09;
}

/**
 * The texts of at least `min` characters, by offset: ASCII, and UTF-16 of the
 * ASCII range in little-endian order (what Windows programs hold).
 */
export function findStrings(
  bytes: Uint8Array,
  from = 0,
  min = STRING_MIN,
): FoundString[] {
  const found: FoundString[] = [];
  const push = (start: number, step: number, count: number) => {
    let text = '';
    for (let i = 0; i < Math.min(count, STRING_MAX); i++)
      text += String.fromCharCode(bytes[start + i * step]!);
    found.push({
      offset: from + start,
      encoding: step === 1 ? 'ascii' : 'utf-16',
      text,
    });
  };
  let start = 0;
  for (let i = 0; i <= bytes.length; i++) {
    if (i < bytes.length && isPrintable(bytes[i]!)) continue;
    if (i - start >= min) push(start, 1, i - start);
    start = i + 1;
  }
  let i = 0;
  while (i + 1 < bytes.length) {
    let end = i;
    while (
      end + 1 < bytes.length &&
      isPrintable(bytes[end]!) &&
      bytes[end + 1] === 0
    )
      end += 2;
    if ((end - i) / 2 >= min) {
      push(i, 2, (end - i) / 2);
      i = end;
    } else {
      i += 1;
    }
  }
  return found.sort((a, b) => a.offset - b.offset);
}

/** A text that ends with the piece may go on behind it: where to read again. */
export function resumeAt(bytes: Uint8Array, from: number): number {
  let end = bytes.length;
  while (
    end > 0 &&
    bytes.length - end < STRING_MAX &&
    (isPrintable(bytes[end - 1]!) || bytes[end - 1] === 0)
  )
    end--;
  return end === 0 ? from + bytes.length : from + end;
}
