// SPDX-License-Identifier: Apache-2.0
// Runs test/*.test.ts with Node's own runner (TAP), bundled by what Vite uses.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const tests = readdirSync('test')
  .filter((f) => f.endsWith('.test.ts'))
  .map((f) => `test/${f}`);

rmSync('test-out', { recursive: true, force: true });
await build({
  entryPoints: tests,
  bundle: true,
  platform: 'browser',
  format: 'esm',
  outdir: 'test-out',
  outExtension: { '.js': '.mjs' },
  external: ['node:*'],
  preserveSymlinks: true,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'error',
});
const run = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-reporter=tap',
    ...readdirSync('test-out').map((f) => `test-out/${f}`),
  ],
  { stdio: 'inherit' },
);
process.exit(run.status ?? 1);
