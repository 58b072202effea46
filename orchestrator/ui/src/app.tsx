// SPDX-License-Identifier: Apache-2.0
// The frame: language first, then who one is, then the page.
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { get, onSecondFactorNeeded, onSessionEnd, post } from './api/client.js';
import { ApiError } from './api/problem.js';
import type { WhoAmI } from './api/types.js';
import { Spinner } from './components/basic.js';
import { ProblemAlert } from './components/load.js';
import { Toasts } from './components/toast.js';
import {
  isLanguage,
  loadDictionary,
  localeOf,
  pickLanguage,
  WordsContext,
  type Language,
  type Words,
} from './i18n/index.js';
import { Layout } from './layout.js';
import { recall, remember } from './lib/storage.js';
import { AcceptInvitation } from './pages/accept.js';
import { SignIn } from './pages/signin.js';
import { SignInCode } from './pages/signin_code.js';
import { Proved, ProofQuestion } from './pages/proof.js';
import { RoutedPage } from './routed.js';
import { navigate, useLocation } from './router.js';
import { capabilitiesOf, SessionContext, type UserSession } from './session.js';

export function App() {
  const [words, setWords] = useState<Words | null>(null);

  const setLanguage = useCallback(async (language: Language) => {
    const t = await loadDictionary(language);

    document.documentElement.lang = language;
    setWords({
      language,
      locale: localeOf(language),
      t,
      setLanguage: (next) => {
        remember('language', next);
        void setLanguage(next);
      },
    });
  }, []);
  useEffect(() => {
    void setLanguage(pickLanguage(recall('language'), navigator.languages));
  }, []);
  if (!words) return null;
  return (
    <WordsContext.Provider value={words}>
      <SignedInOrNot words={words} />
      <ProofQuestion />
      <Toasts />
    </WordsContext.Provider>
  );
}

type Who = { me: WhoAmI } | 'nobody' | 'unknown' | { error: unknown };

async function ask(): Promise<Who> {
  try {
    return { me: await get<WhoAmI>('/whoami') };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return 'nobody';
    return { error };
  }
}

function SignedInOrNot(props: { words: Words }) {
  const { words } = props;
  const [who, setWho] = useState<Who>('unknown');
  const [hasLeft, setLeft] = useState(false);
  const { path, query } = useLocation();

  const reload = useCallback(async () => setWho(await ask()), []);
  useEffect(() => {
    onSessionEnd(() => setWho('nobody'));
    onSecondFactorNeeded(() => navigate('/account?setup=1', true));
    void reload();
  }, []);
  const me = typeof who === 'object' && 'me' in who ? who.me : null;
  // The account's language, where this browser has no choice of its own.
  useEffect(() => {
    if (me && isLanguage(me.language) && !recall('language'))
      words.setLanguage(me.language);
  }, [me]);
  const session = useMemo(
    () =>
      me
        ? makeSession(me, reload, () => {
            setLeft(true);
            setWho('nobody');
          })
        : null,
    [me],
  );

  if (who === 'unknown') return <Spinner />;
  if (path === '/invitation') return <AcceptInvitation />;
  if (path === '/proved') return <Proved />;
  if (who === 'nobody' && query.get('sign-in') === 'code')
    return <SignInCode onSignedIn={reload} />;
  if (who === 'nobody') return <SignIn onSignedIn={reload} hasLeft={hasLeft} />;
  if (!session)
    return (
      <main class="alone">
        <ProblemAlert
          error={'error' in who ? who.error : undefined}
          retry={() => void reload()}
        />
      </main>
    );
  return (
    <SessionContext.Provider value={session}>
      <Layout>
        <RoutedPage />
      </Layout>
    </SessionContext.Provider>
  );
}

function makeSession(
  me: WhoAmI,
  reload: () => Promise<void>,
  onLeft: () => void,
): UserSession {
  const held = capabilitiesOf(me);

  return {
    me,
    can: (...any) => any.some((c) => held.has(c)),
    isStaff: held.has('read_all_orgs'),
    reload,
    signOut: async (everywhere) => {
      await post('/logout', { everywhere });
      onLeft();
    },
  };
}
