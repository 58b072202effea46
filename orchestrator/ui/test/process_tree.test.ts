// SPDX-License-Identifier: Apache-2.0
// The tree of a run's processes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DEPTH_SHOWN_MAX,
  processOf,
  processRows,
  type ProcessFact,
} from '../src/logic/process_tree.js';

const make = (id: string, parent = '', start_ms = 0): ProcessFact => ({
  id,
  parent,
  pid: Number.parseInt(id, 10) || 1,
  image: `/bin/${id}`,
  command_line: id,
  start_ms,
  end_ms: null,
});
const ids = (list: ProcessFact[]) => processRows(list).map((r) => r.process.id);

test('a walk in the order of starts', () => {
  const rows = processRows([
    make('3', '1', 30),
    make('1'),
    make('2', '1', 10),
    make('4', '2', 40),
  ]);
  assert.deepEqual(
    rows.map((r) => [r.process.id, r.depth, r.isLast, r.children]),
    [
      ['1', 0, true, 2],
      ['2', 1, false, 1],
      ['4', 2, true, 0],
      ['3', 1, true, 0],
    ],
  );
  assert.deepEqual(rows[2]!.lines, [true]);
});

test('an unknown parent makes a root', () => {
  assert.deepEqual(ids([make('2', '99', 5), make('1', '', 1)]), ['1', '2']);
});

test('rings and doubles: each process once', () => {
  assert.deepEqual(
    ids([make('1', '2', 1), make('2', '1', 2), make('3', '3', 3), make('3')]),
    ['3', '1', '2'],
  );
});

test('a chain of 20,000 forks neither recurses nor runs out of the picture', () => {
  const list: ProcessFact[] = [];
  for (let i = 0; i < 20_000; i++)
    list.push(make(String(i + 1), i === 0 ? '' : String(i), i));
  const rows = processRows(list);
  assert.equal(rows.length, 20_000);
  assert.equal(Math.max(...rows.map((r) => r.depth)), DEPTH_SHOWN_MAX);
  assert.ok(Math.max(...rows.map((r) => r.lines.length)) <= DEPTH_SHOWN_MAX);
});

test('what is no process is none', () => {
  assert.equal(processOf(null), null);
  assert.equal(processOf({ pid: 1 }), null);
  assert.equal(processOf('x'), null);
  const p = processOf({ id: '1-2', pid: 'x', command_line: 7, end_ms: 'y' });
  assert.deepEqual([p?.pid, p?.command_line, p?.end_ms], [0, '', null]);
});
