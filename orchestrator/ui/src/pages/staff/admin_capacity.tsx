// SPDX-License-Identifier: Apache-2.0
// What the service can take: parts, analysers, places, evidence.
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { get, type Page } from '../../api/client.js';
import type { DayStatistics } from '../../api/staff.js';
import { Bytes, Card, Empty, Facts, Name } from '../../components/basic.js';
import { DaysChart } from '../../components/charts/days.js';
import { Loaded, useLoad } from '../../components/load.js';
import { Table } from '../../components/table.js';
import { useWords } from '../../i18n/index.js';
import { formatNumber, formatSeconds } from '../../lib/format.js';
import { asList, asRecord, asText, inline } from '../../logic/findings.js';
import { useSession } from '../../session.js';
import { OrMissing, StateBadge } from './parts.js';
import { WorkTimes } from './times.js';

/** "name: value", one after the other. */
function members(value: unknown): string {
  return Object.entries(asRecord(value))
    .map(([name, v]) => `${name}: ${inline(v)}`)
    .join(' · ');
}

function Days() {
  const load = useLoad(
    (signal) => get<Page<DayStatistics>>('/statistics', { days: 90 }, signal),
    [],
  );
  return (
    <OrMissing load={load}>{(d) => <DaysChart days={d.items} />}</OrMissing>
  );
}

export function AdminCapacity() {
  const { t, locale } = useWords();
  const c = t.staff.admin.capacity;
  const { isStaff } = useSession();
  const load = useLoad(
    (signal) => get<Record<string, unknown>>('/status', {}, signal),
    [],
  );
  const count = (value: unknown) =>
    typeof value === 'number' ? formatNumber(value, locale) : '–';

  useEffect(() => {
    const timer = window.setInterval(() => {
      if (!document.hidden) load.reload();
    }, 5000);
    return () => window.clearInterval(timer);
  }, [load.reload]);

  return (
    <>
      <Card title={t.staff.chart.days}>
        <Days />
      </Card>
      <WorkTimes />
      <Loaded load={load}>
        {(s) => {
          const evidence = asRecord(s['evidence']);
          const index = asRecord(s['index']);
          const counts = asRecord(s['counts']);
          const jobs = asRecord(s['jobs']);
          const slots = asList(s['vm_slots']).map(asRecord);
          return (
            <>
              <Card title={c.service}>
                <Facts
                  items={[
                    [c.version, asText(s['version'])],
                    [c.uptime, formatSeconds(Number(s['uptime_seconds']) || 0)],
                    [
                      c.vault,
                      <StateBadge key="v" state={asText(s['vault'])} />,
                    ],
                    [
                      c.scheduler,
                      <StateBadge key="s" state={asText(s['scheduler'])} />,
                    ],
                    ...(isStaff
                      ? ([
                          [c.cases, count(counts['cases'])],
                          [c.artefacts, count(counts['artefacts'])],
                        ] as [string, string][])
                      : []),
                    [c.blobs, count(evidence['blobs'])],
                    [
                      c.plain,
                      <Bytes key="b" n={Number(evidence['bytes']) || 0} />,
                    ],
                    [
                      c.stored,
                      <Bytes
                        key="st"
                        n={Number(evidence['stored_bytes']) || 0}
                      />,
                    ],
                    [c.damaged, count(evidence['damaged'])],
                    ...(isStaff
                      ? ([
                          [
                            c.database,
                            <Bytes
                              key="d"
                              n={Number(asRecord(s['database'])['bytes']) || 0}
                            />,
                          ],
                        ] as [string, ComponentChildren][])
                      : []),
                    [
                      c.index,
                      `${count(index['indexed'])} / ${count(index['units'])}`,
                    ],
                    ...Object.entries(jobs).map(
                      ([state, n]) =>
                        [`${c.jobs}: ${state}`, count(n)] as [string, string],
                    ),
                  ]}
                />
              </Card>
              <Card title={c.analysers}>
                <Table
                  caption={c.analysers}
                  rows={asList(s['analysers']).map(asRecord)}
                  rowKey={(a) => asText(a['name'])}
                  columns={[
                    {
                      key: 'name',
                      head: t.common.name,
                      isHead: true,
                      cell: (a) => <code>{asText(a['name'])}</code>,
                    },
                    {
                      key: 'state',
                      head: t.common.state,
                      cell: (a) => <StateBadge state={asText(a['state'])} />,
                    },
                    {
                      key: 'engine',
                      head: c.engine,
                      cell: (a) => <Name text={asText(a['engine'])} />,
                    },
                    {
                      key: 'detail',
                      head: c.detail,
                      cell: (a) => (
                        <Name text={members(a['detail']).slice(0, 300)} />
                      ),
                    },
                  ]}
                />
              </Card>
              <Card title={t.staff.pool.slots}>
                {slots.length === 0 && <Empty>{t.staff.pool.noSlots}</Empty>}
                {slots.length > 0 && (
                  <Table
                    caption={t.staff.pool.slots}
                    rows={slots}
                    rowKey={(a) => asText(a['name'])}
                    columns={[
                      {
                        key: 'name',
                        head: t.common.name,
                        isHead: true,
                        cell: (a) => <code>{asText(a['name'])}</code>,
                      },
                      {
                        key: 'profile',
                        head: t.staff.run.profile,
                        cell: (a) => <Name text={asText(a['profile'])} />,
                      },
                      {
                        key: 'state',
                        head: t.common.state,
                        cell: (a) => <StateBadge state={asText(a['state'])} />,
                      },
                    ]}
                  />
                )}
              </Card>
            </>
          );
        }}
      </Loaded>
    </>
  );
}
