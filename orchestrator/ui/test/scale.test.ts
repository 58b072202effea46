// SPDX-License-Identifier: Apache-2.0
// Scales, ticks and how numbers are written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMs, linear, offsetTicks, ticks } from '../src/logic/scale.js';

test('a scale there and back', () => {
  const s = linear(0, 100, 20, 220);
  assert.equal(s.at(50), 120);
  assert.equal(s.value(120), 50);
  assert.equal(linear(5, 5, 0, 10).at(5), 0);
});

test('ticks are round and inside', () => {
  assert.deepEqual(ticks(0, 100, 5), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(ticks(0.13, 0.57, 5), [0.2, 0.3, 0.4, 0.5]);
  assert.deepEqual(ticks(3, 3, 5), [3]);
  for (const [min, max] of [
    [0, 1240],
    [17, 18.5],
    [0, 7e9],
  ] as const)
    for (const t of ticks(min, max, 6)) assert.ok(t >= min && t <= max, `${t}`);
  assert.ok(ticks(0, 999, 6).length <= 7);
});

test('offsets stand at powers of two', () => {
  assert.deepEqual(offsetTicks(64, 4), [0, 16, 32, 48, 64]);
  for (const at of offsetTicks(123456789, 8)) assert.equal(at % 16, 0);
});

test('milliseconds as people read them', () => {
  assert.equal(formatMs(12.4), '12 ms');
  assert.equal(formatMs(3400), '3.40 s');
  assert.equal(formatMs(34_000), '34.0 s');
  assert.equal(formatMs(125_000), '2 m 05 s');
  assert.equal(formatMs(Number.NaN), '–');
});
