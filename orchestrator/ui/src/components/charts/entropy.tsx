// SPDX-License-Identifier: Apache-2.0
// Entropy along a file, with the places of matches and sections.
import { useState } from 'preact/hooks';
import { useT } from '../../i18n/index.js';
import { entropyWord, type EntropyPoint } from '../../logic/entropy.js';
import type { Mark } from '../../logic/hex.js';
import { linear, offsetTicks } from '../../logic/scale.js';
import { Table } from '../table.js';
import { Figure, fitted, useWidth } from './figure.js';

export interface FilePart {
  name: string;
  offset: number;
  size: number;
}

const HEIGHT = 190;
const TOP = 10;
const BASE = 140;
const LEFT = 30;

function hex(n: number): string {
  return `0x${Math.round(n).toString(16)}`;
}

export function EntropyChart(props: {
  points: EntropyPoint[];
  size: number;
  marks: Mark[];
  parts: FilePart[];
  /** Somebody chose a place. */
  onGo: (offset: number) => void;
}) {
  const t = useT();
  const c = t.staff.chart;
  const [frame, width] = useWidth<HTMLDivElement>(900);
  const [at, setAt] = useState(0);
  const x = linear(0, Math.max(props.size, 1), LEFT, width - 8);
  const y = linear(0, 8, BASE, TOP);
  const { points } = props;
  const high = points.filter((p) => entropyWord(p.bits) === 'packed').length;
  const part = points.length > 0 ? Math.round((100 * high) / points.length) : 0;
  const mean =
    points.reduce((sum, p) => sum + p.bits, 0) / Math.max(points.length, 1);
  let line = '';
  for (const p of points) {
    const from = x.at(p.offset).toFixed(1);
    const to = x.at(p.offset + p.length).toFixed(1);
    const level = y.at(p.bits).toFixed(1);
    line += `${line === '' ? 'M' : 'L'}${from} ${level}L${to} ${level}`;
  }
  const here = points[Math.min(at, points.length - 1)];
  const desc = c.entropyDesc(mean.toFixed(2), part);

  return (
    <Figure
      title={c.entropy}
      isTitled
      desc={desc}
      picture={(ids) => (
        <div class="chart-frame" ref={frame}>
          <svg
            width={width}
            height={HEIGHT}
            class="chart entropy"
            role="group"
            aria-labelledby={`${ids.title} ${ids.desc}`}
          >
            <title id={ids.title}>{c.entropy}</title>
            <desc id={ids.desc}>{desc}</desc>
            <g class="axis" aria-hidden="true">
              {[0, 2, 4, 6, 8].map((bits) => (
                <g key={bits}>
                  <line
                    x1={LEFT}
                    x2={width - 8}
                    y1={y.at(bits)}
                    y2={y.at(bits)}
                  />
                  <text x={LEFT - 6} y={y.at(bits) + 4} text-anchor="end">
                    {bits}
                  </text>
                </g>
              ))}
              {offsetTicks(
                props.size,
                Math.max(2, Math.floor(width / 130)),
              ).map((o) => (
                <text
                  key={o}
                  x={x.at(o)}
                  y={BASE + 16}
                  text-anchor={o === 0 ? 'start' : 'middle'}
                >
                  {hex(o)}
                </text>
              ))}
            </g>
            {points.length > 0 && (
              <>
                <path
                  class="area"
                  d={`${line}L${x.at(points[points.length - 1]!.offset + points[points.length - 1]!.length).toFixed(1)} ${BASE}L${x.at(points[0]!.offset).toFixed(1)} ${BASE}Z`}
                />
                <path class="curve" d={line} />
              </>
            )}
            <g aria-hidden="true">
              {props.parts.map((p, i) => {
                const w = x.at(p.offset + p.size) - x.at(p.offset);
                return (
                  <g
                    key={`${p.name} ${p.offset} ${i}`}
                    class={`part part-${i % 4}`}
                  >
                    <rect
                      x={x.at(p.offset)}
                      y={BASE + 24}
                      width={Math.max(w, 1)}
                      height={16}
                    >
                      <title>{`${p.name} ${hex(p.offset)} – ${hex(p.offset + p.size)}`}</title>
                    </rect>
                    {w > 34 && (
                      <text x={x.at(p.offset) + 4} y={BASE + 36}>
                        {fitted(p.name, w - 8)}
                      </text>
                    )}
                  </g>
                );
              })}
              {props.marks.slice(0, 500).map((m, i) => (
                <path
                  key={`${m.offset} ${i}`}
                  class="match-mark"
                  d={`M${x.at(m.offset)} ${TOP - 8}l-4 -0l4 8l4 -8z`}
                >
                  <title>{`${m.label} ${hex(m.offset)}`}</title>
                </path>
              ))}
            </g>
            {here && (
              <g
                class="cursor"
                role="slider"
                tabindex={0}
                aria-label={c.entropyCursor}
                aria-valuemin={0}
                aria-valuemax={props.size}
                aria-valuenow={here.offset}
                aria-valuetext={`${hex(here.offset)}: ${here.bits.toFixed(2)}, ${c.entropyWords[entropyWord(here.bits)]}`}
                onKeyDown={(event) => {
                  const step: Record<string, number> = {
                    ArrowRight: 1,
                    ArrowUp: 1,
                    ArrowLeft: -1,
                    ArrowDown: -1,
                    PageUp: 16,
                    PageDown: -16,
                    Home: -points.length,
                    End: points.length,
                  };
                  if (event.key === 'Enter') {
                    event.preventDefault();
                    props.onGo(here.offset);
                  } else if (event.key in step) {
                    event.preventDefault();
                    setAt(
                      Math.min(
                        Math.max(at + step[event.key]!, 0),
                        points.length - 1,
                      ),
                    );
                  }
                }}
              >
                <line
                  x1={x.at(here.offset)}
                  x2={x.at(here.offset)}
                  y1={TOP}
                  y2={BASE}
                />
                <circle cx={x.at(here.offset)} cy={y.at(here.bits)} r={5} />
              </g>
            )}
            <rect
              class="hit"
              x={LEFT}
              y={TOP}
              width={Math.max(width - LEFT - 8, 0)}
              height={BASE - TOP}
              onMouseMove={(event) => {
                const box = event.currentTarget.getBoundingClientRect();
                const offset = x.value(LEFT + event.clientX - box.left);
                const index = points.findIndex(
                  (p) => p.offset + p.length > offset,
                );
                if (index >= 0) setAt(index);
              }}
              onClick={() => here && props.onGo(here.offset)}
            />
          </svg>
          {here && (
            <p class="readout" aria-hidden="true">
              {hex(here.offset)}: {here.bits.toFixed(2)} {c.bits} ·{' '}
              {c.entropyWords[entropyWord(here.bits)]}
            </p>
          )}
        </div>
      )}
      table={() => (
        <Table
          caption={c.entropy}
          rows={points}
          rowKey={(p) => p.offset}
          columns={[
            {
              key: 'offset',
              head: c.offset,
              isHead: true,
              numeric: true,
              cell: (p) => hex(p.offset),
            },
            {
              key: 'length',
              head: c.length,
              numeric: true,
              cell: (p) => p.length,
            },
            {
              key: 'bits',
              head: c.bits,
              numeric: true,
              cell: (p) => p.bits.toFixed(3),
            },
            {
              key: 'word',
              head: c.what,
              cell: (p) => c.entropyWords[entropyWord(p.bits)],
            },
          ]}
        />
      )}
    />
  );
}
