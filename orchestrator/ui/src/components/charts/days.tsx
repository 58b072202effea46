// SPDX-License-Identifier: Apache-2.0
// Queue and throughput, day by day.
import type { DayStatistics } from '../../api/staff.js';
import { useWords } from '../../i18n/index.js';
import { formatDate } from '../../lib/format.js';
import { linear, ticks } from '../../logic/scale.js';
import { Table } from '../table.js';
import { Figure, useWidth } from './figure.js';

const HEIGHT = 200;
const TOP = 12;
const BASE = 168;
const LEFT = 34;
const BARS = ['opened', 'reported', 'closed'] as const;

export function DaysChart(props: { days: DayStatistics[] }) {
  const { t, locale } = useWords();
  const c = t.staff.chart;
  const [frame, width] = useWidth<HTMLDivElement>(900);
  const { days } = props;
  const most = days.reduce(
    (m, d) => Math.max(m, d.queue, d.opened, d.reported, d.closed),
    1,
  );
  const y = linear(0, most, BASE, TOP);
  const step = (width - LEFT - 8) / Math.max(days.length, 1);
  const bar = Math.max(Math.min((step - 4) / BARS.length, 12), 1);
  const last = days[days.length - 1];
  const sum = (name: 'opened' | 'closed' | 'reported') =>
    days.reduce((n, d) => n + d[name], 0);
  const desc = c.daysDesc(
    days.length,
    sum('opened'),
    sum('reported'),
    last?.queue ?? 0,
  );
  const every = Math.max(1, Math.ceil(80 / Math.max(step, 1)));
  const line = days
    .map(
      (d, i) =>
        `${i === 0 ? 'M' : 'L'}${(LEFT + (i + 0.5) * step).toFixed(1)} ${y.at(d.queue).toFixed(1)}`,
    )
    .join('');

  return (
    <Figure
      title={c.days}
      isTitled
      desc={desc}
      legend={
        <>
          <span class="key queue">{c.queue}</span>
          {BARS.map((name) => (
            <span key={name} class={`key ${name}`}>
              {c[name]}
            </span>
          ))}
        </>
      }
      picture={(ids) => (
        <div class="chart-frame" ref={frame}>
          <svg
            width={width}
            height={HEIGHT}
            class="chart days"
            role="img"
            aria-labelledby={`${ids.title} ${ids.desc}`}
          >
            <title id={ids.title}>{c.days}</title>
            <desc id={ids.desc}>{desc}</desc>
            <g class="axis">
              {ticks(0, most, 4)
                .filter((n) => Number.isInteger(n))
                .map((n) => (
                  <g key={n}>
                    <line x1={LEFT} x2={width - 8} y1={y.at(n)} y2={y.at(n)} />
                    <text x={LEFT - 6} y={y.at(n) + 4} text-anchor="end">
                      {n}
                    </text>
                  </g>
                ))}
            </g>
            {days.map((d, i) => (
              <g key={d.day}>
                {BARS.map((name, k) => (
                  <rect
                    key={name}
                    class={`bar ${name}`}
                    x={LEFT + (i + 0.5) * step + (k - BARS.length / 2) * bar}
                    y={y.at(d[name])}
                    width={Math.max(bar - 1, 1)}
                    height={BASE - y.at(d[name])}
                  >
                    <title>{`${formatDate(d.day, locale)}: ${c[name]} ${d[name]}`}</title>
                  </rect>
                ))}
                {i % every === 0 && (
                  <text
                    class="tick"
                    x={LEFT + (i + 0.5) * step}
                    y={BASE + 18}
                    text-anchor="middle"
                  >
                    {new Date(d.day).toLocaleDateString(locale, {
                      day: 'numeric',
                      month: 'short',
                    })}
                  </text>
                )}
              </g>
            ))}
            <path class="curve queue" d={line} />
            {days.map((d, i) => (
              <circle
                key={d.day}
                class="queue"
                cx={LEFT + (i + 0.5) * step}
                cy={y.at(d.queue)}
                r={2.5}
              />
            ))}
          </svg>
        </div>
      )}
      table={() => (
        <Table
          caption={c.days}
          rows={days}
          rowKey={(d) => d.day}
          columns={[
            {
              key: 'day',
              head: c.day,
              isHead: true,
              cell: (d) => formatDate(d.day, locale),
            },
            {
              key: 'queue',
              head: c.queue,
              numeric: true,
              cell: (d) => d.queue,
            },
            {
              key: 'opened',
              head: c.opened,
              numeric: true,
              cell: (d) => d.opened,
            },
            {
              key: 'reported',
              head: c.reported,
              numeric: true,
              cell: (d) => d.reported,
            },
            {
              key: 'closed',
              head: c.closed,
              numeric: true,
              cell: (d) => d.closed,
            },
            {
              key: 'artefacts',
              head: c.artefacts,
              numeric: true,
              cell: (d) => d.artefacts,
            },
            { key: 'runs', head: c.runs, numeric: true, cell: (d) => d.runs },
          ]}
        />
      )}
    />
  );
}
