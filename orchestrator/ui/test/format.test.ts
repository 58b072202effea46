// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatRelative,
  formatSeconds,
  visibleName,
} from '../src/lib/format.js';

test('sizes', () => {
  assert.equal(formatBytes(0, 'en-GB'), '0 B');
  assert.equal(formatBytes(1023, 'en-GB'), '1,023 B');
  assert.equal(formatBytes(1536, 'en-GB'), '1.5 KiB');
  assert.equal(formatBytes(5 * 2 ** 40, 'en-GB'), '5 TiB');
});

test('times', () => {
  const now = Date.parse('2026-01-02T12:00:00Z');
  assert.equal(
    formatRelative('2026-01-02T09:00:00Z', 'en-GB', now),
    '3 hours ago',
  );
  assert.equal(
    formatRelative('2026-01-04T12:00:00Z', 'en-GB', now),
    'in 2 days',
  );
  assert.equal(formatRelative('soon', 'en-GB', now), 'soon');
  assert.equal(formatSeconds(59), '59 s');
  assert.equal(formatSeconds(3725), '1 h 2 min');
});

test('names that lie about themselves', () => {
  assert.equal(visibleName('a.exe'), 'a.exe');
  assert.equal(visibleName('gpj\u202eexe'), 'gpj\\u202eexe');
  assert.equal(visibleName('a\nb'), 'a\\u000ab');
});
