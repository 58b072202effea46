// SPDX-License-Identifier: Apache-2.0
// An operator's day: from the submission to the report.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import {
  cut,
  drop,
  finish,
  is,
  like,
  local,
  look,
  newUser,
  ok,
  password,
  signIn,
  site,
  story,
  until,
} from './lib.mjs';

const work = `${process.env.LOEP_WORK}/files`;
const an = await newUser();
const eve = await newUser();
const hostile = '<img src=x onerror=alert(1)>';
const files = [
  { name: `${hostile}.txt`, buffer: Buffer.from('an innocent text\n') },
  { name: 'gpj\u202eexe.scr', buffer: Buffer.from('#!/bin/sh\necho hello\n') },
];

mkdirSync(`${work}/folder/deep`, { recursive: true });
writeFileSync(`${work}/folder/a.log`, 'one line\n');
writeFileSync(`${work}/folder/deep/b.log`, 'another line\n');
mkdirSync(`${work}/dropped/deep`, { recursive: true });
writeFileSync(`${work}/dropped/deep/c.log`, 'a third line\n');
writeFileSync(`${work}/plain.log`, 'a fourth line\n');

async function fillIn(page, title) {
  await page.getByLabel('Title').fill(title);
  await page.getByLabel('What happened?').fill(`Somebody was here. ${hostile}`);
  await page.getByLabel('How severe is it for you?').selectOption('high');
  await page.getByLabel('The files hold personal data.').check();
  await page.getByLabel('Nothing of it is classified information.').check();
}

await signIn(an, 'an@example.org');

let number;
await story('O1: An submits files and a folder', async () => {
  const { page } = an;
  await page.getByRole('main').getByRole('link', { name: 'New submission' }).click();
  await page.getByTestId('files').setInputFiles(files);
  await page.getByTestId('folder').setInputFiles(`${work}/folder`);
  await page.getByText('4 files').waitFor();
  const zone = page.getByRole('group', { name: 'Drop files or folders here' });
  await drop(an, zone, [`${work}/dropped`, `${work}/plain.log`]);
  await page.getByText('6 files').waitFor();
  await fillIn(page, `Turbine ${hostile}`);
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await page.getByText('This is your number').waitFor();
  number = (await page.locator('.big-number code').textContent()).trim();
  like('the number is there at once', number, /^[A-Z0-9-]{6,}$/);
  await page.getByText('You may close this page.').waitFor();
});
await story('each file has its hash, and was checked', async () => {
  const { page } = an;
  const row = page.getByRole('row', { name: /onerror/ });
  await row.getByText('As declared').waitFor();
  const digest = createHash('sha256').update(files[0].buffer).digest('hex');
  is('the hash is that of the file', await row.locator('.hash code').getAttribute('title'), digest);
  for (const name of ['folder/deep/b.log', 'dropped/deep/c.log', 'plain.log'])
    await page.getByRole('rowheader', { name }).waitFor();
  await page.getByRole('rowheader', { name: 'gpj\\u202eexe.scr' }).waitFor();
  const [receipt] = await Promise.all([
    page.waitForEvent('download'),
    row.getByRole('button', { name: /Receipt/ }).click(),
  ]);
  const text = readFileSync(await receipt.path(), 'utf8');
  ok('the receipt names the hash', text.includes(digest), text);
});
await look(an, 'case-new');
await story('O3: the status is in plain words, and moves on by itself', async () => {
  const { page } = an;
  await page
    .locator('.steps [aria-current=step]')
    .getByText('Waiting for an analyst')
    .waitFor();
  await page.getByText('What happens next:').waitFor();
});
await story('O6: what was declared is kept, and shown back', async () => {
  await an.page.getByText('Holds personal data · No third parties').waitFor();
  const list = (await local('GET', `/cases/${number}/submissions`)).body.items;
  is('ticks', [list[0].not_classified, list[0].personal_data, list[0].third_party_ok], [true, true, false]);
  const row = (await local('GET', `/cases/${number}`)).body;
  like('what happened', row.incident_context ?? '', /^Somebody was here/);
  is('severity', row.severity, 'high');
});
await story('O9: another organisation sees nothing of it', async () => {
  await signIn(eve, 'eve@example.net');
  await eve.page.getByText('There are no cases yet.').waitFor();
  await eve.page.goto(`${site}/cases/${number}`);
  await eve.page.getByText('does not exist, or it is not yours').waitFor();
});
await look(eve, 'case-none');

// --- uploads that are cut ---

const large = randomBytes(48 * 1024 * 1024);
writeFileSync(`${work}/disk.img`, large);
const largeDigest = createHash('sha256').update(large).digest('hex');

/** From now on the user's line sends this many bytes a second. */
async function slow(user, bytes) {
  const cdp = await user.context.newCDPSession(user.page);
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytes,
  });
}

async function percent(page) {
  const bar = page.getByRole('progressbar', { name: /disk\.img/ });
  return (await bar.count()) ? Number(await bar.getAttribute('aria-valuenow')) : -1;
}

/** Bytes a second: slow enough to be seen, and to be cut. */
const RATE = 4 * 1024 * 1024;
await story('O10: more files to the same number, paused and resumed', async () => {
  const { page } = an;
  await slow(an, RATE);
  await page.getByTestId('files').setInputFiles(`${work}/disk.img`);
  await page.getByLabel('Remark').fill('the disk, too');
  await page.getByLabel('Nothing of it is classified information.').check();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await until(() => percent(page), (n) => n >= 10);
  await page.getByRole('button', { name: 'Pause: disk.img' }).click();
  await page.getByText('Paused', { exact: true }).waitFor();
  await look(an, 'case-upload');
  await page.getByRole('button', { name: 'Go on: disk.img' }).click();
  await page.getByText('Being sent', { exact: true }).waitFor();
});
await story('the connection is cut, and it goes on by itself', async () => {
  const { page } = an;
  // It may be back before anybody reads "Cut off": what counts is the offset.
  const again = page.waitForRequest(
    (r) => r.method() === 'PATCH' && Number(r.headers()['upload-offset']) > 0,
  );
  cut();
  await again;
  await page.getByText('Being sent', { exact: true }).waitFor();
});
await story('the page is loaded anew, and it goes on where it was', async () => {
  const { page } = an;
  await until(() => percent(page), (n) => n >= 30);
  await page.reload();
  await page.getByText('Not finished').waitFor();
  await look(an, 'case-unfinished');
  // Another file of that name is not taken for it.
  await page.getByTestId('again').setInputFiles({ name: 'disk.img', mimeType: '', buffer: Buffer.from('x') });
  await page.getByText('That is another file').waitFor();
  const patches = [];
  page.on('request', (r) => r.method() === 'PATCH' && patches.push(Number(r.headers()['upload-offset'])));
  await page.getByTestId('again').setInputFiles(`${work}/disk.img`);
  await page.getByRole('row', { name: /disk\.img/ }).waitFor();
  ok('not from the start', patches.length > 0 && patches[0] > 0, patches.join(' '));
  is('the hash is that of the whole', await page.getByRole('row', { name: /disk\.img/ }).locator('.hash code').getAttribute('title'), largeDigest);
});

// --- talking, reading ---

await story('messages go both ways, and stay text', async () => {
  const { page } = an;
  await local('POST', `/cases/${number}/messages`, { text: `Which account ran it? ${hostile}\nPlease tell.` });
  await page.goto(`${site}/`);
  await page.getByText('1 new message').waitFor();
  await page.getByRole('link', { name: /Turbine/ }).click();
  await page.getByRole('link', { name: /^Messages/ }).click();
  await page.getByText('Which account ran it?').waitFor();
  await page.getByLabel('Write to the CSIRT').fill(`svc-backup. ${hostile}`);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('svc-backup.').waitFor();
  is('no picture was made of text', await page.locator('main img').count(), 0);
  const thread = (await local('GET', `/cases/${number}/messages`)).body.items;
  is('the CSIRT has it', thread.map((m) => m.direction), ['out', 'in']);
});
await story('no report before it is released', async () => {
  await an.page.getByRole('link', { name: 'Report', exact: true }).click();
  await an.page.getByText('There is no report yet').waitFor();
});
await story('O4: the report that was released', async () => {
  const { page } = an;
  const made = await local('POST', `/cases/${number}/reports`, {
    kind: 'analysis',
    language: 'en',
    sections: { summary: `A dropper. ${hostile}`, recommendations: 'Reinstall it.' },
  });
  const id = made.body.id;
  const state = () => local('GET', `/reports/${id}`);
  await until(state, (r) => r.body.is_rendered);
  await local('POST', `/reports/${id}/submit`, {});
  await until(state, (r) => r.body.is_rendered);
  await local('POST', `/reports/${id}/approve`, { comment: 'fine' });
  const issued = await local('POST', `/reports/${id}/issue`, {});
  is('it is issued', issued.status, 200);
  await page.goto(`${site}/cases/${number}?tab=report`);
  const frame = page.frameLocator('iframe.report-frame');
  await frame.getByText('A dropper.').first().waitFor();
  is('what is hostile in it is text', await frame.locator('img[src=x]').count(), 0);
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'As JSON' }).click(),
  ]);
  ok('it comes as JSON', JSON.parse(readFileSync(await saved.path(), 'utf8')).case !== undefined);
});
await story('O7: who saw my data', async () => {
  const { page } = an;
  await page.getByRole('link', { name: 'Who saw my data' }).click();
  await page.getByRole('row', { name: /Released/ }).first().waitFor();
  await page.getByRole('row', { name: /Received/ }).first().waitFor();
});

// --- taking back ---

const described = (await local('GET', '/openapi.yaml')).body;
const withdrawal = async () => {
  const { page } = an;
  await page.goto(`${site}/submit`);
  await page.getByTestId('files').setInputFiles([{ name: 'payroll.xlsx', mimeType: '', buffer: Buffer.from('wages') }]);
  await fillIn(page, 'A mistake');
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await page.getByText('You may close this page.').waitFor();
  await page.getByRole('button', { name: 'Withdraw' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('the wrong file');
  await look(an, 'withdraw');
  await dialog.getByRole('button', { name: 'Withdraw', exact: true }).click();
  await page.getByText('Withdrawn.').waitFor();
};
if (described.includes('/submissions/{submission}/withdraw') || described.includes('/submissions/{id}/withdraw'))
  await story('O8: An withdraws what was sent by mistake', withdrawal);

// --- colleagues ---

await story('An invites a colleague, who gets in', async () => {
  const { page } = an;
  await page.getByRole('link', { name: 'Colleagues' }).click();
  await page.getByRole('button', { name: 'Add an account' }).click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(`Cas ${hostile}`);
  await page.getByRole('dialog').getByLabel('Login name').fill('cas@example.org');
  await look(an, 'colleagues-add');
  await page.getByRole('button', { name: 'Add and invite' }).click();
  const link = await page.getByTestId('invitation').textContent();
  const cas = await newUser({ viewport: { width: 390, height: 844 } });
  await cas.page.goto(link);
  await cas.page.getByLabel('New password').fill(password);
  await cas.page.getByLabel('The same again').fill(password);
  await cas.page.getByRole('button', { name: 'Set the password' }).click();
  await cas.page.getByText('Sign in with the name').waitFor();
  await cas.page.goto(site);
  await cas.page.getByLabel('Login name').fill('cas@example.org');
  await cas.page.getByLabel('Password').fill(password);
  await cas.page.getByRole('button', { name: 'Sign in' }).click();
  await cas.page.getByRole('link', { name: /Turbine/ }).click();
  await cas.page.getByRole('heading', { level: 1 }).getByText('Turbine').waitFor();
  await cas.page.getByRole('button', { name: 'Menu' }).click();
  await cas.page.getByRole('link', { name: 'New submission' }).click();
  await cas.page.getByRole('heading', { level: 1, name: 'New submission' }).waitFor();
});
await story('a program with a certificate and a token', async () => {
  const { page } = an;
  await page.getByRole('button', { name: 'Add an account' }).click();
  await page.getByRole('dialog').getByLabel('Kind').selectOption('service');
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Sensor');
  await page.getByRole('dialog').getByRole('button', { name: 'Add an account' }).click();
  await page.getByRole('button', { name: 'Edit: Sensor' }).click();
  await page.getByTestId('certificate').setInputFiles(`${process.env.LOEP_WORK}/robot.pem`);
  await page.getByText(process.env.BROWSER_SPKI).waitFor();
  await page.getByTestId('certificate').setInputFiles({ name: 'x.pem', mimeType: '', buffer: Buffer.from('none') });
  await page.getByText('That is no certificate.').waitFor();
  await look(an, 'colleagues-program');
  await page.getByRole('button', { name: 'Close' }).click();
});
await story('a colleague is locked out at once', async () => {
  const { page } = an;
  await page.getByRole('button', { name: /^Edit: Cas/ }).click();
  await page.getByLabel('May sign in').uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Locked out').waitFor();
});

// --- the whole way with the keyboard ---

await story('a submission with the keyboard alone', async () => {
  const { page } = an;
  // Asked for before the key is pressed, or the dialog may be Chromium's own.
  page.on('filechooser', () => {});
  await page.goto(`${site}/submit`);
  await page.getByRole('heading', { level: 1, name: 'New submission' }).waitFor();
  await page.locator('body').press('Tab');
  is('first the way past the navigation', await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  const go = async (what) => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const e = document.activeElement;
        return e?.labels?.[0]?.textContent ?? e?.textContent ?? '';
      });
      if (at.startsWith(what)) return;
    }
    throw new Error(`the keyboard does not reach ${what}`);
  };
  await go('Choose files');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
  await chooser.setFiles({ name: 'key.log', mimeType: '', buffer: Buffer.from('typed') });
  await go('Title');
  await page.keyboard.type('By keyboard');
  await go('What happened?');
  await page.keyboard.type('Keys were pressed.');
  await go('Nothing of it is classified');
  await page.keyboard.press('Space');
  await go('Submit');
  await page.keyboard.press('Enter');
  await page.getByText('You may close this page.').waitFor();
});
await story('the list of cases', async () => {
  const { page } = an;
  await page.goto(site);
  await page.getByRole('row', { name: /By keyboard/ }).waitFor();
  await page.getByLabel('Title or number').fill('turb');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('row', { name: /By keyboard/ }).waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /Turbine/ }).waitFor();
  is('found by its title', await page.getByRole('row', { name: /Turbine/ }).count(), 1);
  await page.goto(site);
  await page.getByRole('row', { name: /By keyboard/ }).waitFor();
});

// --- in the other languages, nothing is too wide or unreadable ---

for (const language of ['nl', 'fr', 'de']) {
  await story(`the case in ${language}`, async () => {
    const { page } = an;
    await page.goto(`${site}/cases/${number}`);
    await page.getByRole('navigation').locator('select').first().selectOption(language);
    await page.locator(`html[lang=${language}]`).waitFor({ state: 'attached' });
    is('labels stay as they are', await page.locator('main .tlp').first().textContent(), 'TLP:AMBER+STRICT');
  });
}
await finish();
