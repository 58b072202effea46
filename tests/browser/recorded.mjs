// SPDX-License-Identifier: Apache-2.0
// What the API said of a real run, in the place of one: a virtual machine
// takes too long here (tests/e2e/t0200-demo.sh has one).
import { readFileSync } from 'node:fs';

const text = readFileSync(
  new URL('recorded-run.json', import.meta.url),
  'utf8',
);

/**
 * From now on pages that ask for the runs "run-a" and "run-b" get what a real
 * run answered; `change` may change its text.
 */
export async function withRuns(page, { number, artefact, change = (x) => x }) {
  const recorded = JSON.parse(change(text));
  const of = (id, other) => ({
    ...recorded.run,
    id,
    case: number,
    artefact,
    trace: `trace-${id}`,
    ...other,
  });
  const runs = {
    'run-a': of('run-a', {}),
    'run-b': of('run-b', {
      profile: 'debian-13',
      environment: { ...recorded.run.environment, accel: 'kvm' },
    }),
  };
  const findings = {
    'trace-run-a': recorded.findings,
    'trace-run-b': recorded.findings.filter(
      (f) => !JSON.stringify(f.detail).includes('exfil.example.org'),
    ),
  };
  const answer = (route, body) =>
    route.fulfill({ contentType: 'application/json', body: JSON.stringify(body) });
  await page.route(/\/api\/v1\/runs\/run-[ab]$/, (route) =>
    answer(route, runs[route.request().url().split('/').pop()]),
  );
  await page.route(/\/api\/v1\/cases\/[^/]+\/runs\?/, (route) =>
    answer(route, { items: Object.values(runs), next: null }),
  );
  await page.route(/\/findings\?.*artefact=trace-run-/, (route) =>
    answer(route, {
      items:
        findings[new URL(route.request().url()).searchParams.get('artefact')],
      next: null,
    }),
  );
  await page.route(/\/artefacts\?.*parent=trace-run-/, (route) =>
    answer(route, { items: [], next: null }),
  );
}
