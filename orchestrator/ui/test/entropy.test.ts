// SPDX-License-Identifier: Apache-2.0
// Entropy and where a file is looked at for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entropy, entropyWord, joined, samples } from '../src/logic/entropy.js';

test('known values', () => {
  assert.equal(entropy(new Uint8Array(0)), 0);
  assert.equal(entropy(new Uint8Array(100)), 0);
  assert.equal(entropy(Uint8Array.from([0, 1, 0, 1])), 1);
  assert.equal(entropy(Uint8Array.from({ length: 1024 }, (_, i) => i)), 8);
});

test('a small file is covered without gaps', () => {
  let at = 0;
  for (const s of samples(14656, 256, 4096)) {
    assert.equal(s.offset, at);
    at += s.length;
  }
  assert.equal(at, 14656);
  assert.deepEqual(samples(0, 256, 4096), []);
  assert.deepEqual(samples(10, 256, 4096), [{ offset: 0, length: 10 }]);
});

test('a large one is looked at evenly, first and last bytes too', () => {
  const size = 200 * 1024 ** 3;
  const list = samples(size, 256, 4096);
  assert.equal(list.length, 256);
  assert.equal(list[0]!.offset, 0);
  assert.equal(list[255]!.offset + 4096, size);
  for (let i = 1; i < list.length; i++)
    assert.ok(list[i]!.offset > list[i - 1]!.offset);
});

test('neighbours are fetched together, within the bound', () => {
  const list = samples(300_000, 128, 4096);
  const requests = joined(list, 65536);
  assert.ok(requests.length <= 6);
  for (const r of requests) assert.ok(r.length <= 65536);
  assert.equal(
    requests.reduce((sum, r) => sum + r.length, 0),
    300_000,
  );
  assert.equal(joined(samples(1e12, 16, 4096), 65536).length, 16);
});

test('words', () => {
  assert.deepEqual([0, 4.5, 6, 7.9].map(entropyWord), [
    'empty',
    'text',
    'code',
    'packed',
  ]);
});
