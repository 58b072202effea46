// SPDX-License-Identifier: Apache-2.0
// A re-scan: what changed rules mean for what is stored.
import { useEffect } from 'preact/hooks';
import { get, path, post, type Page as ListPage } from '../../api/client.js';
import type { Rescan, RescanChange, RescanGap } from '../../api/staff.js';
import {
  Bytes,
  Card,
  Facts,
  Meter,
  Name,
  Time,
} from '../../components/basic.js';
import { ScoreBadge } from '../../components/charts/artefact_map.js';
import { Link } from '../../components/link.js';
import { Loaded, useLoad } from '../../components/load.js';
import { Page, type PageProps } from '../../components/page.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { useT, useWords, wordFor } from '../../i18n/index.js';
import { formatNumber, formatSeconds } from '../../lib/format.js';
import { navigate } from '../../router.js';
import { useSession } from '../../session.js';
import { ActButton, StateBadge } from './parts.js';

/** Whatever else it is called meanwhile, it goes on until it is one of these. */
const ENDED = ['done', 'cancelled', 'failed'];

function Changes(props: { id: number }) {
  const t = useT();
  const r = t.staff.rules;
  const pages = usePages<RescanChange>(`/rescans/${props.id}/changes`);

  return (
    <Card title={r.diffOfMatches}>
      <PagedTable
        pages={pages}
        caption={r.diffOfMatches}
        empty={r.noChanges}
        rowKey={(c) => c.id}
        rowClass={(c) => `change-${c.what}`}
        columns={[
          {
            key: 'what',
            head: r.change,
            cell: (c) => wordFor(r.matchChanges, c.what),
          },
          {
            key: 'rule',
            head: r.rule,
            isHead: true,
            cell: (c) => <Name text={`${c.namespace}:${c.name}`} />,
          },
          {
            key: 'score',
            head: t.staff.chart.score,
            numeric: true,
            cell: (c) => <ScoreBadge score={c.score} />,
          },
          {
            key: 'artefact',
            head: t.staff.artefact.artefact,
            cell: (c) => (
              <Link href={path`/artefacts/${c.artefact}/findings`}>
                <Name text={c.artefact_name} />
              </Link>
            ),
          },
          {
            key: 'case',
            head: t.case.number,
            cell: (c) => (
              <Link href={path`/cases/${c.case_number}`}>{c.case_number}</Link>
            ),
          },
          { key: 'at', head: t.common.time, cell: (c) => <Time at={c.at} /> },
        ]}
      />
    </Card>
  );
}

function Gaps(props: { id: number }) {
  const t = useT();
  const r = t.staff.rules;
  const pages = usePages<RescanGap>(`/rescans/${props.id}/gaps`);

  return (
    <Card title={r.gaps}>
      <p class="hint">{r.gapsHint}</p>
      <PagedTable
        pages={pages}
        caption={r.gaps}
        empty={r.noGaps}
        rowKey={(g) => g.id}
        columns={[
          {
            key: 'artefact',
            head: t.staff.artefact.artefact,
            isHead: true,
            cell: (g) => (
              <Link href={path`/artefacts/${g.artefact}`}>
                <Name text={g.artefact_name ?? g.artefact} />
              </Link>
            ),
          },
          {
            key: 'rule',
            head: r.rule,
            cell: (g) =>
              g.name ? <Name text={`${g.namespace}:${g.name}`} /> : r.allRules,
          },
          {
            key: 'reason',
            head: t.common.reason,
            cell: (g) => wordFor(r.gapReasons, g.reason),
          },
          { key: 'text', head: r.text, cell: (g) => <Name text={g.text} /> },
          {
            key: 'state',
            head: t.common.state,
            cell: (g) => <StateBadge state={g.state} />,
          },
        ]}
      />
    </Card>
  );
}

export default function RescanPage({ params }: PageProps) {
  const { t, locale } = useWords();
  const r = t.staff.rules;
  const { can } = useSession();
  const id = Number(params['id']) || 0;
  const load = useLoad(
    (signal) => get<Rescan>(`/rescans/${id}`, {}, signal),
    [id],
  );
  const isOpen = load.data !== undefined && !ENDED.includes(load.data.state);
  const order = (what: string) => async () => {
    await post(`/rescans/${id}/orders`, { order: what });
    load.reload();
  };
  /* A re-scan of its own tries them again: on to it. */
  const retry = async () => {
    await order('retry')();
    const newest = await get<ListPage<Rescan>>('/rescans', { limit: 1 });
    if (newest.items[0]) navigate(`/rules/rescans/${newest.items[0].id}`);
  };
  const count = (n: number | null) =>
    n === null ? '–' : formatNumber(n, locale);

  useEffect(() => {
    if (!isOpen) return undefined;
    const timer = window.setInterval(load.reload, 2500);
    return () => window.clearInterval(timer);
  }, [isOpen, load.reload]);

  return (
    <Page
      title={`${wordFor(r.rescanKinds, load.data?.kind ?? 'rescan')} ${id}`}
      above={[['/rules', r.title]]}
      actions={
        load.data &&
        can('analyse') && (
          <>
            {load.data.state === 'running' && (
              <ActButton label={r.pause} act={order('pause')} />
            )}
            {load.data.state === 'paused' && (
              <ActButton label={r.resume} act={order('resume')} />
            )}
            {isOpen && (
              <ActButton
                kind="danger"
                label={t.common.cancel}
                act={order('cancel')}
              />
            )}
            {load.data.state === 'done' && load.data.gaps > 0 && (
              <ActButton label={r.retryGaps} act={retry} />
            )}
          </>
        )
      }
      wide
    >
      <Loaded load={load}>
        {(x) => (
          <>
            <Card>
              <p class="labels">
                <StateBadge state={x.state} />
                {x.seconds_left !== null &&
                  isOpen &&
                  formatSeconds(x.seconds_left)}
                <Name text={x.reason} />
              </p>
              {isOpen && (
                <Meter value={x.progress} max={100} label={r.progress} />
              )}
              <Facts
                items={[
                  [
                    r.versions,
                    <span key="v">
                      {x.version_from ?? '–'} →{' '}
                      {x.version_to === null ? (
                        '–'
                      ) : (
                        <Link href={`/rules/versions/${x.version_to}`}>
                          {x.version_to}
                        </Link>
                      )}
                    </span>,
                  ],
                  [
                    r.toScan,
                    r.ruleCounts(
                      x.rules_scan,
                      x.rules_withdraw,
                      x.rules_relabel,
                    ),
                  ],
                  [r.scope, count(x.scope)],
                  [
                    r.candidates,
                    `${count(x.candidates)}${x.is_indexed || x.candidates === null ? '' : ` (${r.noIndex})`}`,
                  ],
                  [r.scanned, count(x.scanned)],
                  [
                    r.read,
                    x.bytes === null ? '–' : <Bytes key="b" n={x.bytes} />,
                  ],
                  [r.outcome, r.matchCounts(x.new, x.lost, x.changed, x.gaps)],
                  [r.engine, <Name key="e" text={x.engine || '–'} />],
                  [r.created, <Time key="c" at={x.created} />],
                  [t.staff.run.ended, <Time key="e" at={x.ended} />],
                ]}
              />
            </Card>
            <Changes key={`c${x.state}`} id={id} />
            <Gaps key={`g${x.state}`} id={id} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
