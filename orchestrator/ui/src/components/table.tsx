// SPDX-License-Identifier: Apache-2.0
// Tables.  On a narrow screen each row becomes a card with named values.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface Column<T> {
  key: string;
  head: ComponentChildren;
  cell: (row: T) => ComponentChildren;
  /** right-aligned, figures of one width */
  numeric?: boolean;
  /** what names the row: its header for those who listen */
  isHead?: boolean;
}

export function Table<T>(props: {
  caption: string;
  columns: Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string | number;
  showCaption?: boolean;
  rowClass?: (row: T) => string;
}) {
  const frame = useRef<HTMLDivElement>(null);

  // What does not fit is scrolled, with the keyboard, too.
  useEffect(() => {
    const check = () => {
      const e = frame.current;
      if (!e) return;
      const isWide = e.scrollWidth > e.clientWidth;
      for (const [name, value] of [
        ['tabindex', '0'],
        ['role', 'region'],
        ['aria-label', props.caption],
      ] as const)
        if (isWide) e.setAttribute(name, value);
        else e.removeAttribute(name);
    };
    check();
    window.addEventListener('resize', check);
    return () => window.removeEventListener('resize', check);
  });
  return (
    <div class="table-frame" ref={frame}>
      <table>
        <caption class={props.showCaption ? '' : 'visually-hidden'}>
          {props.caption}
        </caption>
        <thead>
          <tr>
            {props.columns.map((c) => (
              <th key={c.key} scope="col" class={c.numeric ? 'numeric' : ''}>
                {c.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.rowKey(row)} class={props.rowClass?.(row) ?? ''}>
              {props.columns.map((c) => (
                <Cell key={c.key} column={c} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell<T>(props: { column: Column<T>; row: T }) {
  const c = props.column;
  const label = typeof c.head === 'string' ? c.head : undefined;
  const content = c.cell(props.row);

  return c.isHead ? (
    <th scope="row" data-label={label} class={c.numeric ? 'numeric' : ''}>
      {content}
    </th>
  ) : (
    <td data-label={label} class={c.numeric ? 'numeric' : ''}>
      {content}
    </td>
  );
}
