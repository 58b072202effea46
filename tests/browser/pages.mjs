// SPDX-License-Identifier: Apache-2.0
// Every page of the app, with hostile text wherever somebody else's text can
// stand: looked at with axe-core, in four languages, within the keyboard's
// reach.  A page that the routes have and this list has not fails.
import { readFileSync } from 'node:fs';
import { outOfReach } from './keyboard.mjs';
import {
  finish,
  is,
  like,
  local,
  look,
  newUser,
  ok,
  painted,
  signIn,
  story,
  until,
  visit,
} from './lib.mjs';
import { withRuns } from './recorded.mjs';

export const HOSTILE =
  '<img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}\u202e';
const env = process.env;
const ui = new URL('../../orchestrator/ui/src/', import.meta.url);
const source = (file) => readFileSync(new URL(file, ui), 'utf8');
const must = async (method, path, body) => {
  const answer = await local(method, path, body);
  if (answer.status >= 300)
    throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
};

// --- a service in which everything has happened ---

const number = env.CASE;
const world = {};

async function makeWorld() {
  const list = (await must('GET', `/cases/${number}/artefacts?parent=*`)).items;
  const row = await must('GET', `/cases/${number}`);

  world.artefact = list.find((a) => a.name === 'invoice.sh').id;
  world.program = list.find((a) => a.name === 'program').id;
  await must('POST', `/cases/${number}`, {
    version: row.version,
    title: `Turbine ${HOSTILE}`,
    incident_context: HOSTILE,
    severity: 'high',
  });
  await must('POST', `/cases/${number}/claim`);
  await must('POST', `/cases/${number}/messages`, { text: HOSTILE });
  await must('POST', `/cases/${number}/notes`, { text: HOSTILE });
  await must('POST', `/cases/${number}/tasks`, { text: HOSTILE });
  await must('POST', `/cases/${number}/hold`, { on: true, reason: HOSTILE });
  await must('POST', `/cases/${number}/hold`, { on: false, reason: HOSTILE });
  await must('POST', `/cases/${number}/deletion`, { reason: HOSTILE });
  await must('POST', `/artefacts/${world.artefact}/verdicts`, {
    value: 'malicious',
    confidence: 'high',
    reason: HOSTILE,
  });
  await must('POST', '/exceptions', { org: env.OTHER, reason: HOSTILE });
  await must('POST', '/mode', {
    mode: 'national_incident',
    exercise: true,
    reason: HOSTILE,
    plan_reference: HOSTILE,
  });
  const policy = await must('GET', '/policies/1');
  await must('POST', '/policies', {
    comment: HOSTILE,
    document: JSON.parse(
      JSON.stringify(policy.document).replace('"office"', '"24x7"'),
    ),
  });
  const sections = { summary: HOSTILE, recommendations: HOSTILE };
  world.draft = (await makeReport('postmortem', sections)).id;
  world.issued = (await makeReport('analysis', sections)).id;
  await rendered(world.issued);
  await must('POST', `/reports/${world.issued}/submit`, {});
  await rendered(world.issued);
  await must('POST', `/reports/${world.issued}/approve`, { comment: HOSTILE });
  await must('POST', `/reports/${world.issued}/issue`, {});
  world.rescan = (await must('GET', '/rescans')).items[0].id;
}

async function makeReport(kind, sections) {
  return must('POST', `/cases/${number}/reports`, {
    kind,
    language: 'en',
    sections,
  });
}

function rendered(id) {
  return until(
    () => local('GET', `/reports/${id}`),
    (r) => r.body.is_rendered,
  );
}

await makeWorld();

// --- the list ---

const an = await newUser();
const anna = await newUser();
const chris = await newUser();
await signIn(an, 'an@example.org');
await signIn(anna, 'anna@csirt.example');
await signIn(chris, 'chris@csirt.example');
await withRuns(anna.page, {
  number,
  artefact: world.program,
  change: (text) =>
    text
      .replaceAll('exfil.example.org', 'exfil.example.org<img src=x>')
      .replaceAll('/tmp/.survey', '/tmp/<img src=x onerror=alert(1)>'),
});

const operator = {
  '/': ['/'],
  '/submit': ['/submit'],
  '/cases/:number': ['', '?tab=messages', '?tab=report', '?tab=access'].map(
    (rest) => `/cases/${number}${rest}`,
  ),
  '/colleagues': ['/colleagues'],
  '/hooks': ['/hooks'],
  '/keys': ['/keys'],
  '/account': ['/account'],
};

/** Tabs of a page, as its source lists them. */
function tabs(file) {
  const [, list] = /const TABS = \[([^\]]*)\]/.exec(source(`pages/staff/${file}`));
  return [...list.matchAll(/'([a-z]+)'/g)].map((m) => m[1]);
}

const analyst = {
  '/queue': ['/queue'],
  '/cases/:number': [`/cases/${number}`],
  '/cases/:number/:tab': tabs('case.tsx').map((tab) => `/cases/${number}/${tab}`),
  '/artefacts/:id': [`/artefacts/${world.artefact}`],
  '/artefacts/:id/:tab': tabs('artefact.tsx').map(
    (tab) => `/artefacts/${tab === 'bytes' ? world.program : world.artefact}/${tab}`,
  ),
  '/runs/:id': ['/runs/run-a'],
  '/runs/:id/:tab': tabs('run.tsx').map((tab) => `/runs/run-a/${tab}`),
  '/compare': ['/compare?a=run-a&b=run-b'],
  '/reports/:id': [`/reports/${world.draft}`, `/reports/${world.issued}`],
  '/search': [`/search?q=${encodeURIComponent('invoice')}`],
  '/rules': ['/rules'],
  '/rules/versions/:version': ['/rules/versions/2'],
  '/rules/versions/:version/:tab': tabs('rules_version.tsx').map(
    (tab) => `/rules/versions/2/${tab}`,
  ),
  '/rules/rescans/:id': [`/rules/rescans/${world.rescan}`],
  '/pool': ['/pool'],
  '/admin/*': [
    ...tabs('admin.tsx').map((tab) => `/admin/${tab}`),
    '/admin/policy/2',
  ],
};
/** The same as another address of the list, drawn by the same code. */
const SAME = ['/cases/:number', '/artefacts/:id', '/runs/:id', '/rules/versions/:version'];

for (const [file, list] of [
  ['operator', operator],
  ['analyst', analyst],
]) {
  const routes = [
    ...source(`routes/${file}.ts`).matchAll(/path: '([^']+)'/g),
  ].map((m) => m[1]);
  ok(`${file}: there are routes`, routes.length >= 5, String(routes));
  is(
    `${file}: every route is in the list of pages, and no other`,
    [...new Set(routes)].sort(),
    Object.keys(list).sort(),
  );
}

/** For a person who works on one of them. */
const only = new RegExp(env.BROWSER_PAGES ?? '');

// --- what holds for each ---

const LANGUAGES = ['nl', 'fr', 'de', 'en'];
/** Words of the trade and names that are the same everywhere. */
const EVERYWHERE = new Set([
  'Audit',
  'Post-mortem',
  'Triage',
  'Webhooks',
  'ascii',
  'bits',
  'exit 0',
  'other: undetermined',
  'root',
]);

/** The texts of the page that the app itself wrote. */
function ownTexts(page) {
  return page.evaluate(() => {
    const foreign =
      '.foreign, .foreign-text, code, pre, time, option, [translate=no], ' +
      '[lang], .hash, .number, .who, .rule-text, iframe, svg, ' +
      '[role=tree], [role=application], .preview section, .above';
    const texts = new Set();
    const walker = document.createTreeWalker(
      document.querySelector('main'),
      NodeFilter.SHOW_TEXT,
    );
    for (let n = walker.nextNode(); n; n = walker.nextNode()) {
      const text = n.textContent.trim();
      const own = n.parentElement.closest(foreign);
      if (text !== '' && (!own || own === document.documentElement))
        texts.add(text);
    }
    return [...texts];
  });
}

const untranslated = new Map();
const raw = [];

async function inAllLanguages(user, path) {
  const { page } = user;
  const seen = [];

  for (const language of LANGUAGES) {
    await page.locator('.navigation select').first().selectOption(language);
    await page.locator(`html[lang=${language}]`).waitFor({ state: 'attached' });
    await painted(page);
    const texts = await ownTexts(page);
    for (const text of texts)
      if (/\bundefined\b|\[object |\bNaN\b|\bnull\b|=>|\$\{|\b[a-z]+_[a-z_]+\b/.test(text))
        raw.push(`${path} (${language}): ${text.slice(0, 80)}`);
    seen.push(new Set(texts));
  }
  for (const text of seen[0])
    if (
      /[a-z]{4,}/.test(text) &&
      seen.every((s) => s.has(text)) &&
      !EVERYWHERE.has(text)
    )
      untranslated.set(text, path);
}

let listeners = 0;

async function check(user, name, path) {
  const { page } = user;

  await visit(user, path);
  is(`${path}: one heading`, await page.locator('h1').count(), 1);
  like(`${path}: the tab is named`, await page.title(), /^.+ · Loep$/);
  is(
    `${path}: text stays text`,
    await page.locator('img[src=x], main script').count(),
    0,
  );
  ok(
    `${path}: it says nothing of an error`,
    (await page.locator('main .alert.tone-bad[role=alert]').count()) === 0,
    await page.locator('main').innerText(),
  );
  const reach = await outOfReach(page);
  is(`${path}: the keyboard reaches what the mouse does`, reach.bad, []);
  listeners += reach.listeners;
  await look(user, name);
  await inAllLanguages(user, path);
}

/** Who administers does not see cases, and the other way round. */
function isForChris(path) {
  return path === '/pool' || (/^\/admin/.test(path) && !/exceptions|mode/.test(path));
}

for (const [user, who, list] of [
  [an, 'operator', operator],
  [anna, 'staff', analyst],
])
  for (const [route, paths] of Object.entries(list)) {
    if (user === anna && SAME.includes(route)) continue;
    for (const path of paths) {
      const short = path.replace(number, '').replace(world.draft, 'draft');
      const name = short
        .replace(/[0-9a-f-]{36}/, '')
        .replace(/[^a-z]+/g, '-');
      if (!only.test(path)) continue;
      await story(`${who}: ${short}`, () =>
        check(isForChris(path) ? chris : user, `${who}${name.replace(/-$/, '')}`, path),
      );
    }
  }
ok('the app listens for clicks where it was looked for', listeners > 0, String(listeners));
is('no page shows a raw key or value', [...new Set(raw)], []);
is('every text is said in four languages', [...untranslated], []);

await story('an address that is not there', async () => {
  await visit(anna, '/no/such/page');
  await anna.page.getByRole('heading', { name: 'There is no such page' }).waitFor();
});
await look(anna, 'no-such-page');
await finish();
