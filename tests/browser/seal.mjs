// SPDX-License-Identifier: Apache-2.0
// A sealed message, from the one who sent it to the two who open it.
import { readFileSync } from 'node:fs';
import {
  api,
  finish,
  is,
  look,
  newUser,
  ok,
  signIn,
  site,
  story,
  until,
} from './lib.mjs';

const message = readFileSync(`${process.env.LOEP_WORK}/message.gpg`);
const plain = readFileSync(`${process.env.LOEP_WORK}/key.asc`);
const an = await newUser();
const anna = await newUser();
const bea = await newUser();

await signIn(an, 'an@example.org');
await signIn(anna, 'anna@csirt.example');
await signIn(bea, 'bea@csirt.example');

async function send(number, filename, bytes) {
  const submission = await api(an, 'POST', `/cases/${number}/submissions`, {});
  return an.page.evaluate(
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
      return (await answer.json()).artefact;
    },
    [submission.body.id, filename, bytes.toString('base64')],
  );
}

const made = await api(an, 'POST', '/cases', { title: 'Turbine hall' });
const { number } = made.body;
const sealed = await send(number, 'message.gpg', message);
const open = await send(number, 'key.asc', plain);
await until(
  () => api(anna, 'GET', `/cases/${number}`),
  (a) => a.body.artefacts >= 2 && a.body.jobs_open === 0,
);

async function visit(user, path, heading) {
  await user.page.goto(site + path);
  await user.page.getByRole('heading', { name: heading }).first().waitFor();
}

await story('who sent it reads that it is kept encrypted', async () => {
  await visit(an, `/cases/${number}`, 'Turbine hall');
  const row = an.page.getByRole('row', { name: /message\.gpg/ });
  await row.getByText('Sealed: kept encrypted, as you sent it').waitFor();
  await look(an, 'seal-operator');
});

await story('Anna reads what that means, and asks for it to be opened', async () => {
  const { page } = anna;
  await visit(anna, `/artefacts/${sealed}`, 'message.gpg');
  await page.getByText('no analysis opened it').waitFor();
  await look(anna, 'seal-artefact');
  await page.getByRole('button', { name: 'Open the seal' }).click();
  const dialog = page.getByRole('dialog');
  const ask = dialog.getByRole('button', { name: 'Ask for it' });
  await dialog.getByLabel('Necessity').fill('just so');
  ok('not with a word or two', await ask.isDisabled());
  await dialog
    .getByLabel('Necessity')
    .fill('Nobody knows yet how they came in.');
  await look(anna, 'seal-dialog');
  await ask.click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /Nobody knows yet/ }).waitFor();
  is(
    'she does not approve what she asked for',
    await page.getByRole('button', { name: 'Approve opening it' }).count(),
    0,
  );
});

await story('Bea agrees, in the case', async () => {
  const { page } = bea;
  await visit(bea, `/cases/${number}/evidence`, 'Opened seals');
  await page.getByRole('row', { name: /Nobody knows yet/ }).waitFor();
  await look(bea, 'seal-case');
  await page.getByRole('button', { name: 'Approve opening it' }).click();
  const list = await until(
    () => api(bea, 'GET', `/cases/${number}/unseals`),
    (a) => a.body.items?.[0]?.destroyed_at,
  );
  is('it was analysed', list.body.items[0].state, 'done');
  is('and a rule matched', list.body.items[0].matches, 1);
});

await story('what was found is shown, without a byte of it', async () => {
  const { page } = anna;
  await visit(anna, `/artefacts/${sealed}/findings`, 'message.gpg');
  await page.getByText('test_eicar_file').first().waitFor();
  is('no byte', await page.getByText('EICAR-STANDARD').count(), 0);
  await look(anna, 'seal-findings');
});

await story('who sent it reads who opened it, and what for', async () => {
  await visit(an, `/cases/${number}?tab=access`, 'Turbine hall');
  const row = an.page.getByRole('row', { name: /Opened the seal/ });
  await row.getByText('Nobody knows yet how they came in.').waitFor();
});

await story('an artefact is put in quarantine by hand, and freed', async () => {
  const { page } = anna;
  await visit(anna, `/artefacts/${open}`, 'key.asc');
  await page.getByRole('button', { name: 'Seal or quarantine' }).click();
  let dialog = page.getByRole('dialog');
  await dialog
    .getByLabel('What holds from now on')
    .selectOption('classified_suspected');
  await dialog.getByLabel('Reason').fill('It bears a marking.');
  await look(anna, 'seal-restrict');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('In quarantine: nobody looks into it').waitFor();
  await look(anna, 'seal-quarantine');
  await page.getByRole('button', { name: 'Seal or quarantine' }).click();
  dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('The marking is a joke.');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page
    .getByText('In quarantine: nobody looks into it')
    .waitFor({ state: 'detached' });
});

for (const [language, text] of [
  ['nl', 'geen analyse heeft het geopend'],
  ['fr', 'aucune analyse ne l’a ouvert'],
  ['de', 'Keine Analyse hat sie geöffnet'],
]) {
  await story(`it says so in ${language}`, async () => {
    const { page } = anna;
    await visit(anna, `/artefacts/${sealed}`, 'message.gpg');
    await page.locator('.navigation select').first().selectOption(language);
    await page.getByText(text).waitFor();
    await look(anna, `seal-${language}`);
  });
}

await finish();
