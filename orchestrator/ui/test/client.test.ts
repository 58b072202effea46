// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { path, withQuery } from '../src/api/client.js';
import { ApiError, problemOf } from '../src/api/problem.js';

test('paths are encoded', () => {
  assert.equal(path`/cases/${'a/b?c'}/x`, '/cases/a%2Fb%3Fc/x');
  assert.equal(path`/tasks/${12}`, '/tasks/12');
});

test('queries', () => {
  assert.equal(withQuery('/a'), '/a');
  assert.equal(
    withQuery('/a', { q: 'x y+z', limit: 5, cursor: '', n: null }),
    '/a?q=x%20y%2Bz&limit=5',
  );
});

test('problems of anything', () => {
  for (const body of [null, 'x', 3, [], { type: 3, services: 'x' }]) {
    const problem = problemOf(502, body);
    assert.equal(problem.status, 502);
    assert.equal(problem.services, undefined);
  }
  const error = new ApiError(
    problemOf(403, {
      type: 'urn:loep:problem:not-entitled',
      title: 'No',
      detail: 'no',
      number: 'N-1',
      services: ['warnings', 3],
    }),
  );
  assert.equal(error.kind, 'not-entitled');
  assert.deepEqual(error.problem.services, ['warnings']);
});
