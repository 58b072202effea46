// SPDX-License-Identifier: Apache-2.0
// The artefacts of a case: a tree to walk through, and areas by their size.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Artefact } from '../../api/types.js';
import { useT, useWords, wordFor } from '../../i18n/index.js';
import { formatBytes, visibleName } from '../../lib/format.js';
import { byParent, squarified, treeRows } from '../../logic/artefact_tree.js';
import { weightOf } from '../../logic/findings.js';
import { visible } from '../../logic/virtual.js';
import { navigate } from '../../router.js';
import { Badge, Button, Bytes, Name } from '../basic.js';
import { Link } from '../link.js';
import { Table } from '../table.js';
import { Figure, fitted, useWidth } from './figure.js';

const ROW = 34;
const HEIGHT_MAX = 520;
const AREAS_MAX = 400;

export interface TreeArtefact extends Artefact {
  score: number;
}

export function ScoreBadge(props: { score: number | null | undefined }) {
  const t = useT();
  const weight = weightOf(props.score);
  const tone = {
    none: 'neutral',
    low: 'info',
    medium: 'warn',
    high: 'bad',
  } as const;

  return (
    <span title={t.staff.chart.scoreWords[weight]}>
      <Badge tone={tone[weight]}>
        <span class="visually-hidden">{t.staff.chart.score} </span>
        {props.score ?? 0}
      </Badge>
    </span>
  );
}

/** Rows of a tree as the ARIA pattern has it: arrows walk, open and close. */
export function ArtefactTree(props: {
  artefacts: TreeArtefact[];
  current?: string;
  /** there is little room */
  isCompact?: boolean;
}) {
  const t = useT();
  const map = useMemo(() => byParent(props.artefacts), [props.artefacts]);
  const [open, setOpen] = useState<Set<string>>(
    () =>
      new Set(
        props.artefacts.length <= 300 ? props.artefacts.map((a) => a.id) : [],
      ),
  );
  const rows = useMemo(() => treeRows(map, open), [map, open]);
  const [chosen, setChosen] = useState(0);
  const [top, setTop] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const focusNext = useRef(false);
  // Where the next key counts: the focus follows a moment later.
  const at = useRef(0);
  const part = visible(rows.length, ROW, top, HEIGHT_MAX, 10);

  useEffect(() => {
    if (!focusNext.current || !box.current) return;
    focusNext.current = false;
    const y = chosen * ROW;
    if (y < box.current.scrollTop) box.current.scrollTop = y;
    else if (y + ROW > box.current.scrollTop + box.current.clientHeight)
      box.current.scrollTop = y + ROW - box.current.clientHeight;
    requestAnimationFrame(() =>
      box.current
        ?.querySelector<HTMLElement>(`[data-row="${at.current}"]`)
        ?.focus(),
    );
  }, [chosen, rows]);
  const go = (index: number) => {
    focusNext.current = true;
    at.current = Math.min(Math.max(index, 0), rows.length - 1);
    setChosen(at.current);
  };
  const toggle = (id: string) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  const onKey = (event: KeyboardEvent) => {
    const index = Math.min(at.current, rows.length - 1);
    const row = rows[index];
    if (!row) return;
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(index + 1),
      ArrowUp: () => go(index - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      PageDown: () => go(index + 15),
      PageUp: () => go(index - 15),
      ArrowRight: () => {
        if (row.isParent && !row.isOpen) toggle(row.node.id);
        else if (row.isParent) go(index + 1);
      },
      ArrowLeft: () => {
        if (row.isParent && row.isOpen) toggle(row.node.id);
        else {
          let above = index;
          while (above > 0 && rows[above]!.depth >= row.depth) above--;
          go(above);
        }
      },
      Enter: () => navigate(`/artefacts/${row.node.id}`),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  return (
    <div
      class={props.isCompact ? 'tree compact' : 'tree'}
      role="tree"
      aria-label={t.staff.chart.artefacts}
      ref={box}
      style={{ maxHeight: `${HEIGHT_MAX}px` }}
      onScroll={(e) => setTop(e.currentTarget.scrollTop)}
    >
      <div style={{ height: `${part.before}px` }} role="none" />
      {rows.slice(part.first, part.end).map((row, i) => {
        const index = part.first + i;
        const a = row.node;
        return (
          <div
            key={a.id}
            data-row={index}
            role="treeitem"
            class={`tree-row${a.id === props.current ? ' current' : ''}`}
            tabindex={index === Math.min(chosen, rows.length - 1) ? 0 : -1}
            aria-level={row.depth + 1}
            aria-posinset={row.place}
            aria-setsize={row.brothers}
            aria-expanded={row.isParent ? row.isOpen : undefined}
            aria-selected={a.id === props.current}
            style={{
              height: `${ROW}px`,
              paddingInlineStart: `${8 + Math.min(row.depth, 20) * 20}px`,
            }}
            onKeyDown={onKey}
            onFocus={() => {
              at.current = index;
              setChosen(index);
            }}
          >
            <span
              class="twist"
              aria-hidden="true"
              onClick={() => row.isParent && toggle(a.id)}
            >
              {row.isParent ? (row.isOpen ? '▾' : '▸') : '·'}
            </span>
            <span
              class="tree-name"
              onClick={() => navigate(`/artefacts/${a.id}`)}
            >
              <Name text={a.name} />
            </span>
            <span class="hint relation">
              {wordFor(t.staff.words.relation, a.relation ?? 'submitted')}
            </span>
            <code class="hint mime">{a.mime}</code>
            <span class="hint size">
              <Bytes n={a.size} />
            </span>
            <ScoreBadge score={a.score} />
          </div>
        );
      })}
      <div style={{ height: `${part.after}px` }} role="none" />
    </div>
  );
}

export function ArtefactMap(props: { artefacts: TreeArtefact[] }) {
  const { t, locale } = useWords();
  const c = t.staff.chart;
  const [frame, width] = useWidth<HTMLDivElement>(900);
  const [byScore, setByScore] = useState(false);
  const height = 220;
  const areas = useMemo(
    () =>
      squarified(
        [...props.artefacts]
          .sort((a, b) => (byScore ? b.score - a.score : b.size - a.size))
          .slice(0, AREAS_MAX),
        (a) => (byScore ? a.score + 1 : Math.max(a.size, 1) ** 0.5),
        width,
        height,
      ),
    [props.artefacts, width, byScore],
  );
  const desc = c.mapDesc(
    props.artefacts.length,
    props.artefacts.filter((a) => a.score >= 70).length,
  );

  return (
    <Figure
      title={c.artefacts}
      desc={desc}
      controls={
        <Button small pressed={byScore} onClick={() => setByScore(!byScore)}>
          {c.byScore}
        </Button>
      }
      legend={(['none', 'low', 'medium', 'high'] as const).map((w) => (
        <span key={w} class={`key weight-${w}`}>
          {c.scoreWords[w]}
        </span>
      ))}
      picture={(ids) => (
        <div class="chart-frame" ref={frame}>
          <svg
            width={width}
            height={height}
            class="chart artefact-map"
            role="img"
            aria-labelledby={`${ids.title} ${ids.desc}`}
          >
            <title id={ids.title}>{c.artefacts}</title>
            <desc id={ids.desc}>{desc}</desc>
            {areas.map(({ node, x, y, width: w, height: h }) => (
              <g
                key={node.id}
                onClick={() => navigate(`/artefacts/${node.id}`)}
                class="area-link"
              >
                <rect
                  class={`weight-${weightOf(node.score)}`}
                  x={x + 1}
                  y={y + 1}
                  width={Math.max(w - 2, 1)}
                  height={Math.max(h - 2, 1)}
                >
                  <title>{`${visibleName(node.name)} · ${formatBytes(node.size, locale)} · ${node.mime} · ${node.score}`}</title>
                </rect>
                {w > 50 && h > 22 && (
                  <text x={x + 8} y={y + 18} class="strong">
                    {fitted(visibleName(node.name), w - 14)}
                  </text>
                )}
                {w > 60 && h > 40 && (
                  <text x={x + 8} y={y + 34}>
                    {fitted(formatBytes(node.size, locale), w - 14)}
                  </text>
                )}
              </g>
            ))}
          </svg>
        </div>
      )}
      table={() => (
        <Table
          caption={c.artefacts}
          rows={props.artefacts}
          rowKey={(a) => a.id}
          columns={[
            {
              key: 'name',
              head: c.name,
              isHead: true,
              cell: (a) => (
                <Link href={`/artefacts/${a.id}`}>
                  <Name text={a.name} />
                </Link>
              ),
            },
            { key: 'mime', head: c.type, cell: (a) => <code>{a.mime}</code> },
            {
              key: 'size',
              head: c.size,
              numeric: true,
              cell: (a) => <Bytes n={a.size} />,
            },
            {
              key: 'score',
              head: c.score,
              numeric: true,
              cell: (a) => <ScoreBadge score={a.score} />,
            },
          ]}
        />
      )}
    />
  );
}
