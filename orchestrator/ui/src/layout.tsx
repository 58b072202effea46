// SPDX-License-Identifier: Apache-2.0
// What stands around every page: who, where to, language, light, and the mode
// of the CSIRT.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from './components/basic.js';
import { Link } from './components/link.js';
import { languages, useT, useWords, type Language } from './i18n/index.js';
import { useLocation } from './router.js';
import { navigation, type NavigationEntry } from './routes/index.js';
import { useSession } from './session.js';
import { useTheme, type Theme } from './theme.js';

export function LanguageSelect() {
  const { language, setLanguage, t } = useWords();
  return (
    <select
      class="quiet-select"
      aria-label={t.layout.language}
      value={language}
      onChange={(e) => setLanguage(e.currentTarget.value as Language)}
    >
      {Object.entries(languages).map(([key, name]) => (
        <option key={key} value={key} lang={key}>
          {name}
        </option>
      ))}
    </select>
  );
}

export function ThemeSelect() {
  const t = useT();
  const [theme, setTheme] = useTheme();
  return (
    <select
      class="quiet-select"
      aria-label={t.layout.theme}
      value={theme}
      onChange={(e) => setTheme(e.currentTarget.value as Theme)}
    >
      <option value="system">{t.layout.themeSystem}</option>
      <option value="light">{t.layout.themeLight}</option>
      <option value="dark">{t.layout.themeDark}</option>
    </select>
  );
}

function ModeBanner() {
  const t = useT();
  const { me } = useSession();
  const mode = me.mode ?? 'normal';

  if (mode === 'normal' && !me.exercise) return null;
  return (
    <div class={`mode-banner mode-${mode}`} role="status">
      {me.exercise && <strong>{t.layout.exercise}</strong>}
      <span>
        {mode === 'national_crisis'
          ? t.layout.crisis
          : mode === 'national_incident'
            ? t.layout.incident
            : ''}
      </span>
    </div>
  );
}

function isWithin(href: string, path: string): boolean {
  return path === href || (href !== '/' && path.startsWith(`${href}/`));
}

/** "page" where one is there, "true" where one is on a page beyond it. */
function isCurrent(entry: NavigationEntry, path: string) {
  if (path === entry.href) return 'page';
  return [entry.href, ...(entry.leadsTo ?? [])].some((h) => isWithin(h, path))
    ? 'true'
    : undefined;
}

function Navigation(props: { isOpen: boolean; onGo: () => void }) {
  const t = useT();
  const session = useSession();
  const { path } = useLocation();

  return (
    <nav
      id="navigation"
      class={`navigation${props.isOpen ? ' is-open' : ''}`}
      aria-label={t.layout.navigation}
    >
      <ul>
        {navigation
          .filter((entry) => entry.isShown(session))
          .map((entry) => (
            <li key={entry.href}>
              <Link
                href={entry.href}
                onClick={props.onGo}
                aria-current={isCurrent(entry, path)}
              >
                {entry.text(t)}
              </Link>
            </li>
          ))}
      </ul>
      <div class="navigation-end">
        <LanguageSelect />
        <ThemeSelect />
        <Link
          href="/account"
          class="who"
          onClick={props.onGo}
          aria-current={path === '/account' ? 'page' : undefined}
        >
          <span class="who-name">{session.me.name}</span>
          {session.me.org_name && (
            <span class="who-org">{session.me.org_name}</span>
          )}
        </Link>
        {session.me.via === 'session' && (
          <Button kind="quiet" onClick={() => void session.signOut(false)}>
            {t.layout.signOut}
          </Button>
        )}
      </div>
    </nav>
  );
}

export function Layout(props: { children: ComponentChildren }) {
  const t = useT();
  const { path } = useLocation();
  const [isOpen, setOpen] = useState(false);

  useEffect(() => setOpen(false), [path]);
  return (
    <>
      <a class="skip-link" href="#main">
        {t.layout.skip}
      </a>
      <header class="top">
        <div class="top-inner">
          <Link href="/" class="brand" aria-label={t.layout.brand}>
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <circle cx="13" cy="13" r="8" />
              <path d="M19 19 28 28" />
            </svg>
            Loep
          </Link>
          <Button
            kind="quiet"
            expanded={isOpen}
            controls="navigation"
            onClick={() => setOpen(!isOpen)}
          >
            <span class="menu-word">{t.layout.menu}</span>
          </Button>
          <Navigation isOpen={isOpen} onGo={() => setOpen(false)} />
        </div>
      </header>
      <ModeBanner />
      <main id="main" tabIndex={-1}>
        {props.children}
      </main>
    </>
  );
}
