// SPDX-License-Identifier: Apache-2.0
// What the compiler does not see: empty texts, texts left in English.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { de } from '../src/i18n/de/index.js';
import { en } from '../src/i18n/en/index.js';
import { fr } from '../src/i18n/fr/index.js';
import { pickLanguage } from '../src/i18n/index.js';
import { nl } from '../src/i18n/nl/index.js';

function flat(o: object, prefix = ''): Map<string, string> {
  const all = new Map<string, string>();

  for (const [key, value] of Object.entries(o)) {
    const at = prefix ? `${prefix}.${key}` : key;
    if (typeof value === 'string') all.set(at, value);
    else if (typeof value === 'function') {
      const text = String(
        (value as (...args: unknown[]) => unknown)(2, 3, 4, 5, 6),
      );
      all.set(at, text);
    } else if (typeof value === 'object' && value !== null)
      for (const [k, v] of flat(value as object, at)) all.set(k, v);
  }
  return all;
}

const pattern = flat(en);

for (const [name, dictionary] of Object.entries({ nl, fr, de })) {
  test(`${name} has every text`, () => {
    const texts = flat(dictionary);
    assert.deepEqual([...texts.keys()].sort(), [...pattern.keys()].sort());
    for (const [key, text] of texts)
      assert.ok(text.trim() !== '' && !text.includes('undefined'), key);
  });
  test(`${name} is not English`, () => {
    const same = [...flat(dictionary)].filter(
      ([key, text]) =>
        text === pattern.get(key) && text.split(/\s+/).length >= 3,
    );
    assert.deepEqual(same, []);
  });
}

test('the best language', () => {
  assert.equal(pickLanguage(null, ['fr-BE', 'en']), 'fr');
  assert.equal(pickLanguage('de', ['fr-BE']), 'de');
  assert.equal(pickLanguage('xx', ['es', 'nl']), 'nl');
  assert.equal(pickLanguage(null, ['es']), 'en');
});
