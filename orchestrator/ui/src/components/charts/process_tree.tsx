// SPDX-License-Identifier: Apache-2.0
// The processes of a run: who started whom, from when to when.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useT } from '../../i18n/index.js';
import { visibleName } from '../../lib/format.js';
import { processRows, type ProcessFact } from '../../logic/process_tree.js';
import { formatMs, linear, ticks } from '../../logic/scale.js';
import { visible } from '../../logic/virtual.js';
import { Facts, Name } from '../basic.js';
import { Table } from '../table.js';
import { Figure, fitted, moveFocus, useWidth } from './figure.js';

const ROW = 26;
const STEP = 16;
const HEAD = 24;
const HEIGHT_MAX = 560;

function tone(p: ProcessFact): string {
  if (p.is_injected) return 'bad';
  return /^exit 0$/.test(p.exit_status ?? '') || !p.exit_status
    ? 'info'
    : /still/.test(p.exit_status)
      ? 'warn'
      : 'neutral';
}

function baseName(path: string): string {
  return path.split('/').pop() || path;
}

export function ProcessTree(props: { processes: ProcessFact[] }) {
  const t = useT();
  const c = t.staff.chart;
  const rows = useMemo(() => processRows(props.processes), [props.processes]);
  const end = useMemo(
    () =>
      rows.reduce(
        (m, r) => Math.max(m, r.process.end_ms ?? 0, r.process.start_ms),
        1,
      ),
    [rows],
  );
  const [chosen, setChosen] = useState(0);
  const [top, setTop] = useState(0);
  const [frame, width] = useWidth<HTMLDivElement>(900);
  const focusNext = useRef(false);
  const left = Math.round(Math.min(Math.max(width * 0.55, 220), 620));
  const x = linear(0, end, left + 10, width - 14);
  const height = rows.length * ROW;
  const window_ = visible(rows.length, ROW, top, HEIGHT_MAX, 8);
  const selected = rows[chosen]?.process;

  useEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    const box = frame.current;
    const y = chosen * ROW;
    if (box && y < box.scrollTop) box.scrollTop = y;
    else if (box && y + ROW + HEAD > box.scrollTop + box.clientHeight)
      box.scrollTop = y + ROW + HEAD - box.clientHeight;
    requestAnimationFrame(() =>
      box?.querySelector<SVGGElement>(`[data-row="${chosen}"]`)?.focus(),
    );
  }, [chosen]);

  return (
    <>
      <Figure
        title={c.processes}
        desc={c.processesDesc(rows.length, formatMs(end))}
        picture={(ids) => (
          <div
            class="chart-frame"
            ref={frame}
            style={{ maxHeight: `${HEIGHT_MAX}px` }}
            onScroll={(e) => setTop(e.currentTarget.scrollTop)}
          >
            <svg
              width={width}
              height={height + HEAD}
              class="chart process-tree"
              role="group"
              aria-labelledby={`${ids.title} ${ids.desc}`}
            >
              <title id={ids.title}>{c.processes}</title>
              <desc id={ids.desc}>
                {c.processesDesc(rows.length, formatMs(end))}
              </desc>
              <g class="axis" aria-hidden="true">
                {ticks(
                  0,
                  end,
                  Math.max(2, Math.floor((width - left) / 90)),
                ).map((at) => (
                  <g key={at}>
                    <line
                      x1={x.at(at)}
                      x2={x.at(at)}
                      y1={HEAD - 4}
                      y2={height + HEAD}
                    />
                    <text x={x.at(at)} y={14} text-anchor="middle">
                      {formatMs(at)}
                    </text>
                  </g>
                ))}
              </g>
              {rows.slice(window_.first, window_.end).map((row, i) => {
                const index = window_.first + i;
                const p = row.process;
                const y = HEAD + index * ROW;
                const indent = 8 + row.depth * STEP;
                const from = x.at(p.start_ms);
                const to = x.at(p.end_ms ?? end);
                return (
                  <g
                    key={p.id}
                    data-row={index}
                    class={`row tone-${tone(p)}${index === chosen ? ' chosen' : ''}`}
                    role="button"
                    tabindex={index === chosen ? 0 : -1}
                    aria-pressed={index === chosen}
                    onClick={() => setChosen(index)}
                    onFocus={() => setChosen(index)}
                    onKeyDown={(event) => {
                      const next = moveFocus(event, rows.length, index);
                      if (next === null) return;
                      event.preventDefault();
                      focusNext.current = true;
                      setChosen(next);
                    }}
                  >
                    <title>
                      {c.processLabel(
                        row.depth + 1,
                        visibleName(p.command_line || p.image),
                        p.pid,
                        formatMs(p.start_ms),
                        p.exit_status ?? '',
                      )}
                    </title>
                    <rect
                      class="hit"
                      x={1}
                      y={y + 1}
                      width={width - 2}
                      height={ROW - 2}
                      rx={3}
                    />
                    <g class="links">
                      {row.lines.map(
                        (goesOn, level) =>
                          goesOn && (
                            <line
                              key={level}
                              x1={14 + level * STEP}
                              x2={14 + level * STEP}
                              y1={y}
                              y2={y + ROW}
                            />
                          ),
                      )}
                      {row.depth > 0 && (
                        <path
                          d={`M${14 + (row.depth - 1) * STEP} ${y}V${row.isLast ? y + ROW / 2 : y + ROW}M${14 + (row.depth - 1) * STEP} ${y + ROW / 2}H${indent + 2}`}
                        />
                      )}
                    </g>
                    <circle
                      class="dot"
                      cx={indent + 6}
                      cy={y + ROW / 2}
                      r={4}
                    />
                    <text x={indent + 16} y={y + 17}>
                      <tspan class="strong">
                        {fitted(visibleName(baseName(p.image)), 130)}
                      </tspan>{' '}
                      <tspan class="soft">
                        {fitted(
                          visibleName(p.command_line),
                          left -
                            indent -
                            40 -
                            Math.min(baseName(p.image).length * 7.4, 130),
                          6.6,
                        )}
                      </tspan>
                    </text>
                    <rect
                      class="bar"
                      x={from}
                      y={y + 8}
                      width={Math.max(to - from, 3)}
                      height={ROW - 16}
                      rx={2}
                    />
                  </g>
                );
              })}
            </svg>
          </div>
        )}
        table={() => (
          <Table
            caption={c.processes}
            rows={rows}
            rowKey={(r) => r.process.id}
            columns={[
              {
                key: 'pid',
                head: c.pid,
                numeric: true,
                cell: (r) => r.process.pid,
              },
              {
                key: 'depth',
                head: c.level,
                numeric: true,
                cell: (r) => r.depth + 1,
              },
              {
                key: 'image',
                head: c.image,
                isHead: true,
                cell: (r) => <Name text={r.process.image} />,
              },
              {
                key: 'command',
                head: c.command,
                cell: (r) => <Name text={r.process.command_line} />,
              },
              {
                key: 'start',
                head: c.start,
                numeric: true,
                cell: (r) => formatMs(r.process.start_ms),
              },
              {
                key: 'end',
                head: c.end,
                numeric: true,
                cell: (r) =>
                  r.process.end_ms === null ? '–' : formatMs(r.process.end_ms),
              },
              {
                key: 'status',
                head: c.exit,
                cell: (r) => r.process.exit_status ?? '',
              },
            ]}
          />
        )}
      />
      {selected && (
        <div class="chosen-process" aria-live="polite">
          <Facts
            items={[
              [c.command, <Name key="c" text={selected.command_line} />],
              [c.image, <Name key="i" text={selected.image} />],
              [c.folder, <Name key="d" text={selected.directory ?? ''} />],
              [c.pid, String(selected.pid)],
              [
                c.user,
                selected.uid === 0 ? 'root' : `uid ${selected.uid ?? '?'}`,
              ],
              [
                c.lifetime,
                `${formatMs(selected.start_ms)} – ${selected.end_ms === null ? c.stillRunning : formatMs(selected.end_ms)}`,
              ],
              [c.exit, selected.exit_status || '–'],
            ]}
          />
        </div>
      )}
    </>
  );
}
