// SPDX-License-Identifier: Apache-2.0
// What no source of the app may do: make page of text, run text, style or
// fetch from elsewhere.  Prints what it finds; fails where there is something.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../src', import.meta.url));
const forbidden = [
  [
    /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML/,
    'HTML made of text',
  ],
  [/document\.write|\beval\(|new Function\(/, 'text that is run'],
  [/createContextualFragment|DOMParser|srcdoc/i, 'HTML made of text'],
  [/https?:\/\/(?!www\.w3\.org\/)/, 'something from another site'],
  [/\b(TODO|FIXME|XXX|HACK)\b/, 'something left for later'],
];
let found = 0;

for (const entry of readdirSync(root, { recursive: true })) {
  const file = String(entry);
  if (!/\.(ts|tsx|css|svg)$/.test(file)) continue;
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  if (!/\.svg$/.test(file) && !lines[0].includes('SPDX-License-Identifier')) {
    console.log(`src/${file}:1: names no licence`);
    found++;
  }
  if (lines.length > 700) {
    console.log(`src/${file}: has more than 700 lines`);
    found++;
  }
  lines.forEach((line, i) => {
    for (const [pattern, what] of forbidden) {
      if (!pattern.test(line)) continue;
      console.log(`src/${file}:${i + 1}: ${what}: ${line.trim()}`);
      found++;
    }
  });
}
process.exit(found === 0 ? 0 : 1);
