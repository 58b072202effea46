// SPDX-License-Identifier: Apache-2.0
// How long the work takes, by month and class, and what is late now.
import { get, type Page } from '../../api/client.js';
import type { ClassNow, MonthTimes } from '../../api/staff.js';
import { Card, Empty } from '../../components/basic.js';
import { useLoad } from '../../components/load.js';
import { Table } from '../../components/table.js';
import { useWords } from '../../i18n/index.js';
import { formatSpan } from '../../lib/format.js';
import { OrMissing } from './parts.js';

function Classes() {
  const { t } = useWords();
  const c = t.staff.chart;
  const load = useLoad(
    (signal) => get<Page<ClassNow>>('/statistics/classes', {}, signal),
    [],
  );
  const columns = [
    ['open', c.open],
    ['waiting', c.queue],
    ['late_triage', c.lateTriage],
    ['late_report', c.lateReport],
  ] as const;

  return (
    <OrMissing load={load}>
      {(data) =>
        data.items.length === 0 ? (
          <Empty>{c.noneOpen}</Empty>
        ) : (
          <Table
            caption={c.classes}
            showCaption
            rows={data.items}
            rowKey={(r) => r.class}
            columns={[
              {
                key: 'class',
                head: c.class,
                isHead: true,
                cell: (r) => r.class,
              },
              ...columns.map(([key, head]) => ({
                key,
                head,
                numeric: true,
                cell: (r: ClassNow) => r[key],
              })),
            ]}
          />
        )
      }
    </OrMissing>
  );
}

function Months() {
  const { t, locale } = useWords();
  const c = t.staff.chart;
  const load = useLoad(
    (signal) =>
      get<Page<MonthTimes>>('/statistics/times', { months: 12 }, signal),
    [],
  );
  const month = (r: MonthTimes) =>
    new Date(`${r.month}-01T00:00:00Z`).toLocaleDateString(locale, {
      year: 'numeric',
      month: 'long',
      timeZone: 'UTC',
    });

  return (
    <OrMissing load={load}>
      {(data) =>
        data.items.length === 0 ? (
          <Empty>{c.noTimes}</Empty>
        ) : (
          <Table
            caption={c.times}
            showCaption
            rows={[...data.items].reverse()}
            rowKey={(r) => `${r.month} ${r.class} ${r.what}`}
            columns={[
              { key: 'month', head: c.month, isHead: true, cell: month },
              { key: 'class', head: c.class, cell: (r) => r.class },
              { key: 'what', head: c.until, cell: (r) => c.untilWords[r.what] },
              {
                key: 'count',
                head: c.cases,
                numeric: true,
                cell: (r) => r.count,
              },
              {
                key: 'late',
                head: c.late,
                numeric: true,
                cell: (r) => r.late ?? '–',
              },
              {
                key: 'half',
                head: c.half,
                numeric: true,
                cell: (r) => formatSpan(r.half_s, locale),
              },
              {
                key: 'most',
                head: c.most,
                numeric: true,
                cell: (r) => formatSpan(r.most_s, locale),
              },
              {
                key: 'max',
                head: c.longest,
                numeric: true,
                cell: (r) => formatSpan(r.max_s, locale),
              },
            ]}
          />
        )
      }
    </OrMissing>
  );
}

export function WorkTimes() {
  const { t } = useWords();

  return (
    <Card title={t.staff.chart.times}>
      <Classes />
      <Months />
    </Card>
  );
}
