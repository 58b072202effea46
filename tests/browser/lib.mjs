// SPDX-License-Identifier: Apache-2.0
// What the tests in a browser share: Chromium, TAP, pictures, axe-core.
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';

const env = process.env;
const require = createRequire(`${env.BROWSER_PACKAGES}/package.json`);
const { chromium } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const site = env.LOEP_URL;
export const password = env.LOEP_PASSWORD;
const WAIT_MS = Number(env.BROWSER_WAIT ?? 120000);

let count = 0;
let failed = 0;
const started = Date.now();

export function diag(text) {
  console.log(String(text).replace(/^/gm, '# '));
}

function report(isGood, name, why) {
  console.log(`${isGood ? 'ok' : 'not ok'} ${++count} - ${name}`);
  if (isGood) return;
  failed++;
  diag(why);
}

export function is(name, got, wanted) {
  const a = JSON.stringify(got);
  const b = JSON.stringify(wanted);
  report(a === b, name, `got:    ${a}\nwanted: ${b}`);
}

export function like(name, got, pattern) {
  report(pattern.test(got), name, `got:    ${got}\nwanted: ${pattern}`);
}

export function ok(name, isGood, why = '') {
  report(Boolean(isGood), name, why);
}

/** A story: its steps count as one test, which fails where a step throws. */
export async function story(name, steps) {
  const at = Date.now();
  try {
    await steps();
    report(true, name);
  } catch (error) {
    report(false, name, error.stack ?? error);
    for (const { page, log } of users) {
      const file = `failed-${count}-${users.findIndex((u) => u.page === page)}.png`;
      await page
        .screenshot({ path: `${env.BROWSER_PICTURES}/${file}` })
        .catch(() => {});
      diag(`${page.url()} (${file})`);
      for (const line of log.slice(-10)) diag(line);
    }
  }
  if (env.BROWSER_TIMES) diag(`${Date.now() - at} ms: ${name}`);
}

const browser = await chromium.launch({
  executablePath: env.BROWSER_CHROMIUM,
  args: [
    // Only the key of the service itself is believed, whoever signed it.
    `--ignore-certificate-errors-spki-list=${env.BROWSER_PIN}`,
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--font-render-hinting=none',
  ],
});

export const users = [];

/**
 * A person with a browser of their own.  Whatever its pages report as wrong
 * (violated policy, uncaught exception) is kept in `complaints`.
 */
export async function newUser(options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'Europe/Brussels',
    colorScheme: 'light',
    reducedMotion: 'reduce',
    acceptDownloads: true,
    ...options,
  });
  const user = { context, log: [], complaints: [], asked: new Set() };

  // For what never comes: on a busy machine all takes its time.
  context.setDefaultTimeout(WAIT_MS);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], {
    origin: site,
  });
  await context.exposeBinding('loepViolated', (_, text) =>
    user.complaints.push(text),
  );
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) =>
      window.loepViolated(`${e.effectiveDirective} ${e.blockedURI} ${e.sample}`),
    );
  });
  user.page = await context.newPage();
  user.page.on('console', (m) => user.log.push(`${m.type()}: ${m.text()}`));
  // What is under way; a stream of events never ends.
  user.page.on('request', (r) => {
    if (r.resourceType() !== 'eventsource') user.asked.add(r);
  });
  for (const end of ['requestfinished', 'requestfailed'])
    user.page.on(end, (r) => user.asked.delete(r));
  user.page.on('framenavigated', (f) => {
    if (f === user.page.mainFrame()) user.asked.clear();
  });
  user.page.on('pageerror', (e) => user.complaints.push(String(e)));
  user.page.on('dialog', (d) => {
    // "Files are still on their way": yes, away.
    if (d.type() === 'beforeunload') return void d.accept();
    user.complaints.push(`dialog: ${d.message()}`);
    return void d.dismiss();
  });
  users.push(user);
  return user;
}

/** The code of an authenticator app (RFC 6238). */
export function totp(secret, steps = 0) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = '';
  for (const c of secret.replace(/[=\s]/g, ''))
    bits += alphabet.indexOf(c).toString(2).padStart(5, '0');
  const key = Buffer.from(
    bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)),
  );
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, '0');
}

/** Signs in, as a person does. */
export async function signIn(user, login, secret) {
  const { page } = user;
  await page.goto(site);
  await page.getByLabel('Login name').fill(login);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  if (secret) {
    await page.getByRole('textbox', { name: 'Code' }).fill(totp(secret));
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  await page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
}

/** Any address of the site, as the page's own scripts would get it. */
export function fetchIn(user, path, init = {}) {
  return user.page.evaluate(
    async ([p, i]) => {
      const response = await fetch(p, i);
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        text: await response.text(),
      };
    },
    [path, init],
  );
}

/** What the signed-in user's browser gets from the API. */
export async function api(user, method, path, body) {
  return user.page.evaluate(
    async ([m, p, b]) => {
      const who = await fetch('/api/v1/whoami');
      const response = await fetch(`/api/v1${p}`, {
        method: m,
        headers: {
          'Content-Type': 'application/json',
          'X-CSRF-Token': who.headers.get('X-CSRF-Token') ?? '',
        },
        ...(b === undefined ? {} : { body: JSON.stringify(b) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: text.startsWith('{') ? JSON.parse(text) : text,
      };
    },
    [method, path, body],
  );
}

/** The API as the service's owner has it, over its Unix socket. */
export function local(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        socketPath: `${env.LOEP_WORK}/state/run/loep.sock`,
        path: `/api/v1${path}`,
        method,
        headers: { 'Content-Type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.on('data', (part) => (text += part));
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            body: text.startsWith('{') ? JSON.parse(text) : text,
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Kills loep-web, with all of its connections; loepd starts it again. */
export function cut() {
  const web = execFileSync('pgrep', ['-P', env.LOEP_PARENT, '-f', 'loep-web']);
  process.kill(Number(String(web).split('\n')[0]), 'SIGKILL');
}

/** Asks again until `check` is satisfied with the answer. */
export async function until(ask, check) {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await ask();
    if (check(answer) || Date.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/**
 * What axe-core finds wrong (WCAG 2.1 A and AA) in the page as it is now; with
 * `rules` only by these.
 */
async function violations(page, rules) {
  // The page's policy lets no script in but its own: this one comes through
  // the debugger.
  await page.evaluate(`window.axe ?? (() => { ${axeSource} })(); undefined`);
  const result = await page.evaluate(
    (runOnly) =>
      window.axe.run(document, {
        runOnly,
        resultTypes: ['violations'],
        iframes: false,
      }),
    rules ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'],
  );
  return result.violations.flatMap((v) =>
    v.nodes.map(
      (n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary ?? v.help}`,
    ),
  );
}

/** Goes to another page as a link within the app does. */
export async function visit(user, path) {
  await user.page.evaluate((to) => {
    window.history.pushState(null, '', to);
    window.dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await settle(user);
}

/** Files and folders of the disk, dragged onto `target` and dropped there. */
export async function drop(user, target, paths) {
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  const cdp = await user.context.newCDPSession(user.page);

  for (const type of ['dragEnter', 'dragOver', 'drop'])
    await cdp.send('Input.dispatchDragEvent', { type, ...at, data });
  await cdp.detach();
}

/** Waits until nothing is asked for or loading any more. */
export async function settle(user) {
  const { page } = user;
  const end = Date.now() + WAIT_MS;

  for (let quiet = 0; quiet < 2; ) {
    // A frame, so that what was asked for is drawn, and may ask for more.
    await painted(page);
    // What waits behind a question waits for its answer.
    const question = page.locator('dialog[open]');
    const busy =
      (await question.count()) > 0
        ? question.last().locator('.spinner, [aria-busy=true]')
        : page.locator('.spinner, main [aria-busy=true]');
    const isBusy = user.asked.size > 0 || (await busy.count()) > 0;
    quiet = isBusy ? 0 : quiet + 1;
    if (Date.now() > end) throw new Error(`${page.url()} does not settle`);
  }
}

/**
 * Until two frames were drawn.  Chromium without a screen may draw none for
 * long where nothing changes; what comes next does not wait for ever for that.
 */
export function painted(page) {
  return page.evaluate(
    () =>
      new Promise((done) => {
        setTimeout(done, 2000);
        requestAnimationFrame(() => requestAnimationFrame(done));
      }),
  );
}

async function setTheme(page, theme) {
  await page.emulateMedia({ colorScheme: theme });
  await page
    .locator(`html[data-theme=${theme}]`)
    .waitFor({ state: 'attached' });
  await painted(page);
}

/** Nothing may be wider than the window. */
async function overflow(page) {
  return page.evaluate(() => {
    const most = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= most) return [];
    const scrolls = (e) =>
      e && (getComputedStyle(e).overflowX !== 'visible' || scrolls(e.parentElement));
    return [...document.querySelectorAll('main *, header *')]
      .filter((e) => e.getBoundingClientRect().right > most + 1)
      .filter((e) => !scrolls(e.parentElement?.closest('main *, header *')))
      .slice(0, 5)
      .map((e) => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`);
  });
}

/**
 * Looks at the page as it is: all of axe-core in the light, its contrast in
 * the dark, nothing wider than a phone of 360 px; pictures of a desk in the
 * light and a phone in the dark (NAME-desk-light.png ...; all four with
 * BROWSER_ALL=1).
 */
export async function look(user, name) {
  if (!new RegExp(env.BROWSER_LOOK ?? '').test(name)) return;
  try {
    await lookAt(user, name);
  } catch (error) {
    report(false, `${name}: it can be looked at`, error.stack ?? error);
  }
}

const devices = { phone: { width: 390, height: 844 } };

async function picture(page, name, device, theme) {
  const isUsual = (device === 'desk') === (theme === 'light');
  if (!isUsual && !env.BROWSER_ALL) return;
  if (devices[device]) await page.setViewportSize(devices[device]);
  await page.screenshot({
    path: `${env.BROWSER_PICTURES}/${name}-${device}-${theme}.png`,
    fullPage: true,
  });
}

async function lookAt(user, name) {
  const { page } = user;
  const desk = page.viewportSize();

  await settle(user);
  const found = await violations(page);
  for (const theme of ['light', 'dark']) {
    if (theme === 'dark') {
      await setTheme(page, theme);
      let dark = await violations(page, ['color-contrast']);
      // Now and then one element is met in the colours of before; what is
      // wrong stays wrong.
      for (let i = 0; i < 3 && dark.length > 0; i++) {
        await painted(page);
        dark = await violations(page, ['color-contrast']);
      }
      found.push(...dark.map((v) => `dark: ${v}`));
    }
    for (const device of ['desk', 'phone'])
      await picture(page, name, device, theme);
    await page.setViewportSize(desk);
  }
  await setTheme(page, 'light');
  await page.setViewportSize({ width: 360, height: 740 });
  const wide = await overflow(page);
  await page.setViewportSize(desk);
  is(`${name}: axe-core finds nothing`, found, []);
  is(`${name}: nothing is wider than a phone`, wide, []);
}

/** The last words: nothing was refused by the policy, nothing threw. */
export async function finish() {
  is(
    'no policy was violated, nothing threw, no text became a dialog',
    users.flatMap((u) => u.complaints),
    [],
  );
  diag(`${((Date.now() - started) / 1000).toFixed(1)} s`);
  console.log(`1..${count}`);
  await browser.close();
  process.exit(failed === 0 ? 0 : 1);
}
