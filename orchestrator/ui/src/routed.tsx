// SPDX-License-Identifier: Apache-2.0
// The page that the address means, fetched when it is first wanted.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Alert, Button, Empty, Spinner } from './components/basic.js';
import { Page, type PageProps } from './components/page.js';
import { useT } from './i18n/index.js';
import { useLocation } from './router.js';
import { findRoute, type Route } from './routes/index.js';
import { useSession } from './session.js';

type Loaded = { component: ComponentType<PageProps> } | 'failed' | undefined;

const pages = new Map<Route, Loaded>();

export function RoutedPage() {
  const t = useT();
  const session = useSession();
  const { path, query } = useLocation();
  const found = findRoute(path, session);
  const [, setRound] = useState(0);
  const route = found?.route;
  const loaded = route && pages.get(route);

  useEffect(() => {
    if (!route || pages.get(route)) return;
    void fetchPage(route).then(() => setRound((n) => n + 1));
  }, [route]);
  if (!found)
    return (
      <Page title={t.page.unknown}>
        <Empty>{t.page.unknownText}</Empty>
      </Page>
    );
  if (loaded === 'failed') return <NewVersion />;
  if (!loaded) return <Spinner />;
  const Component = loaded.component;
  return <Component key={path} params={found.params} query={query} />;
}

async function fetchPage(route: Route): Promise<void> {
  try {
    pages.set(route, { component: (await route.load()).default });
  } catch {
    pages.set(route, 'failed');
  }
}

/** Files of this version are gone: the server has a newer one. */
function NewVersion() {
  const t = useT();
  return (
    <Page title={t.page.newVersion}>
      <Alert tone="warn">
        <p>{t.page.newVersionText}</p>
        <Button kind="primary" onClick={() => window.location.reload()}>
          {t.page.reload}
        </Button>
      </Alert>
    </Page>
  );
}
