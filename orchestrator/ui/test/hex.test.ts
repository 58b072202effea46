// SPDX-License-Identifier: Apache-2.0
// The hex view's rows, marks and offsets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesOf,
  formatOffset,
  hexRows,
  indexOfBytes,
  offsetDigits,
  pageStart,
  parseOffset,
} from '../src/logic/hex.js';

test('hexadecimal in and out', () => {
  assert.deepEqual([...bytesOf('00ff4C')], [0, 255, 76]);
  assert.throws(() => bytesOf('0'));
  assert.throws(() => bytesOf('zz'));
  assert.equal(formatOffset(255), '000000ff');
  assert.equal(offsetDigits(100), 8);
  assert.equal(offsetDigits(2 ** 37), 10);
});

test('rows, the last one short', () => {
  const rows = hexRows(
    Uint8Array.from({ length: 20 }, (_, i) => 0x40 + i),
    32,
  );
  assert.deepEqual(
    rows.map((r) => [r.offset, r.cells.length]),
    [
      [32, 16],
      [48, 4],
    ],
  );
  assert.equal(rows[0]!.cells[1]!.char, 'A');
  assert.equal(hexRows(Uint8Array.of(0x1b), 0)[0]!.cells[0]!.char, '.');
});

test('marks cover exactly their bytes, the narrower one wins', () => {
  const rows = hexRows(new Uint8Array(32), 100, [
    { offset: 90, length: 20, label: 'wide' },
    { offset: 104, length: 2, label: 'narrow' },
    { offset: 131, length: 50, label: 'beyond' },
  ]);
  const marks = rows.flatMap((r) => r.cells.map((c) => c.mark));
  assert.deepEqual(marks.slice(0, 11), [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, -1]);
  assert.equal(marks[31], 2);
  assert.equal(marks[30], -1);
});

test('offsets as people write them', () => {
  const at = (text: string) => parseOffset(text, 0x100, 0x1000);
  assert.equal(at('256'), 256);
  assert.equal(at(' 0x1F '), 31);
  assert.equal(at('1fh'), 31);
  assert.equal(at('+0x10'), 0x110);
  assert.equal(at('-16'), 0xf0);
  assert.equal(at('end'), 0xfff);
  assert.equal(at('end-16'), 0xff0);
  for (const bad of ['', '4096', '-257', 'x', '0x', '1e3', 'end-5000'])
    assert.equal(at(bad), null, bad);
});

test('a page begins with a row and ends with the file', () => {
  assert.equal(pageStart(0x105, 512, 4096), 0x100);
  assert.equal(pageStart(4095, 512, 4096), 3584);
  assert.equal(pageStart(5, 512, 20), 0);
});

test('bytes are found', () => {
  const hay = bytesOf('00112233112244');
  assert.equal(indexOfBytes(hay, bytesOf('1122')), 1);
  assert.equal(indexOfBytes(hay, bytesOf('1122'), 2), 4);
  assert.equal(indexOfBytes(hay, bytesOf('55')), -1);
  assert.equal(indexOfBytes(hay, new Uint8Array(0)), -1);
});
