// SPDX-License-Identifier: Apache-2.0
// What two runs have in common.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  difference,
  jsonChanges,
  runFacts,
  stablePath,
  type FindingLike,
} from '../src/logic/compare.js';

const fact = (name: string, value: unknown): FindingLike => ({
  type: 'fact',
  name,
  detail: { key: name, value },
});

test('random parts of names are no difference', () => {
  assert.equal(stablePath('/tmp/tmp.aB3dE9xZ'), '/tmp/tmp.*');
  assert.equal(stablePath('/proc/1234/maps'), '/proc/PID/maps');
  assert.equal(
    stablePath('/var/spool/cron/crontabs/tmp.wBw8O8'),
    '/var/spool/cron/crontabs/tmp.*',
  );
  assert.equal(
    stablePath('/usr/lib/x86_64-linux-gnu/a.so'),
    '/usr/lib/x86_64-linux-gnu/a.so',
  );
  assert.equal(stablePath('/tmp/.update.sh'), '/tmp/.update.sh');
  assert.equal(stablePath('/tmp/.bot'), '/tmp/.bot');
  assert.equal(stablePath('/tmp/my-folder'), '/tmp/my-folder');
  assert.equal(stablePath('/etc/cron.d/sample'), '/etc/cron.d/sample');
});

test('facts are sorted into what is compared', () => {
  const facts = runFacts([
    fact('process', {
      id: '1',
      image: '/bin/sh',
      command_line: 'sh -c ls',
      exit_status: 'exit 0',
    }),
    fact('file', { path: '/tmp/.bot', action: 'created' }),
    fact('dns', { name: 'Updates.example.net' }),
    fact('connection', { address: 'fd00::1', port: 443, protocol: 'tcp' }),
    fact('entropy', 7.2),
    {
      type: 'finding',
      name: 'logs_removed',
      detail: { title: 'Deletes logs' },
    },
  ]);
  assert.equal(facts.processes[0]!.key, '/bin/sh sh -c ls');
  assert.equal(facts.files[0]!.note, 'created');
  assert.deepEqual(
    facts.network.map((e) => e.key),
    ['dns updates.example.net', 'tcp [fd00::1]:443'],
  );
  assert.equal(facts.findings[0]!.note, 'Deletes logs');
});

test('hostile details are no entries and no exception', () => {
  const facts = runFacts([
    fact('process', null),
    fact('dns', [1, 2]),
    { type: 'fact', name: 'file', detail: null },
  ]);
  assert.equal(facts.network[0]!.key, 'dns ');
});

test('set difference', () => {
  const e = (key: string, note = '') => ({ key, text: key, note });
  const d = difference(
    [e('a'), e('b', 'exit 0'), e('c'), e('c')],
    [e('b', 'exit 1'), e('c'), e('d')],
  );
  assert.deepEqual(
    [d.onlyA, d.onlyB, d.both].map((l) => l.map((x) => x.key)),
    [['a'], ['d'], ['c']],
  );
  assert.deepEqual(d.changed, [{ a: e('b', 'exit 0'), b: e('b', 'exit 1') }]);
});

test('JSON is compared leaf by leaf', () => {
  assert.deepEqual(
    jsonChanges(
      { accel: 'kvm', cpu: 'x', list: [1, 2], gone: {} },
      { accel: 'tcg', cpu: 'x', list: [1, 3], new: null },
    ),
    [
      { path: 'accel', before: 'kvm', after: 'tcg' },
      { path: 'gone', before: '{}', after: null },
      { path: 'list[1]', before: '2', after: '3' },
      { path: 'new', before: null, after: 'null' },
    ],
  );
  assert.deepEqual(jsonChanges(null, null), []);
});
