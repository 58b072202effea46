// SPDX-License-Identifier: Apache-2.0
// Running the service: rules, pool, organisations, policy, mode, audit.
import { finish, like, look, newUser, signIn, site, story } from './lib.mjs';

const an = await newUser();
const anna = await newUser();
const bea = await newUser();
const chris = await newUser();

await signIn(an, 'an@example.org');
await signIn(anna, 'anna@csirt.example');
await signIn(bea, 'bea@csirt.example');
await signIn(chris, 'chris@csirt.example');

async function open(user, path, heading) {
  await user.page.goto(site + path);
  await user.page.getByRole('heading', { name: heading }).first().waitFor();
}

await story('A8: rules and re-scans; the pool', async () => {
  await open(anna, '/rules', 'Rules');
  await anna.page.getByText('There were none yet.').waitFor();
  await look(anna, 'rules');
  await open(chris, '/pool', 'Virtual machines');
  await chris.page.getByRole('heading', { name: 'Guest images' }).waitFor();
  await look(chris, 'pool');
});

await story('administration: organisations and accounts', async () => {
  const { page } = chris;
  await open(chris, '/admin/organisations', 'Administration');
  await page.getByRole('button', { name: 'New organisation' }).click();
  await page.getByLabel('Name').fill('Beta Rail');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('rowheader', { name: 'Beta Rail' }).waitFor();
  await look(chris, 'admin-organisations');
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
  await look(chris, 'admin-people');
});

await story('administration: policy, by two persons', async () => {
  const { page } = chris;
  await open(chris, '/admin/policy', 'Administration');
  await page.getByText('Who is entitled to what').waitFor();
  await look(chris, 'admin-policy');
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
  await look(chris, 'admin-mode');
  await open(bea, '/admin/mode', 'Administration');
  await bea.page
    .getByRole('button', { name: 'Approve: change the mode' })
    .click();
  await bea.page.locator('.mode-banner').getByText('EXERCISE').waitFor();
  await open(an, '/', /cases/);
  await an.page.locator('.mode-banner').waitFor();
});

await story('administration: capacity, audit, mail', async () => {
  const { page } = chris;
  await open(chris, '/admin/capacity', 'Administration');
  await page.getByRole('rowheader', { name: 'identify' }).waitFor();
  await look(chris, 'admin-capacity');
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByText('service.initialised').first().waitFor();
  await look(chris, 'admin-audit');
  await page.getByRole('link', { name: 'Mail' }).click();
  await page.getByText('Mail never holds content').waitFor();
});

await finish();
