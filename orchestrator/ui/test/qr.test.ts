// SPDX-License-Identifier: Apache-2.0
// The picture is made of squares, with the three corners that readers look for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Qr } from '../src/components/qr.js';

test('corners of the picture', () => {
  const svg = Qr({
    text: 'otpauth://totp/Loep:an?secret=ABCDEFGHIJKLMNOP&issuer=Loep',
    label: 'code',
  });
  const [, path] = svg.props.children as { props: { d: string } }[];
  const size = Number(String(svg.props.viewBox).split(' ')[2]);
  const dark = new Set(
    [...path!.props.d.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(
      (m) => `${m[1]},${m[2]}`,
    ),
  );
  const isDark = (x: number, y: number) => dark.has(`${x},${y}`);

  for (const [x0, y0] of [
    [4, 4],
    [size - 11, 4],
    [4, size - 11],
  ] as const) {
    for (let i = 0; i < 7; i++) {
      assert.ok(isDark(x0 + i, y0) && isDark(x0 + i, y0 + 6));
      assert.ok(isDark(x0, y0 + i) && isDark(x0 + 6, y0 + i));
    }
    assert.ok(!isDark(x0 + 1, y0 + 1) && isDark(x0 + 3, y0 + 3));
  }
  assert.ok(!isDark(0, 0) && !isDark(size - 1, size - 1));
});
