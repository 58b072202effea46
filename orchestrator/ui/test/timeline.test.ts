// SPDX-License-Identifier: Apache-2.0
// Lanes and columns of a run's timeline; windows of long lists.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buckets, laneOf, timelineEventOf } from '../src/logic/timeline.js';
import { visible } from '../src/logic/virtual.js';

test('lanes', () => {
  assert.deepEqual(
    [
      'exec',
      'file_write',
      'dir_create',
      'dns_query',
      'connect',
      'ptrace',
      'memfd',
      'reboot',
    ].map(laneOf),
    [
      'process',
      'file',
      'file',
      'network',
      'network',
      'memory',
      'memory',
      'other',
    ],
  );
});

test('events of one column are one mark', () => {
  const at = (ms: number, name: string) => ({
    at_ms: ms,
    class: name,
    image: '',
    text: '',
  });
  const list = buckets(
    [
      at(0, 'exec'),
      at(1, 'exec'),
      at(1, 'connect'),
      at(100, 'exec'),
      at(200, 'x'),
    ],
    0,
    100,
    10,
  );
  assert.deepEqual(
    list.map((b) => [b.lane, b.column, b.events.length]),
    [
      ['process', 0, 2],
      ['network', 0, 1],
      ['process', 9, 1],
    ],
  );
});

test('what is no event is none', () => {
  assert.equal(timelineEventOf({ at_ms: '1', class: 'x' }), null);
  assert.equal(timelineEventOf(undefined), null);
});

test('a window of rows', () => {
  assert.deepEqual(visible(100_000, 20, 2000, 400, 5), {
    first: 95,
    end: 125,
    before: 1900,
    after: (100_000 - 125) * 20,
  });
  assert.deepEqual(visible(3, 20, 5000, 400), {
    first: 2,
    end: 3,
    before: 40,
    after: 0,
  });
  assert.deepEqual(visible(0, 20, 0, 400), {
    first: 0,
    end: 0,
    before: 0,
    after: 0,
  });
});
