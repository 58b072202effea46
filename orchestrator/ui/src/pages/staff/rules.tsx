// SPDX-License-Identifier: Apache-2.0
// Rule sets: versions and their way from draft to active, and re-scans.
import { useEffect } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type { Rescan, RuleVersion } from '../../api/staff.js';
import { Card, Meter, Name, Time } from '../../components/basic.js';
import { Link } from '../../components/link.js';
import { Page, type PageProps } from '../../components/page.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { useT, useWords, wordFor } from '../../i18n/index.js';
import { formatNumber, formatSeconds } from '../../lib/format.js';
import { useSession } from '../../session.js';
import { ActButton, StateBadge } from './parts.js';

export function Rescans() {
  const { t, locale } = useWords();
  const r = t.staff.rules;
  const { can } = useSession();
  const pages = usePages<Rescan>('/rescans', {}, 50);
  const isBusy =
    pages.items?.some((x) =>
      ['queued', 'planned', 'running'].includes(x.state),
    ) ?? false;
  const order = (id: number, what: string) => async () => {
    await post(`/rescans/${id}/orders`, { order: what });
    pages.reload();
  };

  useEffect(() => {
    if (!isBusy) return undefined;
    const timer = window.setInterval(pages.reload, 4000);
    return () => window.clearInterval(timer);
  }, [isBusy, pages.reload]);

  return (
    <Card title={r.rescans}>
      <p class="hint">{r.rescansHint}</p>
      <PagedTable
        pages={pages}
        caption={r.rescans}
        empty={r.noRescans}
        rowKey={(x) => x.id}
        columns={[
          {
            key: 'id',
            head: r.rescan,
            isHead: true,
            cell: (x) => (
              <Link href={`/rules/rescans/${x.id}`}>
                {wordFor(r.rescanKinds, x.kind)} {x.id}
              </Link>
            ),
          },
          {
            key: 'versions',
            head: r.versions,
            cell: (x) => `${x.version_from ?? '–'} → ${x.version_to ?? '–'}`,
          },
          {
            key: 'state',
            head: t.common.state,
            cell: (x) => (
              <>
                <StateBadge state={x.state} />
                {(x.state === 'running' || x.state === 'paused') && (
                  <>
                    <Meter value={x.progress} max={100} label={r.progress} />
                    {x.seconds_left !== null && (
                      <span class="hint">{formatSeconds(x.seconds_left)}</span>
                    )}
                  </>
                )}
              </>
            ),
          },
          {
            key: 'scanned',
            head: r.scanned,
            numeric: true,
            cell: (x) =>
              x.scanned === null
                ? '–'
                : `${formatNumber(x.scanned, locale)} / ${x.scope === null ? '–' : formatNumber(x.scope, locale)}`,
          },
          { key: 'new', head: r.newMatches, numeric: true, cell: (x) => x.new },
          { key: 'lost', head: r.lost, numeric: true, cell: (x) => x.lost },
          { key: 'gaps', head: r.gaps, numeric: true, cell: (x) => x.gaps },
          {
            key: 'at',
            head: t.common.time,
            cell: (x) => <Time at={x.started ?? x.created} />,
          },
          {
            key: 'act',
            head: t.common.actions,
            cell: (x) =>
              can('analyse') && (
                <>
                  {x.state === 'running' && (
                    <ActButton
                      small
                      label={r.pause}
                      act={order(x.id, 'pause')}
                    />
                  )}
                  {x.state === 'paused' && (
                    <ActButton
                      small
                      label={r.resume}
                      act={order(x.id, 'resume')}
                    />
                  )}
                  {x.gaps > 0 && x.state === 'done' && (
                    <ActButton
                      small
                      label={r.retryGaps}
                      act={order(x.id, 'retry')}
                    />
                  )}
                </>
              ),
          },
        ]}
      />
    </Card>
  );
}

export default function RulesPage(_props: PageProps) {
  const t = useT();
  const r = t.staff.rules;
  const pages = usePages<RuleVersion>('/rules/versions', {}, 50);

  return (
    <Page title={r.title} wide>
      <Card title={r.versions}>
        <p class="hint">{r.versionsHint}</p>
        <PagedTable
          pages={pages}
          caption={r.versions}
          empty={r.noVersions}
          rowKey={(v) => v.version}
          columns={[
            {
              key: 'version',
              head: r.version,
              isHead: true,
              cell: (v) => (
                <Link href={path`/rules/versions/${v.version}`}>
                  {r.versionOf(v.version)}
                </Link>
              ),
            },
            {
              key: 'state',
              head: t.common.state,
              cell: (v) => <StateBadge state={v.state} />,
            },
            {
              key: 'comment',
              head: r.comment,
              cell: (v) => <Name text={v.comment} />,
            },
            {
              key: 'rules',
              head: r.rules,
              numeric: true,
              cell: (v) => v.rules,
            },
            {
              key: 'author',
              head: r.author,
              cell: (v) => <Name text={v.author_name} />,
            },
            {
              key: 'approver',
              head: r.approver,
              cell: (v) => <Name text={v.approver_name ?? '–'} />,
            },
            {
              key: 'created',
              head: r.created,
              cell: (v) => <Time at={v.created} />,
            },
            {
              key: 'activated',
              head: r.activated,
              cell: (v) => <Time at={v.activated} />,
            },
          ]}
        />
      </Card>
      <Rescans />
    </Page>
  );
}
