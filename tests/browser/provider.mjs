// SPDX-License-Identifier: Apache-2.0
// Getting in at an identity provider: as a person does it.
import { finish, is, look, newUser, signIn, site, story, totp } from './lib.mjs';

const an = await newUser();
const bob = await newUser();
const eve = await newUser();
const mia = await newUser();

/** At the provider's own page. */
async function signInThere({ page }, name) {
  await page.getByRole('heading', { name: 'Test provider' }).waitFor();
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

await story('the page offers it', async () => {
  const { page } = an;
  await page.goto(site);
  await page.getByRole('link', { name: 'Sign in with Acme ID' }).waitFor();
});
await look(an, 'signin-provider');
await story('An signs in there and is in here', async () => {
  const { page } = an;
  await page.getByRole('link', { name: 'Sign in with Acme ID' }).click();
  await signInThere(an, 'an-there');
  await page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
  is('at the first page', new URL(page.url()).pathname, '/');
  const cookies = await an.context.cookies(site);
  const session = cookies.find((c) => c.name === '__Host-loep');
  is('with a strict cookie', [session.sameSite, session.httpOnly, session.secure], ['Strict', true, true]);
  is('the one of the way is gone', cookies.some((c) => c.name === '__Host-loep-oidc'), false);
});
await story('who is unknown reads why', async () => {
  const { page } = eve;
  await page.goto(site);
  await page.getByRole('link', { name: 'Sign in with Acme ID' }).click();
  await signInThere(eve, '<b>eve</b>');
  await page.getByText('No account here is yours.').waitFor();
  is('their name as text', await page.locator('code').textContent(), '<b>eve</b>');
  // Not the app's page, but it looks like one.
  is(
    'in the colours of the app',
    await page.locator('.card').evaluate((e) => getComputedStyle(e).backgroundColor),
    'rgb(255, 255, 255)',
  );
  await page.screenshot({ path: `${process.env.BROWSER_PICTURES}/signin-provider-unknown.png` });
  await page.getByRole('link', { name: 'Back to the sign-in page' }).click();
  await page.getByLabel('Login name').waitFor();
});
await story('who says no there is back here', async () => {
  const other = await newUser({ locale: 'nl-BE' });
  await other.page.goto(site);
  await other.page.getByRole('link', { name: 'Aanmelden met Acme ID' }).click();
  await other.page.getByRole('button', { name: 'Cancel' }).click();
  await other.page.getByText('De identiteitsprovider zegt:').waitFor();
  is('in their language', await other.page.getAttribute('html', 'lang'), 'nl');
  await other.page.getByRole('link', { name: 'Terug naar het aanmelden' }).click();
  await other.page.getByLabel('Aanmeldnaam').waitFor();
});
await story('Bob accepts an invitation with it', async () => {
  const { page } = bob;
  await page.goto(`${site}/invitation#${process.env.INVITATION}`);
  await page.getByRole('button', { name: 'Use Acme ID instead of a password' }).waitFor();
  await look(bob, 'invitation-provider');
  await page.getByRole('button', { name: 'Use Acme ID instead of a password' }).click();
  await signInThere(bob, 'bob-there');
  await page.getByText('There are no cases yet.').waitFor();
});

await story('who manages accounts says who Eve is there', async () => {
  const { page } = mia;
  await signIn(mia, 'mia@example.org');
  await page.goto(`${site}/colleagues`);
  // Bob has no password, and is in all the same.
  const row = page.getByRole('row').filter({ hasText: 'Bob Claes' });
  await row.getByText('Active', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Edit: Eve Maes' }).click();
  await page.getByLabel('Their name there').fill('<b>eve</b>');
  await look(mia, 'colleague-provider');
  await page.getByRole('button', { name: 'Let them sign in there' }).click();
  await page.getByText('They can sign in there now.').first().waitFor();
  await eve.page.getByRole('link', { name: 'Sign in with Acme ID' }).click();
  await eve.page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
  await page.getByRole('button', { name: 'Take the link away' }).click();
  await page.getByText('The link is gone.').first().waitFor();
  await eve.page.goto(site);
  await eve.page.getByLabel('Login name').waitFor();
});

let secret;
let codes;
await story('An sets up a second factor', async () => {
  const { page } = an;
  await page.goto(`${site}/account`);
  await page.getByText('an-there').waitFor();
  await page.getByRole('button', { name: 'Set it up' }).click();
  secret = await page.getByTestId('totp-secret').textContent();
  await page.getByRole('textbox', { name: 'Code', exact: true }).fill(totp(secret, -1));
  await page.getByRole('button', { name: 'Switch it on' }).click();
  await page.getByText('Recovery codes').first().waitFor();
  codes = await page.locator('.codes code').allTextContents();
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('Second factor is on').waitFor();
});
await look(an, 'account-provider');
await story('which is asked for after the provider', async () => {
  const { page } = an;
  await page.getByRole('navigation').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in with Acme ID' }).click();
  await page.getByRole('textbox', { name: 'Code' }).waitFor();
  await page.getByRole('textbox', { name: 'Code' }).fill('000000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('The code is not right').waitFor();
  await look(an, 'signin-provider-code');
  await page.getByRole('textbox', { name: 'Code' }).fill(totp(secret));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
});
await story('An takes the link away', async () => {
  const { page } = an;
  await page.goto(`${site}/account`);
  await page.getByRole('button', { name: 'Take the link away' }).click();
  await page.getByRole('button', { name: 'Link to Acme ID' }).waitFor();
});
await look(an, 'account-provider-none');
await story('and makes it again', async () => {
  const { page } = an;
  await page.getByLabel('Code of the second factor').fill(codes[1]);
  await page.getByRole('button', { name: 'Link to Acme ID' }).click();
  await page.getByText('Linked', { exact: true }).waitFor();
  is('on the same page', new URL(page.url()).pathname, '/account');
  await page.getByText('an-there').waitFor();
});

await story('who signs out here can sign out there, too', async () => {
  const { page } = an;
  await page.getByRole('navigation').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign out at Acme ID, too' }).waitFor();
  await look(an, 'signin-provider-left');
  await page.getByRole('link', { name: 'Sign out at Acme ID, too' }).click();
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.getByLabel('Login name').waitFor();
  is('and comes back here', new URL(page.url()).origin, site);
  await page.getByRole('link', { name: 'Sign in with Acme ID' }).click();
  await page.getByRole('heading', { name: 'Test provider' }).waitFor();
});
await story('four languages', async () => {
  const { page } = eve;
  for (const [language, button] of [
    ['nl', 'Aanmelden met Acme ID'],
    ['fr', 'Se connecter avec Acme ID'],
    ['de', 'Mit Acme ID anmelden'],
    ['en', 'Sign in with Acme ID'],
  ]) {
    await page.locator('select').first().selectOption(language);
    await page.getByRole('link', { name: button }).waitFor();
  }
});
await finish();
