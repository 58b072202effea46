// SPDX-License-Identifier: Apache-2.0
// Lists that come in pages: the next one is added when it is asked for.
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { get, type Page } from '../api/client.js';
import { useT } from '../i18n/index.js';
import { Button, Empty, Spinner } from './basic.js';
import { TextField } from './form.js';
import { ProblemAlert, isMissing } from './load.js';
import { Table, type Column } from './table.js';

export interface Pages<T> {
  items: T[] | undefined;
  hasMore: boolean;
  isLoading: boolean;
  error: unknown;
  more: () => void;
  reload: () => void;
}

type Query = Record<string, string | number | boolean | undefined | null>;

/** What is held in memory; a list beyond it has to be filtered. */
export const ITEMS_MAX = 20_000;

/** The list at `to`; null asks for nothing. */
export function usePages<T>(
  to: string | null,
  query: Query = {},
  limit = 100,
): Pages<T> {
  const [items, setItems] = useState<T[] | undefined>(undefined);
  const [next, setNext] = useState<string | null>(null);
  const [isLoading, setLoading] = useState(to !== null);
  const [error, setError] = useState<unknown>(undefined);
  const [round, setRound] = useState(0);
  const key = JSON.stringify([to, query, limit]);
  const shown = useRef('');
  const stop = useRef<AbortController | null>(null);

  const ask = useCallback(
    (cursor: string, before: T[]) => {
      if (to === null) return;
      stop.current?.abort();
      const control = new AbortController();
      stop.current = control;
      setLoading(true);
      get<Page<T>>(to, { limit, ...query, cursor }, control.signal).then(
        (page) => {
          if (control.signal.aborted) return;
          setItems([...before, ...page.items]);
          setNext(page.next);
          setError(undefined);
          setLoading(false);
        },
        (e: unknown) => {
          if (control.signal.aborted) return;
          setError(e);
          setLoading(false);
        },
      );
    },
    [key],
  );

  useEffect(() => {
    if (shown.current !== key) {
      setItems(undefined);
      setError(undefined);
    }
    shown.current = key;
    ask('', []);
    return () => stop.current?.abort();
  }, [key, round]);

  return {
    items,
    hasMore: next !== null && (items?.length ?? 0) < ITEMS_MAX,
    isLoading,
    error,
    more: () => next !== null && ask(next, items ?? []),
    reload: useCallback(() => setRound((n) => n + 1), []),
  };
}

/** What is there so far, without that in which the typed words do not occur;
 *  `text` = what is searched of an item. */
export function useFiltered<T>(
  pages: Pages<T>,
  text: (item: T) => string,
): { shown: Pages<T>; field: ComponentChildren } {
  const t = useT();
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();

  return {
    shown: {
      ...pages,
      items: pages.items?.filter(
        (item) => wanted === '' || text(item).toLowerCase().includes(wanted),
      ),
    },
    field: (
      <TextField
        label={t.staff.case.filter}
        type="search"
        value={filter}
        onChange={setFilter}
      />
    ),
  };
}

/** Button for the next page, or nothing where there is none. */
export function MoreButton<T>(props: { pages: Pages<T> }) {
  const t = useT();
  const { pages } = props;

  if (!pages.hasMore) return null;
  return (
    <p class="more">
      <Button onClick={pages.more} busy={pages.isLoading}>
        {t.staff.common.more}
      </Button>{' '}
      <span class="hint">{t.staff.common.shown(pages.items?.length ?? 0)}</span>
    </p>
  );
}

/** Shows `children` with what is there so far, or why there is nothing. */
export function PagesLoaded<T>(props: {
  pages: Pages<T>;
  empty: ComponentChildren;
  children: (items: T[]) => ComponentChildren;
  /** where the server answers 404 */
  missing?: ComponentChildren;
}) {
  const t = useT();
  const { items, error, isLoading, reload } = props.pages;

  if (error && isMissing(error) && !items)
    return <Empty>{props.missing ?? t.staff.common.routeMissing}</Empty>;
  return (
    <>
      {error ? <ProblemAlert error={error} retry={reload} /> : null}
      {!items ? (
        isLoading ? (
          <Spinner />
        ) : null
      ) : items.length === 0 ? (
        <Empty>{props.empty}</Empty>
      ) : (
        props.children(items)
      )}
      {items ? <MoreButton pages={props.pages} /> : null}
    </>
  );
}

export function PagedTable<T>(props: {
  pages: Pages<T>;
  caption: string;
  columns: Column<T>[];
  rowKey: (row: T) => string | number;
  empty: ComponentChildren;
  rowClass?: (row: T) => string;
  missing?: ComponentChildren;
}) {
  return (
    <PagesLoaded
      pages={props.pages}
      empty={props.empty}
      missing={props.missing}
    >
      {(items) => (
        <Table
          caption={props.caption}
          columns={props.columns}
          rows={items}
          rowKey={props.rowKey}
          {...(props.rowClass ? { rowClass: props.rowClass } : {})}
        />
      )}
    </PagesLoaded>
  );
}
