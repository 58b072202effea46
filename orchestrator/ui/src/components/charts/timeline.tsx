// SPDX-License-Identifier: Apache-2.0
// What a run did over time, in lanes; a stretch can be looked at closer.
import { useMemo, useState } from 'preact/hooks';
import { useT, wordFor } from '../../i18n/index.js';
import { visibleName } from '../../lib/format.js';
import { formatMs, linear, ticks } from '../../logic/scale.js';
import {
  LANES,
  buckets,
  laneOf,
  type TimelineEvent,
} from '../../logic/timeline.js';
import { Button, Name } from '../basic.js';
import { Table } from '../table.js';
import { Figure, moveFocus, useWidth } from './figure.js';

const LANE = 34;
const LEFT = 92;
const HEAD = 26;
const CELL = 12;
/** Rows of the list below the picture; a stretch has to be chosen beyond. */
const LIST_MAX = 400;

export function Timeline(props: { events: TimelineEvent[] }) {
  const t = useT();
  const c = t.staff.chart;
  const whole = useMemo(
    () => props.events.reduce((m, e) => Math.max(m, e.at_ms), 1),
    [props.events],
  );
  const [range, setRange] = useState<[number, number] | null>(null);
  const [chosen, setChosen] = useState(-1);
  const [focused, setFocused] = useState(0);
  const [frame, width] = useWidth<HTMLDivElement>(900);
  const [min, max] = range ?? [0, whole];
  const columns = Math.max(Math.floor((width - LEFT - 12) / CELL), 4);
  const x = linear(min, max, LEFT, LEFT + columns * CELL);
  const marks = useMemo(
    () => buckets(props.events, min, max, columns),
    [props.events, min, max, columns],
  );
  const lanes = LANES.filter((lane) =>
    props.events.some((e) => laneOf(e.class) === lane),
  );
  const most = marks.reduce((m, b) => Math.max(m, b.events.length), 1);
  const picked = chosen >= 0 ? marks[chosen] : undefined;
  const shown = (
    picked
      ? picked.events
      : props.events.filter((e) => e.at_ms >= min && e.at_ms <= max)
  ).slice(0, LIST_MAX);
  const zoom = (factor: number) => {
    const middle = picked ? picked.events[0]!.at_ms : (min + max) / 2;
    const half = Math.max(((max - min) / 2) * factor, 5);
    const from = Math.max(Math.min(middle - half, whole - 2 * half), 0);
    setChosen(-1);
    setRange(2 * half >= whole ? null : [from, from + 2 * half]);
  };
  const pan = (part: number) => {
    const by = (max - min) * part;
    const from = Math.min(
      Math.max(min + by, 0),
      Math.max(whole - (max - min), 0),
    );
    setChosen(-1);
    setRange(range ? [from, from + (max - min)] : null);
  };
  const list = () => (
    <Table
      caption={c.timeline}
      rows={shown.map((e, i) => ({ ...e, i }))}
      rowKey={(e) => e.i}
      columns={[
        {
          key: 'at',
          head: c.at,
          numeric: true,
          cell: (e) => formatMs(e.at_ms),
        },
        { key: 'what', head: c.what, cell: (e) => wordFor(c.events, e.class) },
        {
          key: 'text',
          head: c.detail,
          isHead: true,
          cell: (e) => <Name text={e.text} />,
        },
        { key: 'image', head: c.image, cell: (e) => <Name text={e.image} /> },
      ]}
    />
  );

  return (
    <>
      <Figure
        title={c.timeline}
        desc={c.timelineDesc(props.events.length, formatMs(whole))}
        controls={
          <>
            <Button
              small
              onClick={() => pan(-0.5)}
              disabled={!range}
              label={c.earlier}
            >
              ◂
            </Button>
            <Button small onClick={() => zoom(0.4)} label={c.zoomIn}>
              +
            </Button>
            <Button
              small
              onClick={() => zoom(2.5)}
              disabled={!range}
              label={c.zoomOut}
            >
              −
            </Button>
            <Button
              small
              onClick={() => pan(0.5)}
              disabled={!range}
              label={c.later}
            >
              ▸
            </Button>
          </>
        }
        picture={(ids) => (
          <div class="chart-frame" ref={frame}>
            <svg
              width={width}
              height={HEAD + lanes.length * LANE + 6}
              class="chart timeline"
              role="group"
              aria-labelledby={`${ids.title} ${ids.desc}`}
            >
              <title id={ids.title}>{c.timeline}</title>
              <desc id={ids.desc}>
                {c.timelineDesc(props.events.length, formatMs(whole))}
              </desc>
              <g class="axis" aria-hidden="true">
                {ticks(
                  min,
                  max,
                  Math.max(2, Math.floor((width - LEFT) / 100)),
                ).map((at) => (
                  <g key={at}>
                    <line
                      x1={x.at(at)}
                      x2={x.at(at)}
                      y1={HEAD - 6}
                      y2={HEAD + lanes.length * LANE}
                    />
                    <text x={x.at(at)} y={14} text-anchor="middle">
                      {formatMs(at)}
                    </text>
                  </g>
                ))}
              </g>
              {lanes.map((lane, i) => (
                <g key={lane} aria-hidden="true">
                  <rect
                    class={`lane${i % 2 ? ' odd' : ''}`}
                    x={0}
                    y={HEAD + i * LANE}
                    width={width}
                    height={LANE}
                  />
                  <text class="strong" x={8} y={HEAD + i * LANE + LANE / 2 + 4}>
                    {c.lanes[lane]}
                  </text>
                </g>
              ))}
              {marks.map((mark, i) => {
                const size =
                  6 + (LANE - 14) * Math.sqrt(mark.events.length / most);
                const y =
                  HEAD + lanes.indexOf(mark.lane) * LANE + (LANE - size) / 2;
                return (
                  <rect
                    key={`${mark.lane} ${mark.column}`}
                    data-mark={i}
                    class={`mark lane-${mark.lane}${i === chosen ? ' chosen' : ''}`}
                    x={LEFT + mark.column * CELL + 1}
                    y={y}
                    width={CELL - 2}
                    height={size}
                    rx={2}
                    role="button"
                    tabindex={
                      i === Math.min(focused, marks.length - 1) ? 0 : -1
                    }
                    aria-pressed={i === chosen}
                    aria-label={c.markLabel(
                      c.lanes[mark.lane],
                      mark.events.length,
                      formatMs(mark.events[0]!.at_ms),
                      visibleName(mark.events[0]!.text).slice(0, 120),
                    )}
                    onClick={() => setChosen(i === chosen ? -1 : i)}
                    onFocus={() => setFocused(i)}
                    onKeyDown={(event) => {
                      if (event.key === 'Enter' || event.key === ' ') {
                        event.preventDefault();
                        setChosen(i === chosen ? -1 : i);
                        return;
                      }
                      const next = moveFocus(event, marks.length, i);
                      if (next === null) return;
                      event.preventDefault();
                      setFocused(next);
                      frame.current
                        ?.querySelector<SVGRectElement>(`[data-mark="${next}"]`)
                        ?.focus();
                    }}
                  >
                    <title>
                      {`${formatMs(mark.events[0]!.at_ms)} ${visibleName(mark.events[0]!.text).slice(0, 200)}${mark.events.length > 1 ? ` (+${mark.events.length - 1})` : ''}`}
                    </title>
                  </rect>
                );
              })}
            </svg>
          </div>
        )}
        table={list}
      />
      <div
        aria-live="polite"
        class="timeline-list"
        role="region"
        aria-label={c.timeline}
        tabindex={0}
      >
        {picked && (
          <p>
            <Button small onClick={() => setChosen(-1)}>
              {c.showAll}
            </Button>
          </p>
        )}
        {list()}
      </div>
    </>
  );
}
