// SPDX-License-Identifier: Apache-2.0
// Is it still you?  Asked before what gives rights, without losing a word.
import { finish, is, look, newUser, password, signIn, site, story } from './lib.mjs';

const mia = await newUser();
const an = await newUser();
const stranger = await newUser();

/** A log-in is a proof for four seconds here. */
const later = () => new Promise((done) => setTimeout(done, 4500));

/** At the provider's own page. */
async function signInThere(page, name) {
  await page.getByRole('heading', { name: 'Test provider' }).waitFor();
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

await story('who manages accounts is asked who they are', async () => {
  const { page } = mia;
  await signIn(mia, 'mia@example.org');
  await page.goto(`${site}/colleagues`);
  await page.getByRole('button', { name: 'Edit: Eve Maes' }).click();
  await page.getByLabel('Their name there').fill('eve-there');
  await later();
  await page.getByRole('button', { name: 'Let them sign in there' }).click();
  await page.getByRole('dialog', { name: 'Is it still you?' }).waitFor();
});
await look(mia, 'proof');
await story('no without a word of theirs being lost', async () => {
  const { page } = mia;
  const dialog = page.getByRole('dialog', { name: 'Is it still you?' });
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByText('This needs proof that it is you.').waitFor();
  is('what was typed is there', await page.getByLabel('Their name there').inputValue(), 'eve-there');
  await page.getByRole('button', { name: 'Let them sign in there' }).click();
  await dialog.getByLabel('Password').fill('something else');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await dialog.getByText('That is not right.').waitFor();
  await dialog.getByLabel('Password').fill(password);
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('They can sign in there now.').first().waitFor();
  is('the question is gone', await dialog.count(), 0);
});

await story('people land on the page that they wanted', async () => {
  const { page } = an;
  await page.goto(`${site}/account?x=1`);
  await page.getByRole('link', { name: 'Sign in with Acme ID' }).click();
  await signInThere(page, 'an-there');
  await page.getByRole('heading', { name: 'Tokens for programs' }).waitFor();
  is('which is that', new URL(page.url()).pathname, '/account');
});
await story('who has no password shows it at the provider', async () => {
  const { page, context } = an;
  await page.getByRole('group').getByRole('textbox', { name: 'Name' })
    .or(page.getByLabel('Name', { exact: true })).first().fill('laptop');
  await later();
  await page.getByRole('button', { name: 'Make the token' }).click();
  const dialog = page.getByRole('dialog', { name: 'Is it still you?' });
  await dialog.waitFor();
  is('no password is asked for', await dialog.getByLabel('Password').count(), 0);
  await look(an, 'proof-provider');
  const [other] = await Promise.all([
    context.waitForEvent('page'),
    dialog.getByRole('button', { name: 'Sign in at the provider again' }).click(),
  ]);
  // They are signed in there; they are asked all the same.
  await other.getByRole('button', { name: 'Cancel' }).click();
  await other.getByText('The identity provider says:').waitFor();
  await other.close();
  const [again] = await Promise.all([
    context.waitForEvent('page'),
    dialog.getByRole('button', { name: 'Sign in at the provider again' }).click(),
  ]);
  await signInThere(again, 'an-there');
  await page.getByText('loep_').first().waitFor();
  is('the question is gone', await dialog.count(), 0);
});

await story('whom nobody knows waits', async () => {
  const { page } = stranger;
  await page.goto(site);
  await page.getByRole('link', { name: 'Sign in with Acme ID' }).click();
  await signInThere(page, 'nobody');
  await page.getByText('You are not known here yet.').waitFor();
  is('with a code', /^[A-Z2-7]{4}-[A-Z2-7]{4}$/.test(await page.locator('code').textContent()), true);
  await page.screenshot({ path: `${process.env.BROWSER_PICTURES}/signin-provider-waits.png` });
});
const code = await stranger.page.locator('code').textContent();
await story('Mia takes them in by their code', async () => {
  const { page } = mia;
  await page.goto(`${site}/colleagues`);
  await page.getByRole('button', { name: 'Take somebody in' }).click();
  const dialog = page.getByRole('dialog', { name: 'Take somebody in' });
  await dialog.getByLabel('Their code').fill(code.toLowerCase());
  await dialog.getByLabel('Name').fill('Nobody Known');
  await look(mia, 'stranger-take');
  await dialog.getByRole('button', { name: 'Take somebody in' }).click();
  const question = page.getByRole('dialog', { name: 'Is it still you?' });
  await question.getByLabel('Password').fill(password);
  await question.getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('row').filter({ hasText: 'Nobody Known' }).waitFor();
});
await story('and they are in', async () => {
  const { page } = stranger;
  await page.goto(site);
  await page.getByRole('link', { name: 'Sign in with Acme ID' }).click();
  await page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
});
await finish();
