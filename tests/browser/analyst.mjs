// SPDX-License-Identifier: Apache-2.0
// An analyst's day: from the queue to the issued report.
import { readFileSync } from 'node:fs';
import {
  api,
  finish,
  is,
  like,
  look,
  newUser,
  ok,
  signIn,
  site,
  story,
  until,
} from './lib.mjs';

const recorded = JSON.parse(
  readFileSync(new URL('recorded-run.json', import.meta.url), 'utf8'),
);
const zip = readFileSync(`${process.env.LOEP_WORK}/evidence.zip`);
const an = await newUser();
const anna = await newUser();
const bea = await newUser();

await signIn(an, 'an@example.org');
await signIn(anna, 'anna@csirt.example');
await signIn(bea, 'bea@csirt.example');

/** A case of An's with a ZIP that was analysed. */
async function submit() {
  const made = await api(an, 'POST', '/cases', {
    title: 'Turbine <b>hall</b>',
    severity: 'high',
  });
  const number = made.body.number;
  const submission = await api(an, 'POST', `/cases/${number}/submissions`, {});
  const status = await an.page.evaluate(
    async ([id, base64]) => {
      const who = await fetch('/api/v1/whoami');
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const answer = await fetch(
        `/api/v1/submissions/${id}/files?filename=evidence.zip`,
        {
          method: 'POST',
          headers: {
            'Content-Type': 'application/octet-stream',
            'X-CSRF-Token': who.headers.get('X-CSRF-Token'),
          },
          body: bytes,
        },
      );
      return answer.status;
    },
    [submission.body.id, zip.toString('base64')],
  );
  is('the evidence is in', status, 201);
  await until(
    () => api(anna, 'GET', `/cases/${number}`),
    (a) => a.body.artefacts >= 5 && a.body.jobs_open === 0,
  );
  return number;
}

const number = await submit();
const { body: list } = await api(
  anna,
  'GET',
  `/cases/${number}/artefacts?parent=*`,
);
const artefact = (name) => list.items.find((a) => a.name === name);

async function open(user, path, heading) {
  await user.page.goto(site + path);
  await user.page.getByRole('heading', { name: heading }).first().waitFor();
}

await story('A1: Anna sees the queue and claims the first case', async () => {
  const { page } = anna;
  await open(anna, '/queue', 'Queue');
  await page.getByRole('link', { name: 'Turbine <b>hall</b>' }).waitFor();
  await look(anna, 'queue');
  await page.getByRole('button', { name: 'As a table' }).click();
  await page.getByRole('columnheader', { name: 'Opened' }).waitFor();
  await page.getByRole('button', { name: 'Claim', exact: true }).click();
  await page.getByRole('rowheader', { name: /Turbine/ }).waitFor();
  await page.getByRole('button', { name: 'Mine' }).click();
  await page.getByRole('cell', { name: 'me', exact: true }).waitFor();
});

await story('A1: Bea cannot claim what Anna holds', async () => {
  const answer = await api(bea, 'POST', `/cases/${number}/claim`);
  is('and is told so', answer.status, 409);
});

await story('A16: facts, clocks and tasks of the case', async () => {
  const { page } = anna;
  await open(anna, `/cases/${number}`, 'Turbine <b>hall</b>');
  await page.getByText('dropper_shell_fetch_run').first().waitFor();
  await page.getByLabel('New task').fill('Ask for the mail server’s log');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByText('Ask for the mail server’s log').waitFor();
  await look(anna, 'staff-case');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('RSIT class').selectOption('malicious-code');
  await page.getByLabel('RSIT type').selectOption('malware-distribution');
  await page.getByLabel('Malicious act suspected').selectOption('yes');
  await look(anna, 'staff-case-edit');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('malicious-code: malware-distribution').waitFor();
});

await story('A9: a message goes out, a note does not', async () => {
  const { page } = anna;
  await open(anna, `/cases/${number}/notes`, 'Internal notes');
  await page.getByLabel('New internal note').fill('Smells of the old crew');
  await page.getByRole('button', { name: 'Keep the note' }).click();
  await page.getByText('Smells of the old crew').waitFor();
  await page.getByRole('link', { name: 'Messages' }).click();
  await page
    .getByLabel('New message to the submitter')
    .fill('Which host was it?');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.message').getByText('Which host was it?').waitFor();
  await look(anna, 'staff-messages');
  const seen = await api(an, 'GET', `/cases/${number}/messages`);
  ok('An has the message', JSON.stringify(seen.body).includes('Which host'));
  const notes = await api(an, 'GET', `/cases/${number}/notes`);
  is('and knows of no notes', notes.status, 404);
});

await story('A2: the tree, with the keyboard alone', async () => {
  const { page } = anna;
  await open(anna, `/cases/${number}/artefacts`, 'Artefacts');
  const tree = page.getByRole('tree');
  await tree.getByRole('treeitem').first().focus();
  await page.keyboard.press('ArrowLeft');
  is('left closes', await tree.getByRole('treeitem').count(), 1);
  await page.keyboard.press('ArrowRight');
  is('right opens', await tree.getByRole('treeitem').count(), list.items.length);
  await look(anna, 'staff-artefacts');
  await tree.getByRole('treeitem').first().focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'evidence.zip' }).waitFor();
});

await story('A2: facts and digests, copied with one press', async () => {
  const { page } = anna;
  const a = artefact('invoice.sh');
  await open(anna, `/artefacts/${a.id}`, 'invoice.sh');
  await page.getByRole('button', { name: 'Copy: SHA-256' }).click();
  is(
    'the digest is on the clipboard',
    await page.evaluate(() => navigator.clipboard.readText()),
    a.sha256,
  );
  await look(anna, 'staff-artefact');
  await page.getByRole('link', { name: 'Findings' }).click();
  await page.getByText('dropper_shell_fetch_run', { exact: true }).waitFor();
  await look(anna, 'staff-findings');
  await page.getByRole('link', { name: /^0x/ }).first().click();
  like('its offset leads to the bytes', page.url(), /\/bytes\?offset=\d+/);
});

await story('A2: bytes with marks, entropy and texts', async () => {
  const { page } = anna;
  const a = artefact('program');
  await open(anna, `/artefacts/${a.id}/bytes`, 'program');
  const hex = page.getByRole('application', { name: 'Bytes' });
  await hex.waitFor();
  await page.getByRole('slider').waitFor();
  await look(anna, 'staff-bytes');
  await hex.focus();
  await page.keyboard.press('PageDown');
  await page.getByText('0x200 (512)').waitFor();
  await page.getByLabel('Go to').fill('0x0');
  await page.getByRole('button', { name: 'Go', exact: true }).click();
  await page.getByText('0x0 (0)').waitFor();
  await page.getByRole('link', { name: 'Texts' }).click();
  await page.getByLabel('Contains').fill('.interp');
  await page.getByRole('rowheader', { name: '.interp' }).waitFor();
});

await story('A5: one judges, another one confirms', async () => {
  const id = artefact('invoice.sh').id;
  await open(anna, `/artefacts/${id}`, 'invoice.sh');
  await anna.page.getByLabel('Reason').fill('Fetches a program and runs it.');
  await anna.page.getByRole('button', { name: 'Set the verdict' }).click();
  await anna.page
    .getByText('A second person has to confirm it')
    .waitFor();
  is(
    'Anna cannot confirm her own',
    await anna.page.getByRole('button', { name: 'Confirm' }).count(),
    0,
  );
  await open(bea, `/artefacts/${id}`, 'invoice.sh');
  await bea.page.getByRole('button', { name: 'Confirm' }).click();
  await bea.page.getByText('Confirmed by Bea Reviewer').waitFor();
});

await story('A6: from a digest to every case that has it', async () => {
  const { page } = anna;
  await open(anna, `/artefacts/${artefact('invoice.sh').id}/related`, 'invoice.sh');
  await page.getByRole('link', { name: 'SHA-256' }).click();
  await page.getByRole('heading', { name: 'Found' }).waitFor();
  await page.getByRole('link', { name: 'invoice.sh' }).first().waitFor();
  await look(anna, 'search');
});

await story('A3, A14: runs, and the question for one', async () => {
  const { page } = anna;
  await open(anna, `/cases/${number}/work`, 'Runs in a virtual machine');
  await page.getByRole('table', { name: 'Jobs' }).waitFor();
  await look(anna, 'staff-work');
  await open(anna, `/artefacts/${artefact('program').id}`, 'program');
  await page.getByRole('button', { name: 'Run it' }).click();
  await page.getByLabel('Arguments').fill('--help');
  await page.getByText('nothing of the run reaches a real network').waitFor();
  await look(anna, 'staff-run-dialog');
  await page.keyboard.press('Escape');
});

/** What a real run answered, in the place of one: a VM takes too long here. */
async function withRuns(page) {
  const of = (id, change) => ({
    ...recorded.run,
    id,
    case: number,
    artefact: artefact('program').id,
    trace: `trace-${id}`,
    ...change,
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

await story('A3, A14: what a run did', async () => {
  const { page } = anna;
  await withRuns(page);
  await open(anna, '/runs/run-a', 'Run of intruder');
  await page.getByText('All processes of the sample ended').waitFor();
  await page.getByText('Writes a cron job that starts it again').waitFor();
  await look(anna, 'run');
  await page.getByRole('link', { name: 'Processes' }).click();
  const first = page.getByRole('button', { name: /Level 1: \/root\/intruder/ });
  await first.focus();
  await page.keyboard.press('ArrowDown');
  await page.locator('.chosen-process').getByText(/sh -c 'uname/).waitFor();
  await look(anna, 'run-processes');
  await page.getByRole('link', { name: 'Timeline' }).click();
  await page.getByRole('button', { name: 'Look closer' }).click();
  await page.getByRole('button', { name: 'See more' }).click();
  await page.getByRole('button', { name: /^Network: / }).first().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Show all events' }).waitFor();
  await page.mouse.move(0, 0);
  await look(anna, 'run-timeline');
  await page.getByRole('link', { name: 'Network' }).click();
  await page.getByText('Nothing could leave').waitFor();
  await look(anna, 'run-network');
});

await story('A4: two runs side by side', async () => {
  const { page } = anna;
  await open(anna, '/compare?a=run-a&b=run-b', 'Compare two runs');
  const environment = page.getByRole('table', {
    name: 'What was different around them',
  });
  await environment.getByRole('rowheader', { name: 'accel' }).waitFor();
  const network = page.getByRole('table', { name: 'Network' });
  like(
    'a name that only one asked for',
    await network.getByRole('row', { name: /exfil/ }).first().innerText(),
    /only A/,
  );
  await look(anna, 'compare');
});

let report;
await story('A5: a report is written, approved by another, issued', async () => {
  const { page } = anna;
  await open(anna, `/cases/${number}/reports`, 'Reports');
  await page.getByLabel('Kind').selectOption('postmortem');
  await page.getByRole('button', { name: 'Begin a report' }).click();
  await page.getByLabel('Extent of the incident').waitFor();
  report = page.url().split('/').pop();
  await page.getByText('Still empty:').waitFor();
  await page.getByLabel('Summary').fill('A dropper.\n\nNothing more.');
  await page.getByLabel('Extent of the incident').fill('One host.');
  await page.getByLabel('Damage').fill('Unknown, because logs are gone.');
  await page.getByLabel('Root cause').fill('A mail attachment <script>.');
  await page.locator('.preview').getByText('A mail attachment').waitFor();
  await look(anna, 'report-editor');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('A second person looks at it then.').waitFor();
  await page.getByRole('button', { name: 'Submit for review' }).click();
  await page.getByText('in review').first().waitFor();
  await open(bea, `/reports/${report}`, 'Report');
  await bea.page.getByRole('button', { name: 'Approve' }).click();
  await bea.page
    .getByRole('dialog')
    .getByRole('button', { name: 'Approve' })
    .click();
  await bea.page.getByRole('button', { name: 'Issue' }).click();
  await bea.page.getByText('issued', { exact: true }).waitFor();
  const seen = await api(an, 'GET', `/cases/${number}/reports`);
  ok(
    'the submitter has it',
    seen.body.items.some((r) => r.id === report && r.state === 'issued'),
  );
});

await story('A1: Anna hands the case over, with a note', async () => {
  const { page } = anna;
  await open(anna, `/cases/${number}`, 'Turbine <b>hall</b>');
  await page.getByRole('button', { name: 'Hand over' }).click();
  await page.getByLabel('To whom').selectOption({ label: 'Bea Reviewer' });
  await page.getByLabel('Note').fill('Report is out; wait for questions.');
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Hand over' })
    .click();
  await page.getByText('Report is out; wait for questions.').waitFor();
});

await story('evidence: labels, history, who saw it', async () => {
  const { page } = anna;
  await open(anna, `/cases/${number}/evidence`, 'History');
  await page.getByLabel('Who may see it (TLP)').selectOption('TLP:GREEN');
  await page.getByText('To lower a label').waitFor();
  await page.getByLabel('Who may see it (TLP)').selectOption('TLP:RED');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.labels').getByText('TLP:RED').waitFor();
  await look(anna, 'staff-evidence');
});

await story('the pages speak four languages', async () => {
  const { page } = anna;
  await open(anna, '/queue', 'Queue');
  for (const [language, title] of [
    ['nl', 'Wachtrij'],
    ['fr', 'File d’attente'],
    ['de', 'Warteschlange'],
    ['en', 'Queue'],
  ]) {
    await page.getByRole('combobox').first().selectOption(language);
    await page.getByRole('heading', { name: title, exact: true }).waitFor();
  }
});

await finish();
