// SPDX-License-Identifier: Apache-2.0
// The cases of one's organisation: how far they are and what happens next.
import { useEffect, useState } from 'preact/hooks';
import { get, type Page as ListPage } from '../api/client.js';
import type { Case } from '../api/types.js';
import { Badge, Button, Empty, Name, Time } from '../components/basic.js';
import { TextField } from '../components/form.js';
import { Link, LinkButton } from '../components/link.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../components/load.js';
import { Page, type PageProps } from '../components/page.js';
import { StageBadge, stageOf } from '../components/stage.js';
import { Table } from '../components/table.js';
import { Tlp } from '../components/tlp.js';
import { useT } from '../i18n/index.js';
import { navigate } from '../router.js';
import { findRoute } from '../routes/index.js';
import { runsService } from '../routes/operator.js';
import { useSession } from '../session.js';
import './operator.css';

export default function Home({ query }: PageProps) {
  const t = useT();
  const session = useSession();
  const first = session.isStaff
    ? '/queue'
    : runsService(session)
      ? '/admin'
      : null;

  // Staff begin with what waits for them.
  useEffect(() => {
    if (first && findRoute(first, session)) navigate(first, true);
  }, [first]);
  return (
    <Page
      title={t.home.title}
      actions={
        session.can('submit') && (
          <LinkButton href="/submit" kind="primary">
            {t.nav.submit}
          </LinkButton>
        )
      }
    >
      <CaseList q={query.get('q') ?? ''} />
    </Page>
  );
}

function CaseList(props: { q: string }) {
  const t = useT();
  const [q, setQ] = useState(props.q);
  const [asked, setAsked] = useState(props.q);
  const [rest, setRest] = useState<{
    items: Case[];
    next: string | null;
  } | null>(null);
  const load = useLoad(
    (signal) =>
      get<ListPage<Case>>('/cases', asked ? { q: asked } : {}, signal),
    [asked],
  );
  const more = useAction(async (cursor: string) => {
    const page = await get<ListPage<Case>>('/cases', { q: asked, cursor });
    setRest({
      items: [...(rest?.items ?? []), ...page.items],
      next: page.next,
    });
  });

  useEffect(() => setRest(null), [asked]);
  return (
    <>
      <form
        class="search-form"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(q.trim());
        }}
      >
        <TextField
          label={t.home.search}
          type="search"
          value={q}
          onChange={setQ}
        />
        <Button type="submit">{t.common.search}</Button>
      </form>
      <Loaded load={load}>
        {(page) => {
          const items = [...page.items, ...(rest?.items ?? [])];
          const next = rest ? rest.next : page.next;

          if (items.length === 0)
            return <Empty>{asked ? t.home.noneFound : t.home.none}</Empty>;
          return (
            <>
              <CaseTable items={items} />
              {more.error ? <ProblemAlert error={more.error} /> : null}
              {next && (
                <div class="actions">
                  <Button
                    onClick={() => void more.run(next)}
                    busy={more.isBusy}
                  >
                    {t.common.more}
                  </Button>
                </div>
              )}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function CaseTable(props: { items: Case[] }) {
  const t = useT();
  return (
    <Table
      caption={t.home.title}
      rows={props.items}
      rowKey={(c) => c.id}
      columns={[
        {
          key: 'case',
          head: t.home.case,
          isHead: true,
          cell: (c) => (
            <>
              <Link href={`/cases/${encodeURIComponent(c.number)}`}>
                <Name text={c.title || c.number} />
              </Link>
              <div class="hint">
                <code>{c.number}</code>
              </div>
            </>
          ),
        },
        {
          key: 'stage',
          head: t.case.stage,
          cell: (c) => (
            <>
              <StageBadge stage={stageOf(c)} />{' '}
              {c.unread ? (
                <Badge tone="warn">{t.home.unread(c.unread)}</Badge>
              ) : null}
              <div class="hint">{t.next[stageOf(c)]}</div>
            </>
          ),
        },
        {
          key: 'files',
          head: t.case.files,
          numeric: true,
          cell: (c) => c.artefacts,
        },
        { key: 'tlp', head: 'TLP', cell: (c) => <Tlp label={c.tlp} /> },
        {
          key: 'created',
          head: t.case.created,
          cell: (c) => <Time at={c.created} />,
        },
      ]}
    />
  );
}
