// SPDX-License-Identifier: Apache-2.0
// Getting in: as a person does it.
import {
  fetchIn,
  finish,
  is,
  like,
  look,
  newUser,
  password,
  signIn,
  site,
  story,
  totp,
} from './lib.mjs';

const an = await newUser();
const bob = await newUser();
const dirk = await newUser();

await story('the page comes with its policy', async () => {
  const response = await an.page.goto(site);
  const policy = response.headers()['content-security-policy'];
  like('no script but its own', policy, /script-src 'self';/);
  like('no style but its own', policy, /style-src 'self';/);
  like('no frame around it', policy, /frame-ancestors 'none'/);
  is('the page is asked for again', response.headers()['cache-control'], 'no-cache');
  const [script] = await an.page.$$eval('script[src]', (all) => all.map((s) => s.src));
  const asset = await fetchIn(an, script);
  like('its files stay', asset.headers['cache-control'], /immutable/);
  like('and are what they are', asset.headers['content-type'], /^text\/javascript/);
  is('a file that is not there', (await fetchIn(an, '/assets/no.js')).status, 404);
  const page = { headers: { Accept: 'text/html' } };
  is('nor a path of the API', (await fetchIn(an, '/api/v1/no', page)).status, 404);
  is('an address within the app', (await fetchIn(an, '/no/such/page', page)).status, 200);
  is('programs hear that it is none', (await fetchIn(an, '/no/such/page', { headers: { Accept: '*/*' } })).status, 404);
  await an.page.getByLabel('Login name').waitFor();
});
await look(an, 'signin');

await story('a wrong password', async () => {
  await an.page.getByLabel('Login name').fill('an@example.org');
  await an.page.getByLabel('Password').fill('not this one at all');
  await an.page.getByRole('button', { name: 'Sign in' }).click();
  await an.page.getByRole('alert').getByText('is not right').waitFor();
});
await story('An signs in with the keyboard alone', async () => {
  const { page } = an;
  await page.goto(`${site}/account`);
  await page.getByLabel('Login name').waitFor();
  await page.locator('body').press('Tab');
  await page.keyboard.type('an@example.org');
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Tab');
  is('the button is next', await page.evaluate(() => document.activeElement?.textContent), 'Sign in');
  const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  is('and shows that it has the focus', ring, 'solid');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'My account' }).waitFor();
  is('the address is the one that was wanted', new URL(page.url()).pathname, '/account');
});

await story('Bob accepts an invitation', async () => {
  const { page } = bob;
  await page.goto(`${site}/invitation#${process.env.INVITATION}`);
  await page.getByLabel('New password').fill(password);
  is('the secret is out of the address', page.url(), `${site}/invitation`);
  await page.getByLabel('The same again').fill('something else entirely');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText('The two are not the same.').waitFor();
  await look(bob, 'invitation');
  await page.getByLabel('The same again').fill(password);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText('Sign in with the name bob@example.org.').waitFor();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await signIn(bob, 'bob@example.org');
  await page.getByText('There are no cases yet.').waitFor();
});
await look(bob, 'home-empty');

let secret;
await story('staff set up a second factor first', async () => {
  const { page } = dirk;
  await signIn(dirk, 'dirk@csirt.example.org');
  await page.getByText('Set up a second factor first', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Set it up' }).click();
  secret = await page.getByTestId('totp-secret').textContent();
  like('the key is there to be typed', secret, /^[A-Z2-7]{32}$/);
  is('and to be scanned', await page.getByRole('img', { name: 'QR code' }).count(), 1);
  await page.getByRole('textbox', { name: 'Code' }).fill('000000');
  await page.getByRole('button', { name: 'Switch it on' }).click();
  await page.getByText('the code is not right').waitFor();
});
await look(dirk, 'account-totp');
let codes = [];
await story('the second factor is on', async () => {
  const { page } = dirk;
  await page.getByRole('textbox', { name: 'Code' }).fill(totp(secret, -1));
  await page.getByRole('button', { name: 'Switch it on' }).click();
  await page.getByText('Recovery codes').first().waitFor();
  codes = await page.locator('.codes code').allTextContents();
  is('ten recovery codes', codes.length, 10);
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('Second factor is on').waitFor();
});
await story('from now on a code is asked for', async () => {
  const { page } = dirk;
  await page.getByRole('navigation').getByRole('button', { name: 'Sign out' }).click();
  await signIn(dirk, 'dirk@csirt.example.org', secret);
});
await story('a recovery code does, too', async () => {
  const { page } = dirk;
  await page.getByRole('navigation').getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Login name').fill('dirk@csirt.example.org');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('textbox', { name: 'Code' }).waitFor();
  await look(dirk, 'signin-code');
  await page.getByRole('textbox', { name: 'Code' }).fill(codes[0]);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
});

await story('a token is shown once, and revoked', async () => {
  const { page } = an;
  await page.goto(`${site}/account`);
  await page.getByLabel('Name', { exact: true }).fill('<b>robot</b>');
  await page.getByLabel('Hand in and write messages').check();
  await page.getByRole('button', { name: 'Make the token' }).click();
  const token = await page.getByTestId('token').textContent();
  like('it looks like one', token, /^loep_[A-Za-z0-9_-]{43}$/);
  const answer = await fetchIn(an, '/api/v1/whoami', {
    credentials: 'omit',
    headers: { Authorization: `Bearer ${token}` },
  });
  is('it works', JSON.parse(answer.text).via, 'token');
  await page.getByRole('button', { name: 'Revoke: <b>robot</b>' }).click();
  await page.getByText('Revoked', { exact: true }).waitFor();
});
await story('a new password', async () => {
  const { page } = an;
  const fresh = 'nine warm stones beside a river';
  await page.getByLabel('Password until now').fill(password);
  await page.getByLabel('New password').fill(fresh);
  await page.getByLabel('The same again').fill(fresh);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('The password is changed.').first().waitFor();
});
await story('signing out everywhere ends the other browser', async () => {
  const other = await newUser();
  await signIn(other, 'bob@example.org');
  await bob.page.goto(`${site}/account`);
  await look(bob, 'sessions');
  await bob.page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await bob.page.getByLabel('Login name').waitFor();
  await other.page.getByRole('link', { name: 'My cases' }).click();
  await other.page.goto(`${site}/account`);
  await other.page.getByLabel('Login name').waitFor();
});
await story('four languages, and the browser remembers', async () => {
  const { page } = bob;
  for (const [language, button] of [
    ['nl', 'Aanmelden'],
    ['fr', 'Se connecter'],
    ['de', 'Anmelden'],
    ['en', 'Sign in'],
    ['nl', 'Aanmelden'],
  ]) {
    await page.locator('select').first().selectOption(language);
    await page.getByRole('button', { name: button }).waitFor();
    is(`the page says that it is ${language}`, await page.getAttribute('html', 'lang'), language);
  }
  await page.reload();
  await page.getByRole('button', { name: 'Aanmelden' }).waitFor();
});
await finish();
