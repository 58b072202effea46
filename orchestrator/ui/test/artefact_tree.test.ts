// SPDX-License-Identifier: Apache-2.0
// Artefacts as a tree and as areas.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  byParent,
  squarified,
  treeRows,
  type TreeNode,
} from '../src/logic/artefact_tree.js';

const node = (id: string, parent: string | null = null): TreeNode => ({
  id,
  parent,
  size: 1,
  score: 0,
  children: 0,
});

test('only what is open is shown', () => {
  const map = byParent([
    node('a'),
    node('b', 'a'),
    node('c', 'b'),
    node('d', 'elsewhere'),
  ]);
  const shown = (open: string[]) =>
    treeRows(map, new Set(open)).map((r) => `${r.depth}${r.node.id}`);
  assert.deepEqual(shown([]), ['0a', '0d']);
  assert.deepEqual(shown(['a']), ['0a', '1b', '0d']);
  assert.deepEqual(shown(['a', 'b']), ['0a', '1b', '2c', '0d']);
  assert.equal(treeRows(map, new Set())[0]!.isParent, true);
  assert.equal(treeRows(map, new Set())[1]!.isParent, false);
});

test('100,000 nodes, one below the other or side by side', () => {
  const deep = Array.from({ length: 100_000 }, (_, i) =>
    node(String(i), i === 0 ? null : String(i - 1)),
  );
  const open = new Set(deep.map((n) => n.id));
  assert.equal(treeRows(byParent(deep), open).length, 100_000);
  const flat = deep.map((n) => ({ ...n, parent: null }));
  assert.equal(treeRows(byParent(flat), new Set()).length, 100_000);
});

test('areas fill the rectangle in proportion and do not overlap', () => {
  const weights = [6, 6, 4, 3, 2, 2, 1];
  const areas = squarified(weights, (w) => w, 600, 400);
  assert.equal(areas.length, 7);
  for (const a of areas) {
    assert.ok(
      Math.abs(a.width * a.height - (a.node / 24) * 240_000) < 1e-6,
      'area',
    );
    assert.ok(a.x >= -1e-9 && a.y >= -1e-9);
    assert.ok(a.x + a.width <= 600 + 1e-6 && a.y + a.height <= 400 + 1e-6);
    assert.ok(Math.max(a.width / a.height, a.height / a.width) < 4, 'shape');
  }
  for (let i = 0; i < areas.length; i++)
    for (let k = i + 1; k < areas.length; k++) {
      const a = areas[i]!;
      const b = areas[k]!;
      const w = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
      const h = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
      assert.ok(w < 1e-6 || h < 1e-6, 'overlap');
    }
  assert.deepEqual(
    squarified([0, -1], (w) => w, 10, 10),
    [],
  );
});
