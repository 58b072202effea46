// SPDX-License-Identifier: Apache-2.0
// Signing in: password, then the second factor where the account has one.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { post } from '../api/client.js';
import { ApiError } from '../api/problem.js';
import { Alert, Button } from '../components/basic.js';
import { TextField } from '../components/form.js';
import { problemText, useAction } from '../components/load.js';
import { useT } from '../i18n/index.js';
import { LanguageSelect, ThemeSelect } from '../layout.js';
import { ProviderSignIn } from './provider.js';

/** The frame of pages for those who are not in yet. */
export function Doorstep(props: {
  title: string;
  children: ComponentChildren;
}) {
  const t = useT();

  useEffect(() => {
    document.title = `${props.title} · Loep`;
  }, [props.title]);
  return (
    <main class="doorstep" id="main">
      <p class="brand big">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <circle cx="13" cy="13" r="8" />
          <path d="M19 19 28 28" />
        </svg>
        Loep
      </p>
      <p class="claim">{t.signIn.claim}</p>
      <div class="card">
        <h1>{props.title}</h1>
        {props.children}
      </div>
      <div class="doorstep-end">
        <LanguageSelect />
        <ThemeSelect />
      </div>
    </main>
  );
}

/** The password was right; a code is asked for. */
function needsCode(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status === 401 &&
    error.problem.type === 'urn:loep:problem:code-needed'
  );
}

export function SignIn(props: {
  onSignedIn: () => Promise<void>;
  /** signed out a moment ago */
  hasLeft: boolean;
}) {
  const t = useT();
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [isCodeWanted, setCodeWanted] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const signIn = useAction(async () => {
    try {
      await post(
        '/login',
        { login: login.trim(), password, code: code.replace(/\s/g, '') },
        { isSigningIn: true },
      );
    } catch (error) {
      if (!needsCode(error)) throw error;
      setCodeWanted(true);
      return;
    }
    await props.onSignedIn();
  });

  useEffect(() => {
    if (isCodeWanted)
      form.current
        ?.querySelector<HTMLInputElement>('input[autocomplete=one-time-code]')
        ?.focus();
  }, [isCodeWanted]);
  const { error } = signIn;
  const isRefused = error instanceof ApiError && error.status === 401;

  return (
    <Doorstep title={t.signIn.title}>
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault();
          void signIn.run();
        }}
      >
        {error ? (
          <Alert
            tone="bad"
            title={isRefused ? t.signIn.refused : problemText(error, t)}
          />
        ) : null}
        {!isCodeWanted && (
          <>
            <TextField
              label={t.signIn.login}
              value={login}
              onChange={setLogin}
              autocomplete="username"
              spellcheck={false}
              required
            />
            <TextField
              label={t.signIn.password}
              type="password"
              value={password}
              onChange={setPassword}
              autocomplete="current-password"
              required
            />
          </>
        )}
        {isCodeWanted && (
          <TextField
            label={t.signIn.code}
            hint={t.signIn.codeHint}
            value={code}
            onChange={setCode}
            autocomplete="one-time-code"
            spellcheck={false}
            required
          />
        )}
        <div class="actions">
          <Button type="submit" kind="primary" busy={signIn.isBusy}>
            {t.signIn.submit}
          </Button>
          {isCodeWanted && (
            <Button
              kind="quiet"
              onClick={() => {
                setCodeWanted(false);
                setCode('');
                setPassword('');
                signIn.clear();
              }}
            >
              {t.signIn.otherAccount}
            </Button>
          )}
        </div>
        <p class="hint">{t.signIn.forgotten}</p>
      </form>
      {!isCodeWanted && <ProviderSignIn hasLeft={props.hasLeft} />}
    </Doorstep>
  );
}
