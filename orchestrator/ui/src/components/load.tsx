// SPDX-License-Identifier: Apache-2.0
// Loading what a page shows, and saying what went wrong.
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/problem.js';
import { useT, type Dictionary } from '../i18n/index.js';
import { Alert, Button, Spinner } from './basic.js';

export interface Load<T> {
  data: T | undefined;
  error: unknown;
  isLoading: boolean;
  /** Asks again; what is there stays until the new answer comes. */
  reload: () => void;
  setData: (data: T) => void;
}

/**
 * Asks once, and again whenever one of `keys` changes, for another thing then;
 * and whenever `again` does, for the same one: what is there stays until the
 * answer comes, with the dialogs that people have open in it.
 */
export function useLoad<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
  again: number = 0,
): Load<T> {
  const [state, setState] = useState<{ data?: T; error?: unknown }>({});
  const [isLoading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const asked = useRef(ask);
  const lastKeys = useRef<string>('');

  asked.current = ask;
  useEffect(() => {
    const stop = new AbortController();
    const key = JSON.stringify(keys);

    if (lastKeys.current !== key) setState({});
    lastKeys.current = key;
    setLoading(true);
    asked.current(stop.signal).then(
      (data) => {
        if (stop.signal.aborted) return;
        setState({ data });
        setLoading(false);
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        setState((old) => ({ ...old, error }));
        setLoading(false);
      },
    );
    return () => stop.abort();
  }, [...keys, again, round]);
  return {
    data: state.data,
    error: state.error,
    isLoading,
    reload: useCallback(() => setRound((n) => n + 1), []),
    setData: useCallback((data: T) => setState({ data }), []),
  };
}

/** What happened, in words of the user's language. */
export function problemText(error: unknown, t: Dictionary): string {
  if (!(error instanceof ApiError)) return t.problem.internal;
  if (error.isOffline) return t.problem.offline;
  switch (error.kind) {
    case 'not-entitled':
      return t.problem.notEntitled;
    case 'unconfirmed-verdict':
      return t.problem.unconfirmedVerdict;
    case 'verdict-changed':
      return t.problem.verdictChanged;
    case 'stale':
      return t.problem.stale;
    case 'step-up':
      return t.problem.stepUp;
  }
  switch (error.status) {
    case 401:
      return t.problem.signedOut;
    case 403:
      return t.problem.denied;
    case 404:
    case 405:
      return t.problem.notFound;
    case 409:
      return t.problem.conflict;
    case 413:
      return t.problem.tooLarge;
    case 429:
      return t.problem.tooMany(error.problem.retryAfter ?? 1);
    case 503:
      return t.problem.unavailable;
    case 507:
      return t.problem.noSpace;
    case 400:
      return t.problem.format;
    default:
      return t.problem.internal;
  }
}

/** The problem for people, and what the server said for those who ask. */
export function ProblemAlert(props: { error: unknown; retry?: () => void }) {
  const t = useT();
  const { error } = props;
  const problem = error instanceof ApiError ? error.problem : undefined;

  return (
    <Alert tone="bad" title={problemText(error, t)}>
      {problem?.detail && <p class="problem-detail">{problem.detail}</p>}
      {problem?.services && problem.services.length > 0 && (
        <p>{t.problem.services(problem.services.join(', '))}</p>
      )}
      {problem?.number && <p>{t.problem.yourNumber(problem.number)}</p>}
      {problem?.instance && (
        <p class="problem-id">
          {t.problem.reference} <code>{problem.instance}</code>
        </p>
      )}
      {props.retry && <Button onClick={props.retry}>{t.common.retry}</Button>}
    </Alert>
  );
}

/** A route that this server does not have (yet). */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof ApiError && (error.status === 404 || error.status === 405)
  );
}

/** Shows `children` with what was loaded, or why it was not. */
export function Loaded<T>(props: {
  load: Load<T>;
  children: (data: T) => ComponentChildren;
  /** in the place of a problem where the server answers 404 */
  missing?: ComponentChildren;
}) {
  const { data, error, reload } = props.load;

  if (error && props.missing !== undefined && isMissing(error))
    return <>{props.missing}</>;
  return (
    <>
      {error ? <ProblemAlert error={error} retry={reload} /> : null}
      {data !== undefined ? props.children(data) : error ? null : <Spinner />}
    </>
  );
}

export interface Action<A extends unknown[]> {
  run: (...args: A) => Promise<boolean>;
  isBusy: boolean;
  error: unknown;
  clear: () => void;
}

/** A change: one at a time; true when it worked. */
export function useAction<A extends unknown[]>(
  act: (...args: A) => Promise<unknown>,
): Action<A> {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const current = useRef(act);
  const busy = useRef(false);
  const alive = useRef(true);

  current.current = act;
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  const run = useCallback(async (...args: A) => {
    if (busy.current) return false;
    busy.current = true;
    setBusy(true);
    setError(undefined);
    try {
      await current.current(...args);
      return true;
    } catch (e) {
      if (alive.current) setError(e);
      return false;
    } finally {
      busy.current = false;
      if (alive.current) setBusy(false);
    }
  }, []);
  return { run, isBusy, error, clear: () => setError(undefined) };
}
