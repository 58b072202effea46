// SPDX-License-Identifier: Apache-2.0
// Pieces of an artefact, fetched when they are looked at and kept for a while.
import { get, path } from '../api/client.js';
import type { Bytes } from '../api/staff.js';
import { bytesOf } from '../logic/hex.js';

export const BLOCK = 16 * 1024;
/** The server gives no more at once. */
export const RANGE_MAX = 65_536;
const BLOCKS_KEPT = 64;

export class ByteSource {
  readonly id: string;
  readonly size: number;
  private readonly blocks = new Map<number, Promise<Uint8Array>>();

  constructor(id: string, size: number) {
    this.id = id;
    this.size = size;
  }

  /** One range as it is, at most RANGE_MAX. */
  async fetch(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const answer = await get<Bytes>(
      path`/artefacts/${this.id}/bytes`,
      { offset, length: Math.min(length, RANGE_MAX) },
      signal,
    );
    return bytesOf(answer.hex);
  }

  private block(index: number): Promise<Uint8Array> {
    const known = this.blocks.get(index);
    if (known) return known;
    const asked = this.fetch(index * BLOCK, BLOCK);
    asked.catch(() => this.blocks.delete(index));
    this.blocks.set(index, asked);
    if (this.blocks.size > BLOCKS_KEPT) {
      const oldest = this.blocks.keys().next();
      if (!oldest.done) this.blocks.delete(oldest.value);
    }
    return asked;
  }

  /** Any range, from the blocks that it touches. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.size);
    if (end <= offset) return new Uint8Array(0);
    const first = Math.floor(offset / BLOCK);
    const last = Math.floor((end - 1) / BLOCK);
    const wanted: Promise<Uint8Array>[] = [];
    for (let i = first; i <= last; i++) wanted.push(this.block(i));
    const parts = await Promise.all(wanted);
    const out = new Uint8Array(end - offset);
    let filled = 0;
    parts.forEach((part, i) => {
      const begin = (first + i) * BLOCK;
      const from = Math.max(offset - begin, 0);
      const to = Math.min(end - begin, part.length);
      if (to <= from) return;
      out.set(part.subarray(from, to), begin + from - offset);
      filled += to - from;
    });
    return out.subarray(0, filled);
  }
}
