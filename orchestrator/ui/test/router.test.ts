// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnPath, matchPath } from '../src/router.js';

test('variables of a path', () => {
  assert.deepEqual(matchPath('/cases/:number', '/cases/2026-1'), {
    number: '2026-1',
  });
  assert.deepEqual(matchPath('/cases/:n', '/cases/a%2Fb'), { n: 'a/b' });
  assert.equal(matchPath('/cases/:n', '/cases/%E0%A4%A'), null);
  assert.equal(matchPath('/cases/:n', '/cases'), null);
  assert.equal(matchPath('/cases', '/cases/x'), null);
  assert.deepEqual(matchPath('/', '/'), {});
  assert.deepEqual(matchPath('/cases/:n/*', '/cases/1/files/2'), {
    n: '1',
    rest: 'files/2',
  });
});

test('only places of our own', () => {
  assert.ok(isOwnPath('/cases/1'));
  for (const bad of ['//evil.example', '/\\evil.example', 'https://x', 'x', ''])
    assert.ok(!isOwnPath(bad), bad);
});
