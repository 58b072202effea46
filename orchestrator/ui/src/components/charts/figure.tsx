// SPDX-License-Identifier: Apache-2.0
// The frame of a picture: what it is in words, and the same as a table for
// those who would rather read.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useT } from '../../i18n/index.js';
import { Button } from '../basic.js';

export interface FigureIds {
  title: string;
  desc: string;
}

export function Figure(props: {
  title: string;
  /** The title stands above it already. */
  isTitled?: boolean;
  /** What one would see, in a sentence. */
  desc: string;
  picture: (ids: FigureIds) => ComponentChildren;
  table: () => ComponentChildren;
  controls?: ComponentChildren;
  legend?: ComponentChildren;
}) {
  const t = useT();
  const id = useId();
  const [isTable, setTable] = useState(false);
  const ids = { title: `${id}-title`, desc: `${id}-desc` };

  return (
    <figure class="figure">
      <figcaption>
        <span>
          {!props.isTitled && <strong>{props.title} </strong>}
          <span class="hint">{props.desc}</span>
        </span>
        <span class="actions">
          {!isTable && props.controls}
          <Button small onClick={() => setTable(!isTable)} pressed={isTable}>
            {t.staff.chart.asTable}
          </Button>
        </span>
      </figcaption>
      {isTable ? (
        <div class="figure-table">{props.table()}</div>
      ) : (
        <>
          {props.picture(ids)}
          {props.legend && <div class="legend">{props.legend}</div>}
        </>
      )}
    </figure>
  );
}

/** The width that a picture has on the page, in CSS pixels. */
export function useWidth<T extends Element>(
  start: number,
): [{ current: T | null }, number] {
  const ref = useRef<T>(null);
  const [width, setWidth] = useState(start);

  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const measure = () => {
      const now = Math.round(element.getBoundingClientRect().width);
      if (now > 0) setWidth(now);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

/** Text that fits into a width, at about so many pixels a character. */
export function fitted(text: string, width: number, perChar = 7): string {
  const most = Math.max(Math.floor(width / perChar), 1);
  return text.length <= most
    ? text
    : `${text.slice(0, Math.max(most - 1, 1))}…`;
}

/** Arrow keys, Home and End move the focus between marks of a picture. */
export function moveFocus(
  event: KeyboardEvent,
  count: number,
  current: number,
): number | null {
  switch (event.key) {
    case 'ArrowDown':
    case 'ArrowRight':
      return Math.min(current + 1, count - 1);
    case 'ArrowUp':
    case 'ArrowLeft':
      return Math.max(current - 1, 0);
    case 'PageDown':
      return Math.min(current + 20, count - 1);
    case 'PageUp':
      return Math.max(current - 20, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
