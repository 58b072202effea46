// SPDX-License-Identifier: Apache-2.0
// Running the service: rules, pool, organisations, policy, mode, audit.
import { renameSync } from 'node:fs';
import {
  api,
  fetchIn,
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
  visit,
} from './lib.mjs';

const { env } = process;

const an = await newUser();
const anna = await newUser();
const bea = await newUser();
const chris = await newUser();
const mia = await newUser();

await signIn(an, 'an@example.org');
await signIn(anna, 'anna@csirt.example');
await signIn(bea, 'bea@csirt.example');
await signIn(chris, 'chris@csirt.example');
await signIn(mia, 'mia@example.org');

async function open(user, path, heading) {
  await user.page.goto(site + path);
  await user.page.getByRole('heading', { name: heading }).first().waitFor();
}

await story('A15: a version of the rules: what it changes, who lets it in', async () => {
  const { page } = bea;
  await open(bea, '/rules', 'Rules');
  await page.getByRole('link', { name: 'Version 1' }).click();
  await page.getByText('there is nothing to compare it with').waitFor();
  await page.getByRole('link', { name: 'Rules', exact: true }).last().click();
  await page.getByRole('button', { name: 'marker' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('.rule-text').getByText('"the marker"').waitFor();
  await look(bea, 'rule');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('approved', { exact: true }).waitFor();
  is(
    'who approves does not activate',
    await page.getByRole('button', { name: 'Activate' }).count(),
    0,
  );
  await open(anna, '/rules/versions/1', 'Version 1');
  await anna.page.getByRole('button', { name: 'Activate' }).click();
  await anna.page.getByText('active', { exact: true }).waitFor();
});

await story('A8: the re-scan by itself: changes, and what it could not read', async () => {
  const { page } = anna;
  const { body } = await until(
    () => api(anna, 'GET', '/rescans'),
    (a) => a.body.items?.[0]?.state === 'done',
  );
  await open(anna, '/rules', 'Rules');
  // By itself it was tried a second time.
  ok('and tried what it could not read again', body.items[0].id === 2);
  await page.getByRole('link', { name: 'Re-scan 1' }).click();
  const changes = page.getByRole('table', { name: 'What changed for artefacts' });
  const row = changes.getByRole('row', { name: /new.*marker.*kept\.txt/i });
  await row.waitFor();
  await page
    .getByRole('table', { name: 'Gaps' })
    .getByRole('row', { name: /lost\.txt/ })
    .waitFor();
  await look(anna, 'rescan');
  // The disk is repaired: what was not read is tried again.
  renameSync(`${env.LOEP_WORK}/blob`, env.BLOB);
  await page.goto(`${site}/rules/rescans/2`);
  await page.getByRole('button', { name: 'Try the gaps again' }).click();
  await page.waitForURL(/rescans\/3$/);
  await changes.getByRole('row', { name: /new.*marker.*lost\.txt/i }).waitFor();
  await changes.getByRole('link', { name: 'lost.txt' }).click();
  await page.getByText('found by a re-scan').waitFor();
});

await story('A15: a rule that is noisy is set aside in a version of its own', async () => {
  const { page } = anna;
  await open(anna, '/rules/versions/1/rules', 'Version 1');
  await page.getByRole('button', { name: 'marker' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('New state').selectOption('quarantined');
  await dialog.getByLabel('Reason').fill('It matches too much.');
  await dialog.getByRole('button', { name: 'Make a version with it' }).click();
  await page.getByRole('heading', { name: 'Version 2' }).waitFor();
  await page
    .getByRole('table', { name: 'Changes' })
    .getByRole('row', { name: /marker.*quarantined/ })
    .waitFor();
  await page.getByRole('button', { name: 'Reject' }).click();
  await dialog.getByLabel('Reason').fill('On second thought, no.');
  await dialog.getByRole('button', { name: 'Reject' }).click();
  await page.getByText('rejected', { exact: true }).waitFor();
});

await story('E2: who is not entitled is let in by two persons', async () => {
  const { page } = anna;
  await open(anna, '/admin/exceptions', 'Administration');
  await page
    .getByLabel('Organisation')
    .selectOption({ label: 'Town of Nowhere (C3)' });
  await page.getByLabel('Reason').fill('A neighbour of the plant.');
  await page.getByRole('button', { name: 'Propose', exact: true }).click();
  const row = page.getByRole('row', { name: /Nowhere/ });
  await row.getByText('Somebody else').waitFor();
  await open(bea, '/admin/exceptions', 'Administration');
  await bea.page.getByRole('button', { name: 'Approve' }).click();
  await bea.page
    .getByRole('row', { name: /Nowhere.*approved/ })
    .waitFor();
});

await story('administration: organisations and accounts', async () => {
  const { page } = chris;
  await open(chris, '/admin/organisations', 'Administration');
  await page.getByRole('button', { name: 'New organisation' }).click();
  await page.getByLabel('Name').fill('Beta Rail');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('rowheader', { name: 'Beta Rail' }).waitFor();
  await page.getByRole('link', { name: 'Accounts' }).click();
  await page.getByRole('rowheader', { name: /Anna Analyst/ }).waitFor();
  await page
    .getByRole('row', { name: /An Peeters/ })
    .getByRole('button', { name: 'New invitation' })
    .click();
  like(
    'the invitation is a link of this site',
    await page.getByRole('dialog').locator('code').innerText(),
    /\/invitation#.+/,
  );
  await page.getByRole('dialog').getByText('Close', { exact: true }).click();
});

await story('administration: policy, by two persons', async () => {
  const { page } = chris;
  await open(chris, '/admin/policy', 'Administration');
  await page.getByText('Who is entitled to what').waitFor();
  await page.getByRole('button', { name: 'Propose a change' }).click();
  const field = page.getByLabel('The document');
  const document = JSON.parse(await field.inputValue());
  const calendar = JSON.stringify(document).includes('"09:00"');
  await field.fill(
    JSON.stringify(document, null, 2).replace(
      calendar ? '"09:00"' : '"office"',
      calendar ? '"08:00"' : '"24x7"',
    ),
  );
  await page.getByRole('table', { name: 'What changes' }).waitFor();
  await page.getByLabel('Why').fill('An hour earlier');
  await page.getByRole('button', { name: 'Propose', exact: true }).click();
  await page.getByRole('heading', { name: 'Version 2' }).waitFor();
  await open(bea, '/admin/policy/2', 'Administration');
  await bea.page.getByRole('button', { name: 'Approve' }).click();
  await bea.page.getByText('active').first().waitFor();
});

await story('administration: crisis mode, by two persons, on every page', async () => {
  const { page } = chris;
  await open(chris, '/admin/mode', 'Administration');
  await page.getByLabel('Reference of the plan').fill('NCEP-1');
  await page.getByLabel('Reason').fill('An exercise of the plan');
  await page.getByLabel('exercise').check();
  await page.getByRole('button', { name: 'Propose', exact: true }).click();
  await page.getByText('Somebody else has to decide this').waitFor();
  await open(bea, '/admin/mode', 'Administration');
  await bea.page
    .getByRole('button', { name: 'Approve: change the mode' })
    .click();
  await bea.page.locator('.mode-banner').getByText('EXERCISE').waitFor();
  await open(an, '/', /cases/);
  await an.page.locator('.mode-banner').waitFor();
});

await story('administration: a token is taken back', async () => {
  const { page } = chris;
  const made = await api(an, 'POST', '/tokens', {
    name: 'sensor',
    capabilities: 'submit',
  });
  const bearer = {
    credentials: 'omit',
    headers: { Authorization: `Bearer ${made.body.token}` },
  };
  is('it works', (await fetchIn(an, '/api/v1/whoami', bearer)).status, 200);
  await open(chris, '/admin/people', 'Administration');
  const row = page
    .getByRole('table', { name: 'API tokens' })
    .getByRole('row', { name: /sensor/ });
  await row.getByRole('button', { name: 'Take back' }).click();
  await row.getByText('taken back').waitFor();
  is('no more', (await fetchIn(an, '/api/v1/whoami', bearer)).status, 401);
});

await story('administration: capacity, audit', async () => {
  const { page } = chris;
  await open(chris, '/admin/capacity', 'Administration');
  await page.getByRole('rowheader', { name: 'identify' }).waitFor();
  // Somebody's case is open; nothing says whose.
  await api(an, 'POST', '/cases', { title: 'x' });
  await open(chris, '/admin/capacity', 'Administration');
  await page
    .getByRole('table', { name: 'Open and late, by class' })
    .getByRole('row', { name: /^C\w+ [1-9]/ })
    .waitFor();
  await look(chris, 'admin-capacity');
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByText('service.initialised').first().waitFor();
  const others = page.getByText('invitation.created');
  await others.first().waitFor();
  await page.getByLabel('Filter').fill('initialised');
  await others.first().waitFor({ state: 'detached' });
  await page.getByText('service.initialised').waitFor();
});

await story('administration: a mail that the relay refused is sent again', async () => {
  const { page } = chris;
  await open(chris, '/admin/outbox', 'Administration');
  await page.getByText('Mail never holds content').waitFor();
  if (!env.SINK) return;
  await api(an, 'POST', '/account', { mail: 'never@example.org' });
  await api(an, 'POST', '/cases', { title: 'x' });
  await until(
    () => api(chris, 'GET', '/outbox?state=failed'),
    (a) => a.body.items?.length > 0,
  );
  await open(chris, '/admin/outbox', 'Administration');
  const row = page.getByRole('row', { name: /never@example.org/ });
  const ended = async () =>
    (await api(chris, 'GET', '/outbox?state=failed')).body.items?.[0]?.ended_at;
  const before = await ended();
  await row.getByRole('button', { name: 'Try again' }).click();
  const after = await until(ended, (at) => at && at !== before);
  ok('it was tried once more', after > before, `${before} ${after}`);
  await visit(chris, '/admin/audit');
  await visit(chris, '/admin/outbox');
  await row.getByText('failed', { exact: true }).waitFor();
  await look(chris, 'admin-outbox-failed');
});

await story('a webhook is proposed by its organisation and approved by the CSIRT', async () => {
  await visit(an, '/hooks');
  const { page } = an;
  await page.getByRole('heading', { level: 1, name: 'Webhooks' }).waitFor();
  await page.getByRole('button', { name: 'Propose a webhook' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('http://hook.example.org/');
  await dialog.getByRole('button', { name: 'Propose it' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('Address').fill('https://hook.example.org/loep');
  await dialog.getByLabel(/A key runs out/).uncheck();
  await look(an, 'hooks-propose');
  await dialog.getByRole('button', { name: 'Propose it' }).click();
  const secret = await page.getByTestId('hook-secret').textContent();
  ok('its secret is shown', /^whsec_[A-Za-z0-9+/]{43}=$/.test(secret), secret);
  await look(an, 'hooks-secret');
  await page.reload();
  const own = page.getByRole('row', { name: /hook.example.org/ });
  await own.getByText('proposed', { exact: true }).waitFor();
  ok('and never again', (await page.getByTestId('hook-secret').count()) === 0);
  await open(chris, '/admin/hooks', 'Administration');
  const row = chris.page.getByRole('row', { name: /hook.example.org/ });
  await row.getByRole('button', { name: /^Approve/ }).click();
  await row.getByText('active', { exact: true }).waitFor();
  await look(chris, 'admin-hooks');
  await row.getByRole('button', { name: /^What it was told/ }).click();
  await chris.page.getByText('It was told nothing yet.').waitFor();
  await chris.page.getByRole('button', { name: 'Close' }).click();
});

await story('keys: an organisation brings its key, the CSIRT verifies it', async () => {
  const { page } = mia;
  await page.getByRole('link', { name: 'Keys', exact: true }).click();
  await page.getByRole('heading', { name: 'The key of the CSIRT' }).waitFor();
  await page.getByRole('link', { name: 'Download the key' }).waitFor();
  await page.getByLabel('Public key').fill('not a key');
  await page.getByRole('button', { name: 'Add a key' }).click();
  await page.getByText('this is no OpenPGP public key').waitFor();
  await page.getByLabel('Public key').fill(env.KEY);
  await page.getByRole('button', { name: 'Add a key' }).click();
  await page.getByText('not verified').waitFor();
  await page.getByText('soc@example.org').waitFor();
  is('an operator verifies none', await page.getByRole('button', { name: 'Verify' }).count(), 0);
  await look(mia, 'keys');
});
await story('keys: the fingerprint is typed as it was heard', async () => {
  const { page } = chris;
  await open(chris, '/admin/keys', 'Administration');
  await page.getByRole('button', { name: 'Verify' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Fingerprint').fill('0123');
  await dialog.getByLabel('Where you have it from').fill('by telephone');
  await dialog.getByRole('button', { name: 'Verify' }).click();
  await dialog.getByText('do not use this key').waitFor();
  await look(chris, 'keys-verify');
  const spaced = env.FPR.toLowerCase().replace(/(.{4})/g, '$1 ');
  await dialog.getByLabel('Fingerprint').fill(spaced);
  await dialog.getByRole('button', { name: 'Verify' }).click();
  await page.getByText('by telephone').waitFor();
  await page.getByText('not verified').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Stop using it' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('lost');
  await page.getByRole('dialog').getByRole('button', { name: 'Stop using it' }).click();
  await page.getByText('out of use').waitFor();
});

await finish();
