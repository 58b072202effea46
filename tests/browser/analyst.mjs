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
import { choose, press, tabTo, type, walkTo } from './keyboard.mjs';
import { withRuns } from './recorded.mjs';

const zip = readFileSync(`${process.env.LOEP_WORK}/evidence.zip`);
const an = await newUser();
const anna = await newUser();
const bea = await newUser();

await signIn(an, 'an@example.org');
await signIn(anna, 'anna@csirt.example');
await signIn(bea, 'bea@csirt.example');

/** A case of An's with a file that was analysed. */
async function submit(title, filename, bytes, artefacts) {
  const made = await api(an, 'POST', '/cases', { title, severity: 'high' });
  const { number } = made.body;
  const submission = await api(an, 'POST', `/cases/${number}/submissions`, {});
  const status = await an.page.evaluate(
    async ([id, name, base64]) => {
      const who = await fetch('/api/v1/whoami');
      const answer = await fetch(
        `/api/v1/submissions/${id}/files?filename=${name}`,
        {
          method: 'POST',
          headers: {
            'Content-Type': 'application/octet-stream',
            'X-CSRF-Token': who.headers.get('X-CSRF-Token'),
          },
          body: Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)),
        },
      );
      return answer.status;
    },
    [submission.body.id, filename, bytes.toString('base64')],
  );
  is(`${filename} is in`, status, 201);
  await until(
    () => api(anna, 'GET', `/cases/${number}`),
    (a) => a.body.artefacts >= artefacts && a.body.jobs_open === 0,
  );
  return number;
}

const number = await submit('Turbine <b>hall</b>', 'evidence.zip', zip, 5);
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

await story('A1: Anna sees the queue and claims the first case, with the keyboard alone', async () => {
  const { page } = anna;
  await open(anna, '/queue', 'Queue');
  await page.getByRole('link', { name: 'Turbine <b>hall</b>' }).waitFor();
  await page.getByRole('button', { name: 'As a table' }).click();
  await page.getByRole('columnheader', { name: 'Opened' }).waitFor();
  await press(anna, /^Claim$/);
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

await story('A9: a message goes out, a note does not; with the keyboard alone', async () => {
  const { page } = anna;
  await open(anna, `/cases/${number}/notes`, 'Internal notes');
  await type(anna, 'New internal note', 'Smells of the old crew');
  await press(anna, 'Keep the note');
  await page.getByText('Smells of the old crew').waitFor();
  await page.locator('h1').focus();
  await press(anna, 'Messages');
  await type(anna, 'New message to the submitter', 'Which host was it?');
  await press(anna, 'Send');
  await page.locator('.message').getByText('Which host was it?').waitFor();
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
  await page.getByRole('link', { name: 'Findings' }).click();
  await page.getByText('dropper_shell_fetch_run', { exact: true }).waitFor();
  await page.getByRole('link', { name: /^0x/ }).first().click();
  like('its offset leads to the bytes', page.url(), /\/bytes\?offset=\d+/);
});

await story('A2: bytes with marks, entropy and texts', async () => {
  const { page } = anna;
  const a = artefact('program');
  await open(anna, `/artefacts/${a.id}/bytes`, 'program');
  const hex = page.getByRole('application', { name: 'Bytes' });
  await hex.waitFor();
  const slider = page.getByRole('slider', { name: 'Place in the file' });
  await tabTo(page, 'Place in the file');
  await page.keyboard.press('ArrowRight');
  const place = await until(
    () => slider.getAttribute('aria-valuenow'),
    (offset) => Number(offset) > 0,
  );
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('offset') === place);
  await page.getByLabel('Go to').fill('0x0');
  await page.getByRole('button', { name: 'Go', exact: true }).click();
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

await story('A5: one judges, another one confirms, with the keyboard alone', async () => {
  const id = artefact('invoice.sh').id;
  await open(anna, `/artefacts/${id}`, 'invoice.sh');
  await choose(anna, 'Confidence', 'high');
  await type(anna, 'Reason', 'Fetches a program and runs it.');
  await press(anna, 'Set the verdict');
  await anna.page.getByText(/Confidence: high/i).waitFor();
  await anna.page
    .getByText('A second person has to confirm it')
    .waitFor();
  is(
    'Anna cannot confirm her own',
    await anna.page.getByRole('button', { name: 'Confirm' }).count(),
    0,
  );
  await open(bea, `/artefacts/${id}`, 'invoice.sh');
  await press(bea, /^Confirm$/);
  await bea.page.getByText('Confirmed by Bea Reviewer').waitFor();
});

await story('A6: from a digest to every case that has it', async () => {
  const { page } = anna;
  await open(anna, `/artefacts/${artefact('invoice.sh').id}/related`, 'invoice.sh');
  await page.getByRole('link', { name: 'SHA-256' }).click();
  await page.getByRole('heading', { name: 'Found' }).waitFor();
  await page.getByRole('link', { name: 'invoice.sh' }).first().waitFor();
});

await story('A6: by rule, and by words of a note', async () => {
  const { page } = anna;
  const found = page.getByRole('table', { name: 'Found' });
  await until(
    () => api(anna, 'GET', '/search?kind=text&q=old%20crew'),
    (a) => a.body.items?.length > 0,
  );
  await open(anna, '/search', 'Search');
  for (const [kind, words, row] of [
    ['rule', 'dropper_shell_fetch_run', /invoice\.sh/],
    ['text', 'old crew', /Turbine/],
    ['name', 'invoice', /invoice\.sh/],
  ]) {
    await page.getByLabel('Kind').selectOption(kind);
    await page.getByLabel('Look for').fill(words);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL((url) => url.searchParams.get('kind') === kind);
    await found.getByRole('row', { name: row }).first().waitFor();
  }
});

await story('A7: a sample leaves as a locked ZIP alone, with a reason', async () => {
  const { page } = anna;
  await open(anna, `/artefacts/${artefact('invoice.sh').id}`, 'invoice.sh');
  await page.getByRole('button', { name: 'Download' }).click();
  const dialog = page.getByRole('dialog');
  const save = dialog.getByRole('button', { name: 'Download' });
  ok('not without a reason', await save.isDisabled());
  await dialog.getByLabel('Reason').fill('To take it apart.');
  await look(anna, 'staff-download');
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    save.click(),
  ]);
  const bytes = readFileSync(await saved.path());
  is('a ZIP', bytes.readUInt32LE(0), 0x04034b50);
  is('locked, with AES', [bytes[6] & 1, bytes.readUInt16LE(8)], [1, 99]);
  await open(anna, `/cases/${number}/evidence`, 'History');
  await page.getByRole('row', { name: /downloaded.*To take it apart/ }).waitFor();
  await open(an, `/cases/${number}?tab=access`, 'Turbine');
  await an.page.getByRole('row', { name: /Downloaded.*evidence\.zip.*To take it apart/ }).waitFor();
});

await story('A3, A14: runs, and the question for one', async () => {
  const { page } = anna;
  await open(anna, `/cases/${number}/work`, 'Runs in a virtual machine');
  await page.getByRole('table', { name: 'Jobs' }).waitFor();
  await open(anna, `/artefacts/${artefact('program').id}`, 'program');
  await page.getByRole('button', { name: 'Run it' }).click();
  await page.getByLabel('Arguments').fill('--help');
  await page.getByText('nothing of the run reaches a real network').waitFor();
  await look(anna, 'staff-run-dialog');
  await page.keyboard.press('Escape');
});

await story('A3, A14: what a run did', async () => {
  const { page } = anna;
  await withRuns(page, { number, artefact: artefact('program').id });
  await open(anna, '/runs/run-a', 'Run of intruder');
  await page.getByText('All processes of the sample ended').waitFor();
  await page.getByText('Writes a cron job that starts it again').waitFor();
  await page.getByRole('link', { name: 'Processes' }).click();
  await tabTo(page, /Level 1: \/root\/intruder/);
  await page.keyboard.press('ArrowDown');
  await page.locator('.chosen-process').getByText(/sh -c 'uname/).waitFor();
  await look(anna, 'run-processes');
  await page.getByRole('link', { name: 'Timeline' }).click();
  await page.getByRole('button', { name: 'Look closer' }).click();
  await page.getByRole('button', { name: 'See more' }).click();
  await tabTo(page, /^(Processes|Files|Network): /);
  await walkTo(page, 'ArrowRight', /^Network: /);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Show all events' }).waitFor();
  await page.mouse.move(0, 0);
  await look(anna, 'run-timeline');
  await page.getByRole('link', { name: 'Network' }).click();
  await page.getByText('Nothing could leave').waitFor();
});

await story('A4: the same again on another profile', async () => {
  const { page } = anna;
  let asked;
  const profiles = ['debian-12', 'debian-13'].map((name) => ({
    name,
    manifest: { title: `Title of ${name}` },
  }));
  await page.route(/\/api\/v1\/vm\/profiles/, (route) =>
    route.fulfill({ json: { items: profiles, next: null } }),
  );
  await page.route(/\/artefacts\/[^/]+\/runs$/, (route) => {
    asked = route.request().postDataJSON();
    return route.fulfill({ status: 201, json: { id: 'run-b' } });
  });
  await open(anna, '/runs/run-a', 'Run of intruder');
  await page.getByRole('button', { name: 'Run again' }).click();
  await page.getByLabel('Guest image').selectOption('Title of debian-13');
  await look(anna, 'run-again');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.waitForURL(/\/runs\/run-b$/);
  is('only the profile is another', [asked.profile, asked.seconds], ['debian-13', 30]);
});

await story('A4: two runs side by side', async () => {
  const { page } = anna;
  await page.getByRole('link', { name: 'Compare with another run' }).click();
  await page.getByRole('heading', { name: 'Compare two runs' }).waitFor();
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
  await page
    .getByLabel('Damage')
    .fill('Unknown, because logs are gone; ask jan@acme.example.');
  await page.getByLabel('Root cause').fill('A mail attachment <script>.');
  await page.locator('.preview').getByText('A mail attachment').waitFor();
  await look(anna, 'report-editor');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('A second person looks at it then.').waitFor();
  await page.getByRole('button', { name: 'Submit for review' }).click();
  await page.getByText('in review').first().waitFor();
  await open(bea, `/reports/${report}`, 'Report');
  await press(bea, /^Approve$/);
  await type(bea, 'Comment', 'Well seen.');
  await look(bea, 'report-approve');
  await press(bea, /^Approve$/);
  await press(bea, /^Issue$/);
  await bea.page.getByText('issued', { exact: true }).waitFor();
  const seen = await api(an, 'GET', `/cases/${number}/reports`);
  ok(
    'the submitter has it',
    seen.body.items.some((r) => r.id === report && r.state === 'issued'),
  );
});

await story(
  'S-46: personal data in it is seen, and looked through',
  async () => {
    const { page } = anna;
    await open(anna, `/reports/${report}`, 'Report');
    const row = page.getByRole('row', { name: /mail address/ });
    await row.waitFor();
    like('the place is marked', await row.innerText(), /jan@acme\.example/);
    await page.getByText('Nobody has looked this version').waitFor();
    await page.getByRole('button', { name: 'I looked it through' }).click();
    await page.getByText(/Looked through by/).waitFor();
  },
);

await story('A10: what would leave for others is shown first', async () => {
  const { page } = anna;
  await page
    .getByLabel('Recipient')
    .selectOption({ label: 'FIRST (Community)' });
  await page.getByLabel('What for').fill('to warn others');
  await page.getByRole('button', { name: 'Preview', exact: true }).click();
  await page.getByText(/What stays, and why/).waitFor();
  await page.getByText('its label is stricter').first().waitFor();
  await look(anna, 'report-share-preview');
  await page.getByRole('button', { name: 'Refuse or drop' }).click();
  await type(anna, 'Reason', 'Nothing is left of it.');
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Refuse or drop' })
    .click();
  await page.getByText('refused').first().waitFor();
});

await story(
  'O18: the source is asked, agrees, and sees who got it',
  async () => {
    const { page } = anna;
    await page
      .getByLabel('Recipient')
      .selectOption({ label: 'FIRST (Community)' });
    await page.getByLabel('Nothing stricter than').selectOption('TLP:AMBER');
    await page.getByLabel('What for').fill('to warn others');
    await page.getByRole('button', { name: 'Preview', exact: true }).click();
    await page.getByText('Its label takes the word of the source').waitFor();
    await page.getByRole('button', { name: 'Ask its source' }).click();
    await page.getByText('its source is asked').first().waitFor();
    await open(an, `/cases/${number}`, 'Turbine');
    await an.page.getByText('Your word is asked').waitFor();
    await look(an, 'consent');
    await an.page.getByRole('button', { name: 'Agree' }).click();
    await an.page.getByText('Your word is asked').waitFor({ state: 'hidden' });
    await open(bea, `/reports/${report}`, 'Report');
    const row = bea.page.getByRole('row', { name: /waits for approval/ });
    await row.getByRole('button', { name: 'Look at it' }).click();
    await bea.page.getByText(/What stays, and why/).waitFor();
    await press(bea, /^Approve$/);
    await bea.page.getByText('approved', { exact: true }).first().waitFor();
    await open(anna, `/reports/${report}`, 'Report');
    await page
      .getByRole('row', { name: /approved/ })
      .getByRole('button', { name: 'Look at it' })
      .click();
    await page.getByRole('button', { name: 'Give', exact: true }).click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download', exact: true }).click(),
    ]);
    like('it is a file', file.suggestedFilename(), /\.stix\.json$/);
    await look(anna, 'report-share-sent');
    await open(an, `/cases/${number}?tab=access`, 'Turbine');
    await an.page.getByText('FIRST: to warn others').first().waitFor();
  },
);

await story('O14: what a notification needs is there to take', async () => {
  const { page } = an;
  await open(an, `/cases/${number}?tab=report`, 'Turbine');
  for (const [name, end] of [
    [/Indicators for the 72 h notification/, /indicators\.csv$/],
    [/Root-cause paragraph/, /root-cause\.txt$/],
  ]) {
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name }).click(),
    ]);
    like('it is saved', file.suggestedFilename(), end);
  }
  await look(an, 'report-for-notifications');
});

await story('a report is recalled, and its reader is told', async () => {
  const { page } = bea;
  await page.getByRole('button', { name: 'Recall' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('The host was another one.');
  await look(bea, 'report-recall');
  await dialog.getByRole('button', { name: 'Recall' }).click();
  await page.getByText('recalled', { exact: true }).waitFor();
  await open(an, `/cases/${number}?tab=report`, 'Turbine');
  await an.page.getByText('This report was recalled.').waitFor();
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
});

await story('A17: a legal hold keeps the case', async () => {
  const { page } = anna;
  await page.getByRole('button', { name: 'Set a legal hold' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('The court asked for it.');
  await look(anna, 'staff-hold');
  await dialog.getByRole('button', { name: 'Set a legal hold' }).click();
  await page.getByRole('rowheader', { name: /^Legal hold set/ }).waitFor();
  await page.getByRole('button', { name: 'Ask for deletion' }).click();
  await dialog.getByLabel('Reason').fill('Nobody needs it.');
  await dialog.getByRole('button', { name: 'Ask for deletion' }).click();
  await dialog.getByRole('alert').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Lift the legal hold' }).click();
  await dialog.getByLabel('Reason').fill('The court is done.');
  await dialog.getByRole('button', { name: 'Lift the legal hold' }).click();
  await page.getByRole('rowheader', { name: /^Legal hold lifted/ }).waitFor();
});

await story('A13: two cases become one, and one becomes two', async () => {
  const { page } = bea;
  const second = await submit('The same turbine', 'second.txt', Buffer.from('two'), 1);
  await open(bea, `/cases/${second}`, 'The same turbine');
  await page.getByRole('button', { name: 'Merge' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Number of the case that stays').fill(number);
  await dialog.getByLabel('Reason').fill('One event.');
  await look(bea, 'staff-merge');
  await dialog.getByRole('button', { name: 'Merge' }).click();
  await page.getByRole('heading', { name: 'Turbine <b>hall</b>' }).waitFor();
  await page.getByText('Merged into this case').waitFor();
  await open(an, `/cases/${second}`, 'Turbine <b>hall</b>');
  await an.page.getByText(`Case ${second} was merged into ${number}`).waitFor();
  await page.getByRole('button', { name: 'Split' }).click();
  await dialog.getByLabel('second.txt').check();
  await dialog.getByLabel('Title of the new case').fill('On its own again');
  await dialog.getByLabel('Reason').fill('Two events after all.');
  await look(bea, 'staff-split');
  await dialog.getByRole('button', { name: 'Split' }).click();
  await page.getByRole('heading', { name: 'On its own again' }).waitFor();
  await page.getByText('Split from').waitFor();
  await page.getByRole('link', { name: number }).click();
  await page.getByText('Split off').waitFor();
});

await story('O8: deletion is refused with a reason, then done by two persons, with proof', async () => {
  const { page } = anna;
  await open(anna, `/cases/${number}/evidence`, 'Deletion and hold');
  await page.getByRole('button', { name: 'Ask for deletion' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('Nobody needs it.');
  await dialog.getByRole('button', { name: 'Ask for deletion' }).click();
  const asked = page.getByRole('row', { name: /Nobody needs it/ });
  await asked.waitFor();
  is(
    'Anna cannot approve her own',
    await asked.getByRole('button', { name: 'Delete for good' }).count(),
    0,
  );
  await open(bea, `/cases/${number}/evidence`, 'Deletion and hold');
  await bea.page.getByRole('button', { name: 'Refuse' }).click();
  const answer = bea.page.getByRole('dialog');
  await answer.getByLabel('Reason').fill('A colleague still reads it.');
  await answer.getByRole('button', { name: 'Refuse' }).click();
  await bea.page.getByText('A colleague still reads it.').first().waitFor();
  await open(an, `/cases/${number}`, 'Deletions');
  await an.page.getByText('A colleague still reads it.').waitFor();
  await api(anna, 'POST', `/cases/${number}/deletion`, { reason: 'Now, please.' });
  await open(bea, `/cases/${number}/evidence`, 'Deletion and hold');
  await bea.page.getByRole('button', { name: 'Delete for good' }).click();
  await until(
    () => api(an, 'GET', `/cases/${number}/deletions`),
    (a) => a.body.items?.some((d) => d.has_certificate),
  );
  await open(an, `/cases/${number}`, 'Deletions');
  const [certificate] = await Promise.all([
    an.page.waitForEvent('download'),
    an.page.getByRole('button', { name: 'Certificate of deletion' }).click(),
  ]);
  const proof = JSON.parse(readFileSync(await certificate.path(), 'utf8'));
  is('it names the number', proof.certificate.number, number);
  await look(an, 'case-deleted');
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
