// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { keyDigest, publicKeyOf } from '../src/lib/spki.js';

// Browsers have it; Node.js 18 (Debian 12) hides it.
if (!globalThis.crypto)
  Object.defineProperty(globalThis, 'crypto', { value: webcrypto });

/** An element of DER. */
function der(tag: number, ...parts: (Uint8Array | number[])[]): Uint8Array {
  const body = parts.flatMap((p) => [...p]);
  const head =
    body.length < 0x80
      ? [tag, body.length]
      : [tag, 0x82, body.length >> 8, body.length & 0xff];
  return Uint8Array.from([...head, ...body]);
}

const key = der(0x30, der(0x30, [6, 1, 42]), der(3, new Array(200).fill(7)));
const rest = [der(2, [1]), der(0x30), der(0x30), der(0x30), der(0x30)];
const certificate = (withVersion: boolean) =>
  der(
    0x30,
    der(0x30, ...(withVersion ? [der(0xa0, der(2, [2]))] : []), ...rest, key),
    der(0x30),
    der(3, [0]),
  );

test('the key of a certificate', async () => {
  for (const withVersion of [true, false])
    assert.deepEqual(publicKeyOf(certificate(withVersion)), key);
  const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(certificate(true)).toString('base64')}\n-----END CERTIFICATE-----\n`;
  assert.deepEqual(publicKeyOf(new TextEncoder().encode(pem)), key);
  assert.match((await keyDigest(certificate(true))) ?? '', /^[0-9a-f]{64}$/);
});

test('whatever is no certificate', () => {
  const good = certificate(true);
  for (let end = 0; end < good.length - 5; end += 3)
    assert.equal(publicKeyOf(good.slice(0, end)), null, `cut at ${end}`);
  for (const bad of [
    new Uint8Array(0),
    Uint8Array.from([0x30, 0x80]),
    Uint8Array.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
    new TextEncoder().encode('-----BEGIN CERTIFICATE-----'),
    new Uint8Array(1000).fill(0x30),
  ])
    assert.equal(publicKeyOf(bad), null);
});
