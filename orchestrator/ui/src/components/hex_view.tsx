// SPDX-License-Identifier: Apache-2.0
// The bytes of an artefact, a page at a time, with marks and a cursor.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useT } from '../i18n/index.js';
import {
  HEX_COLUMNS,
  formatOffset,
  hexRows,
  offsetDigits,
  pageStart,
  parseOffset,
  type Mark,
} from '../logic/hex.js';
import { Button, Spinner } from './basic.js';
import type { ByteSource } from './bytes.js';
import { TextField } from './form.js';
import { ProblemAlert } from './load.js';

const ROWS = 32;
const PAGE = ROWS * HEX_COLUMNS;
const TONES = 6;

/** The bytes at the cursor as the numbers that they may be. */
function Inspector(props: { bytes: Uint8Array; at: number; offset: number }) {
  const t = useT();
  const x = t.staff.hex;
  const rest = props.bytes.slice(props.at, props.at + 8);
  const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
  const values: [string, string][] = [];

  if (rest.length >= 1) {
    values.push(['u8', String(view.getUint8(0))]);
    values.push(['bits', view.getUint8(0).toString(2).padStart(8, '0')]);
  }
  if (rest.length >= 2)
    values.push(
      ['u16 le', String(view.getUint16(0, true))],
      ['u16 be', String(view.getUint16(0))],
    );
  if (rest.length >= 4)
    values.push(
      ['u32 le', String(view.getUint32(0, true))],
      ['u32 be', String(view.getUint32(0))],
    );
  if (rest.length >= 8)
    values.push(['u64 le', String(view.getBigUint64(0, true))]);
  return (
    <dl class="facts tight inspector" aria-live="polite">
      <div>
        <dt>{x.offset}</dt>
        <dd>
          <code>
            0x{props.offset.toString(16)} ({props.offset})
          </code>
        </dd>
      </div>
      {values.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <code>{value}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function HexView(props: {
  source: ByteSource;
  marks: Mark[];
  cursor: number;
  onCursor: (offset: number) => void;
}) {
  const t = useT();
  const x = t.staff.hex;
  const { source, marks, cursor, onCursor } = props;
  const { size } = source;
  const [from, setFrom] = useState(() => pageStart(cursor, PAGE, size));
  const [bytes, setBytes] = useState<Uint8Array | null>(null);
  const [error, setError] = useState<unknown>(undefined);
  const [goTo, setGoTo] = useState('');
  const [isWrong, setWrong] = useState(false);
  const [round, setRound] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const digits = offsetDigits(size);

  useEffect(() => {
    if (cursor < from || cursor >= from + PAGE)
      setFrom(pageStart(cursor, PAGE, size));
  }, [cursor]);
  useEffect(() => {
    let isOver = false;
    source.read(from, PAGE).then(
      (read) => {
        if (isOver) return;
        setBytes(read);
        setError(undefined);
      },
      (e: unknown) => {
        if (!isOver) setError(e);
      },
    );
    return () => {
      isOver = true;
    };
  }, [source, from, round]);
  const rows = useMemo(
    () => (bytes ? hexRows(bytes, from, marks) : []),
    [bytes, marks],
  );
  const move = (to: number) =>
    onCursor(Math.min(Math.max(to, 0), Math.max(size - 1, 0)));
  const turn = (pages: number) => {
    const next = pageStart(Math.max(from + pages * PAGE, 0), PAGE, size);
    setFrom(next);
    move(next + (cursor - from));
  };
  const next = (direction: 1 | -1) => {
    const sorted = [...new Set(marks.map((m) => m.offset))].sort(
      (a, b) => a - b,
    );
    const found =
      direction === 1
        ? sorted.find((o) => o > cursor)
        : sorted.reverse().find((o) => o < cursor);
    if (found !== undefined) {
      setFrom(pageStart(Math.max(found - 4 * HEX_COLUMNS, 0), PAGE, size));
      move(found);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    const acts: Record<string, () => void> = {
      PageDown: () => turn(1),
      PageUp: () => turn(-1),
      ArrowRight: () => move(cursor + 1),
      ArrowLeft: () => move(cursor - 1),
      ArrowDown: () => move(cursor + HEX_COLUMNS),
      ArrowUp: () => move(cursor - HEX_COLUMNS),
      Home: () => move(event.ctrlKey ? 0 : cursor - (cursor % HEX_COLUMNS)),
      End: () =>
        move(
          event.ctrlKey
            ? size - 1
            : cursor - (cursor % HEX_COLUMNS) + HEX_COLUMNS - 1,
        ),
      n: () => next(1),
      p: () => next(-1),
      g: () =>
        document.querySelector<HTMLInputElement>('.hex-tools input')?.focus(),
    };
    const act = acts[event.key];
    if (!act || event.altKey || event.metaKey) return;
    event.preventDefault();
    act();
  };
  const under = bytes
    ? marks.filter((m) => cursor >= m.offset && cursor < m.offset + m.length)
    : [];

  return (
    <div class="hex">
      <form
        class="hex-tools"
        onSubmit={(event) => {
          event.preventDefault();
          const to = parseOffset(goTo, cursor, size);
          setWrong(to === null);
          if (to === null) return;
          move(to);
          box.current?.focus();
        }}
      >
        <TextField
          label={x.goTo}
          hint={x.goToHint}
          value={goTo}
          onChange={setGoTo}
          spellcheck={false}
          autocomplete="off"
          error={isWrong ? x.outside : undefined}
        />
        <Button type="submit">{x.go}</Button>
        <Button onClick={() => turn(-1)} disabled={from === 0}>
          {x.before}
        </Button>
        <Button onClick={() => turn(1)} disabled={from + PAGE >= size}>
          {x.after}
        </Button>
        <Button onClick={() => next(-1)} disabled={marks.length === 0}>
          {x.markBefore}
        </Button>
        <Button onClick={() => next(1)} disabled={marks.length === 0}>
          {x.markAfter}
        </Button>
      </form>
      {error ? (
        <ProblemAlert error={error} retry={() => setRound(round + 1)} />
      ) : null}
      {!bytes && !error && <Spinner />}
      {bytes && (
        <div class="hex-frame">
          <div
            class="hex-rows"
            role="application"
            tabIndex={0}
            ref={box}
            aria-label={x.label}
            aria-roledescription={x.role}
            aria-describedby="hex-help"
            onKeyDown={onKey}
          >
            {rows.map((row) => (
              <div class="hex-row" key={row.offset}>
                <span class="hex-offset">
                  {formatOffset(row.offset, digits)}
                </span>
                <span class="hex-bytes">
                  {row.cells.map((cell, i) => (
                    <span
                      key={cell.offset}
                      class={`byte${cell.mark >= 0 ? ` mark-${cell.mark % TONES}` : ''}${cell.offset === cursor ? ' cursor' : ''}${i === 8 ? ' half' : ''}`}
                      title={
                        cell.mark >= 0 ? marks[cell.mark]?.label : undefined
                      }
                      onClick={() => move(cell.offset)}
                    >
                      {cell.hex}
                    </span>
                  ))}
                </span>
                <span class="hex-text" aria-hidden="true">
                  {row.cells.map((cell) => (
                    <span
                      key={cell.offset}
                      class={`${cell.mark >= 0 ? `mark-${cell.mark % TONES}` : ''}${cell.offset === cursor ? ' cursor' : ''}`}
                      onClick={() => move(cell.offset)}
                    >
                      {cell.char}
                    </span>
                  ))}
                </span>
              </div>
            ))}
          </div>
          <div class="hex-side">
            <Inspector bytes={bytes} at={cursor - from} offset={cursor} />
            {under.length > 0 && (
              <ul class="under">
                {under.slice(0, 8).map((m) => (
                  <li
                    key={`${m.label} ${m.offset}`}
                    class={`mark-${marks.indexOf(m) % TONES}`}
                  >
                    {m.label}
                  </li>
                ))}
              </ul>
            )}
            <p class="hint" id="hex-help">
              {x.help}
            </p>
          </div>
        </div>
      )}
      <p class="hint">
        {x.position(
          formatOffset(from, digits),
          formatOffset(Math.min(from + PAGE, size), digits),
          formatOffset(size, digits),
        )}
      </p>
    </div>
  );
}
