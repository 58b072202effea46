// SPDX-License-Identifier: Apache-2.0
// The queue: which case is next, whose it is, until when.
import { useEffect } from 'preact/hooks';
import { get, path, post, type Page as ApiPage } from '../../api/client.js';
import type { DayStatistics, QueueRow } from '../../api/staff.js';
import { Badge, Button, Card, Name, Time } from '../../components/basic.js';
import { DaysChart } from '../../components/charts/days.js';
import { ScoreBadge } from '../../components/charts/artefact_map.js';
import { SelectField } from '../../components/form.js';
import { Link } from '../../components/link.js';
import { useLoad } from '../../components/load.js';
import { Page, type PageProps } from '../../components/page.js';
import { PagedTable, usePages } from '../../components/pages.js';
import type { Column } from '../../components/table.js';
import { Tlp } from '../../components/tlp.js';
import { useT, useWords, wordFor } from '../../i18n/index.js';
import { setQuery } from '../../router.js';
import { useSession } from '../../session.js';
import { ActButton, Due, OrMissing, SeverityBadge } from './parts.js';

const REFRESH_MS = 30_000;

function QueueTable(props: { owner: string; stage: string }) {
  const t = useT();
  const q = t.staff.queue;
  const { me, can } = useSession();
  const pages = usePages<QueueRow>('/queue', {
    owner: props.owner,
    stage: props.stage,
  });

  useEffect(() => {
    const timer = window.setInterval(() => {
      // Only the first page: what was asked for beyond it would go away.
      if (!document.hidden && (pages.items?.length ?? 0) <= 100) pages.reload();
    }, REFRESH_MS);
    return () => window.clearInterval(timer);
  }, [pages.reload, pages.items?.length]);

  const columns: Column<QueueRow>[] = [
    {
      key: 'case',
      head: q.case,
      isHead: true,
      cell: (r) => (
        <>
          <Link href={path`/cases/${r.number}`}>
            <Name text={r.title || r.number} />
          </Link>
          <span class="hint block">
            {r.number}
            {r.crisis_tier === 0 && <Badge tone="bad">{q.crisis}</Badge>}
          </span>
        </>
      ),
    },
    {
      key: 'org',
      head: t.case.organisation,
      cell: (r) => (
        <>
          <Name text={r.org_name} />
          <span class="hint block">{q.classRank(r.class, r.rank)}</span>
        </>
      ),
    },
    {
      key: 'severity',
      head: t.case.severity,
      cell: (r) => <SeverityBadge severity={r.severity} />,
    },
    { key: 'tlp', head: 'TLP', cell: (r) => <Tlp label={r.tlp} /> },
    {
      key: 'stage',
      head: t.case.stage,
      cell: (r) => wordFor(t.stages, r.stage),
    },
    {
      key: 'due',
      head: q.due,
      cell: (r) => (
        <Due at={r.due_at} isOverdue={r.is_overdue} name={r.due_name} />
      ),
    },
    {
      key: 'files',
      head: t.case.files,
      numeric: true,
      cell: (r) => r.artefacts,
    },
    {
      key: 'score',
      head: q.score,
      numeric: true,
      cell: (r) => <ScoreBadge score={r.max_score} />,
    },
    {
      key: 'open',
      head: q.open,
      cell: (r) => (
        <>
          {r.unread > 0 && <Badge tone="info">{q.unread(r.unread)}</Badge>}
          {r.tasks_open > 0 && <Badge>{q.tasks(r.tasks_open)}</Badge>}
          {r.unread === 0 && r.tasks_open === 0 && '–'}
        </>
      ),
    },
    {
      key: 'owner',
      head: t.case.owner,
      cell: (r) =>
        r.owner ? (
          <Name
            text={r.owner === me.account ? q.me : (r.owner_name ?? r.owner)}
          />
        ) : can('claim') ? (
          <ActButton
            small
            kind="primary"
            label={q.claim}
            act={async () => {
              await post(path`/cases/${r.number}/claim`);
              pages.reload();
            }}
          />
        ) : (
          '–'
        ),
    },
    {
      key: 'since',
      head: q.since,
      cell: (r) => <Time at={r.created_at} relative />,
    },
  ];

  return (
    <PagedTable
      pages={pages}
      caption={q.title}
      columns={columns}
      rowKey={(r) => r.number}
      rowClass={(r) => (r.is_overdue ? 'overdue' : '')}
      empty={q.empty}
    />
  );
}

function Throughput(props: { days: number }) {
  const load = useLoad(
    (signal) =>
      get<ApiPage<DayStatistics>>('/statistics', { days: props.days }, signal),
    [props.days],
  );

  return (
    <OrMissing load={load}>
      {(data) => <DaysChart days={data.items} />}
    </OrMissing>
  );
}

export default function QueuePage({ query }: PageProps) {
  const { t } = useWords();
  const q = t.staff.queue;
  const { can } = useSession();
  const owner = query.get('owner') ?? 'any';
  const stage = query.get('stage') ?? '';
  const days = Number(query.get('days')) || 30;

  return (
    <Page title={q.title} wide>
      <Card>
        <div class="filters">
          <div role="group" aria-label={q.whose} class="segments">
            {(['any', 'none', 'me'] as const).map((key) => (
              <Button
                key={key}
                small
                pressed={owner === key}
                onClick={() => setQuery({ owner: key === 'any' ? '' : key })}
              >
                {q.owners[key]}
              </Button>
            ))}
          </div>
          <SelectField
            label={t.case.stage}
            value={stage}
            onChange={(value) => setQuery({ stage: value })}
            options={[
              ['', q.allStages],
              ...(
                [
                  'received',
                  'checking',
                  'waiting',
                  'analysing',
                  'in_review',
                  'reported',
                ] as const
              ).map((s) => [s, wordFor(t.stages, s)] as const),
            ]}
          />
          <p class="hint">{q.order}</p>
        </div>
        <QueueTable owner={owner} stage={stage} />
      </Card>
      {can('read_all_orgs', 'metrics_read') && (
        <Card
          title={t.staff.chart.days}
          actions={
            <SelectField
              label={q.period}
              value={String(days)}
              onChange={(value) => setQuery({ days: value })}
              options={[
                ['7', q.days(7)],
                ['30', q.days(30)],
                ['90', q.days(90)],
              ]}
            />
          }
        >
          <Throughput days={days} />
        </Card>
      )}
    </Page>
  );
}
