// SPDX-License-Identifier: Apache-2.0
// A case as those who handed it in see it.
import { useEffect } from 'preact/hooks';
import { get, path } from '../api/client.js';
import type { Case } from '../api/types.js';
import { Alert, CopyButton, Name } from '../components/basic.js';
import { Loaded, useLoad } from '../components/load.js';
import { Page, type PageProps } from '../components/page.js';
import { StageBadge, stageOf } from '../components/stage.js';
import { Tabs } from '../components/tabs.js';
import { Tlp } from '../components/tlp.js';
import { useT } from '../i18n/index.js';
import { Access } from './case/access.js';
import { Messages } from './case/messages.js';
import { Overview } from './case/overview.js';
import { Reports } from './case/reports.js';
import './operator.css';

/** While machines look at a case, it moves on every few seconds. */
const POLL_MS = 5000;
const MOVING = ['received', 'checking'];

export default function CasePage({ params, query }: PageProps) {
  const t = useT();
  const number = params['number']!;
  const tab = query.get('tab') ?? 'overview';
  const load = useLoad(
    (signal) => get<Case>(path`/cases/${number}`, {}, signal),
    [number],
  );

  // Numbers of messages and the stage change while one looks elsewhere.
  useEffect(() => {
    if (load.data) load.reload();
  }, [tab]);
  const isMoving = load.data ? MOVING.includes(stageOf(load.data)) : false;
  useEffect(() => {
    if (!isMoving) return undefined;
    const timer = window.setInterval(() => {
      if (!document.hidden) load.reload();
    }, POLL_MS);
    return () => window.clearInterval(timer);
  }, [isMoving, load.reload]);
  const here = `/cases/${encodeURIComponent(number)}`;
  const title = load.data?.title || number;

  return (
    <Page
      title={title}
      heading={<Name text={title} />}
      above={[['/', t.nav.home]]}
    >
      <Loaded load={load}>
        {(c) => (
          <>
            <p class="row">
              <span>
                {t.case.number} <code class="number">{c.number}</code>
                <CopyButton text={c.number} what={t.case.number} />
              </span>
              <StageBadge stage={stageOf(c)} />
              <Tlp label={c.tlp} />
            </p>
            {c.number !== number && c.merged?.includes(number) && (
              <Alert>{t.staff.move.isNow(number, c.number)}</Alert>
            )}
            {query.get('new') && <Receipt number={c.number} />}
            <Tabs
              label={t.casePage.parts}
              current={tab}
              tabs={[
                { key: 'overview', label: t.casePage.overview, href: here },
                {
                  key: 'messages',
                  label: t.casePage.messages,
                  href: `${here}?tab=messages`,
                  count: c.unread ?? 0,
                },
                {
                  key: 'report',
                  label: t.casePage.report,
                  href: `${here}?tab=report`,
                },
                {
                  key: 'access',
                  label: t.casePage.access,
                  href: `${here}?tab=access`,
                },
              ]}
            />
            {tab === 'messages' ? (
              <Messages number={c.number} onRead={load.reload} />
            ) : tab === 'report' ? (
              <Reports number={c.number} />
            ) : tab === 'access' ? (
              <Access number={c.number} />
            ) : (
              <Overview case={c} reload={load.reload} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** What one is told at once: the number, and that it is received. */
function Receipt(props: { number: string }) {
  const t = useT();
  return (
    <Alert tone="good" title={t.casePage.receivedTitle}>
      <p class="big-number">
        <code>{props.number}</code>
        <CopyButton text={props.number} what={t.case.number} />
      </p>
      <p>{t.casePage.receivedText}</p>
    </Alert>
  );
}
