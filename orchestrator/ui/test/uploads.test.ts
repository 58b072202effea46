// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameFile, readUnfinished } from '../src/lib/uploads.js';

const now = Date.parse('2026-01-02T00:00:00Z');
const good = {
  url: '/api/v1/uploads/1',
  case: 'BE-1',
  submission: 's',
  name: 'folder/disk.img',
  size: 10,
  modified: 5,
  at: now - 1000,
};

test('what is remembered is checked', () => {
  assert.deepEqual(readUnfinished(JSON.stringify([good]), now), [good]);
  for (const bad of [
    null,
    '',
    '{',
    '"x"',
    '{}',
    '[null, 3]',
    JSON.stringify([{ ...good, url: 'https://evil.example/' }]),
    JSON.stringify([{ ...good, url: '//evil.example/api/v1/uploads/1' }]),
    JSON.stringify([{ ...good, size: '10' }]),
    JSON.stringify([{ ...good, at: 0 }]),
  ])
    assert.deepEqual(readUnfinished(bad, now), [], String(bad));
});

test('only the same file goes on', () => {
  assert.ok(isSameFile(good, { size: 10, lastModified: 5 }, 'disk.img'));
  assert.ok(!isSameFile(good, { size: 11, lastModified: 5 }, 'disk.img'));
  assert.ok(!isSameFile(good, { size: 10, lastModified: 6 }, 'disk.img'));
  assert.ok(!isSameFile(good, { size: 10, lastModified: 5 }, 'isk.img'));
});
