// SPDX-License-Identifier: Apache-2.0
// A run in a real virtual machine, followed in the browser while it goes on
// (tests/e2e/t0200-demo.sh starts it all).
import { finish, is, newUser, ok, signIn, site, story } from './lib.mjs';

const anna = await newUser();
const chris = await newUser();
const { page } = anna;

await signIn(anna, 'anna@csirt.example');
await signIn(chris, 'chris@csirt.example');

/** What one saw of the run, without loading the page anew. */
const seen = { phases: new Set(), progress: new Set() };

await story('A3: Anna asks for a run with arguments', async () => {
  await page.goto(`${site}/artefacts/${process.env.ARTEFACT}`);
  await page.getByRole('button', { name: 'Run it' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Seconds').fill('20');
  await dialog.getByLabel('Arguments').fill('again');
  await dialog.getByRole('button', { name: 'Start' }).click();
  await page.waitForURL(/\/runs\//);
});

await story('A12: it goes on before her eyes', async () => {
  await page.evaluate(() => {
    window.isSamePage = true;
  });
  const bar = page.getByRole('progressbar');
  const end = Date.now() + 240000;
  await bar.or(page.getByText(/^All processes|^The time/)).first().waitFor();
  while ((await bar.count()) > 0 && Date.now() < end) {
    const phase = page.locator('.alert [role=status]');
    const [now, text] = await Promise.all([
      bar.getAttribute('aria-valuenow', { timeout: 1000 }).catch(() => null),
      phase.textContent({ timeout: 1000 }).catch(() => null),
    ]);
    if (now !== null) seen.progress.add(Number(now));
    if (text) seen.phases.add(text);
    await page.waitForTimeout(300);
  }
  const order = [...seen.progress];
  ok('its progress moved', order.length >= 2, order.join(' '));
  is('and never back', order, [...order].sort((a, b) => a - b));
  ok('its phases were named', seen.phases.size >= 1, [...seen.phases].join(' | '));
  ok('the page stayed', await page.evaluate(() => window.isSamePage));
});

await story('A14: what it did, without being asked again', async () => {
  await page.getByText('Writes a cron job that starts it again').waitFor();
  await page.getByRole('link', { name: 'Processes' }).click();
  await page.getByRole('button', { name: /intruder/ }).first().waitFor();
  await page.getByRole('link', { name: 'Environment' }).click();
  await page.getByText(/tcg|kvm/i).first().waitFor();
});

await story('A4: beside the run before it', async () => {
  await page.getByRole('link', { name: /Compare/ }).click();
  await page.getByRole('heading', { name: 'Compare two runs' }).waitFor();
  await page
    .getByRole('table', { name: 'What was different around them' })
    .getByRole('row', { name: /args.*again/ })
    .waitFor();
  await page.getByRole('heading', { name: /^Network/ }).waitFor();
});

await story('A12: the same again, and stopped', async () => {
  await page.goBack();
  await page.getByRole('button', { name: 'Run again' }).click();
  const dialog = page.getByRole('dialog');
  is('with what was asked before', await dialog.getByLabel('Arguments').inputValue(), 'again');
  const before = page.url();
  await dialog.getByRole('button', { name: 'Start' }).click();
  await page.waitForURL((url) => /\/runs\//.test(url) && String(url) !== before);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Somebody stopped it.').waitFor();
});

await story('Chris has the place built anew', async () => {
  await chris.page.goto(`${site}/pool`);
  const row = chris.page.getByRole('row').filter({ hasText: 'debian-12' }).first();
  await row.getByText('ready').waitFor();
  await row.getByRole('button', { name: 'Start anew' }).click();
  await row.getByText('ready').waitFor({ state: 'detached' });
});

await finish();
