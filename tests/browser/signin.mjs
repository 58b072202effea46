// SPDX-License-Identifier: Apache-2.0
// Getting in: as a person does it.
import { finish, is, like, look, newUser, signIn, site, story } from './lib.mjs';

const an = await newUser();

await story('the page comes with its policy', async () => {
  const response = await an.page.goto(site);
  const policy = response.headers()['content-security-policy'];
  like('no script but its own', policy, /script-src 'self';/);
  like('no style but its own', policy, /style-src 'self';/);
  await an.page.getByLabel('Login name').waitFor();
});
await look(an, 'signin');
await story('An signs in', async () => {
  await signIn(an, 'an@example.org');
  is('and sees her page', await an.page.title(), 'My cases · Loep');
});
await look(an, 'home-empty');
await finish();
