// SPDX-License-Identifier: Apache-2.0
// Readable texts in bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STRING_MAX, findStrings, resumeAt } from '../src/logic/strings.js';

const ascii = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

test('ASCII of enough characters, with its offset', () => {
  assert.deepEqual(findStrings(ascii('\0\x01hello\0abc\0worlds\xff'), 100), [
    { offset: 102, encoding: 'ascii', text: 'hello' },
    { offset: 112, encoding: 'ascii', text: 'worlds' },
  ]);
});

test('UTF-16 of Windows programs', () => {
  const found = findStrings(
    ascii('\xff\xff' + [...'kernel32.dll'].join('\0') + '\0\xff'),
  );
  assert.deepEqual(found, [
    { offset: 2, encoding: 'utf-16', text: 'kernel32.dll' },
  ]);
});

test('long ones are cut', () => {
  const [only] = findStrings(ascii('x'.repeat(5000)));
  assert.equal(only!.text.length, STRING_MAX);
});

test('a text at the end of a piece is read again', () => {
  assert.equal(resumeAt(ascii('\xff\xff\xffabc'), 1000), 1003);
  assert.equal(resumeAt(ascii('abc\xff'), 1000), 1004);
  assert.equal(resumeAt(ascii('abcdef'), 1000), 1006);
});
