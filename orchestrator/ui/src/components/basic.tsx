// SPDX-License-Identifier: Apache-2.0
// The small parts that pages are made of.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useT, useWords } from '../i18n/index.js';
import {
  formatBytes,
  formatDate,
  formatRelative,
  formatTime,
  visibleName,
} from '../lib/format.js';

export type Tone = 'neutral' | 'info' | 'good' | 'warn' | 'bad';

export function Button(props: {
  children: ComponentChildren;
  onClick?: (event: MouseEvent) => void;
  kind?: 'primary' | 'plain' | 'danger' | 'quiet';
  type?: 'button' | 'submit';
  disabled?: boolean;
  /** something is under way: cannot be pressed, and says so */
  busy?: boolean;
  label?: string;
  small?: boolean;
  pressed?: boolean;
  expanded?: boolean;
  controls?: string;
}) {
  return (
    <button
      type={props.type ?? 'button'}
      class={`button ${props.kind ?? 'plain'}${props.small ? ' small' : ''}`}
      disabled={props.disabled || props.busy}
      aria-busy={props.busy || undefined}
      aria-label={props.label}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      aria-controls={props.controls}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

export function Badge(props: { tone?: Tone; children: ComponentChildren }) {
  return (
    <span class={`badge tone-${props.tone ?? 'neutral'}`}>
      {props.children}
    </span>
  );
}

/** A message in the page; bad ones are read out at once. */
export function Alert(props: {
  tone?: Tone;
  title?: string;
  children?: ComponentChildren;
}) {
  const tone = props.tone ?? 'info';
  return (
    <div
      class={`alert tone-${tone}`}
      role={tone === 'bad' ? 'alert' : 'status'}
    >
      {props.title && <strong>{props.title}</strong>}
      {props.children}
    </div>
  );
}

export function Card(props: {
  title?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
  id?: string;
}) {
  return (
    <section class={`card ${props.class ?? ''}`} id={props.id}>
      {(props.title || props.actions) && (
        <header class="card-head">
          {props.title && <h2>{props.title}</h2>}
          {props.actions && <div class="actions">{props.actions}</div>}
        </header>
      )}
      {props.children}
    </section>
  );
}

export function Spinner() {
  const t = useT();
  return (
    <p class="spinner" role="status">
      <span class="spinner-dot" aria-hidden="true" />
      {t.common.loading}
    </p>
  );
}

export function Empty(props: { children: ComponentChildren }) {
  return <p class="empty">{props.children}</p>;
}

/** Facts: name and value, one below the other. */
export function Facts(props: {
  items: ([string, ComponentChildren] | null | false | undefined)[];
}) {
  return (
    <dl class="facts">
      {props.items.map(
        (item) =>
          item && (
            <div key={item[0]}>
              <dt>{item[0]}</dt>
              <dd>{item[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

export function Time(props: {
  at: string | null | undefined;
  relative?: boolean;
  dateOnly?: boolean;
}) {
  const { locale } = useWords();

  if (!props.at) return <>–</>;
  const full = formatTime(props.at, locale);
  const text = props.relative
    ? formatRelative(props.at, locale, Date.now())
    : props.dateOnly
      ? formatDate(props.at, locale)
      : full;
  return (
    <time dateTime={props.at} title={full}>
      {text}
    </time>
  );
}

export function Bytes(props: { n: number }) {
  const { locale } = useWords();
  return (
    <span title={`${props.n.toLocaleString(locale)} B`}>
      {formatBytes(props.n, locale)}
    </span>
  );
}

/** A name that somebody else chose. */
export function Name(props: { text: string }) {
  return <span class="foreign">{visibleName(props.text)}</span>;
}

/** Text of several lines that somebody else wrote; never more than text. */
export function ForeignText(props: { text: string }) {
  return <div class="foreign-text">{props.text}</div>;
}

export function CopyButton(props: { text: string; what: string }) {
  const t = useT();
  const [done, setDone] = useState(false);
  const timer = useRef<number>();

  useEffect(() => () => window.clearTimeout(timer.current), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.text);
    } catch {
      return;
    }
    setDone(true);
    timer.current = window.setTimeout(() => setDone(false), 2000);
  };
  return (
    <Button
      kind="quiet"
      small
      onClick={() => void copy()}
      label={`${done ? t.common.copied : t.common.copy}: ${props.what}`}
    >
      <span aria-live="polite">{done ? t.common.copied : t.common.copy}</span>
    </Button>
  );
}

/** A digest: whole for those who copy, short for those who read. */
export function Hash(props: { hex: string; whole?: boolean; name?: string }) {
  return (
    <span class="hash">
      <code title={props.hex}>
        {props.whole ? props.hex : `${props.hex.slice(0, 16)}…`}
      </code>
      <CopyButton text={props.hex} what={props.name ?? 'SHA-256'} />
    </span>
  );
}

export function Meter(props: {
  value: number;
  max: number;
  label: string;
  tone?: Tone;
}) {
  const part = props.max > 0 ? Math.min(1, props.value / props.max) : 1;
  return (
    <div
      class={`meter tone-${props.tone ?? 'info'}`}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(part * 100)}
    >
      <div style={{ width: `${part * 100}%` }} />
    </div>
  );
}

export function Details(props: {
  summary: ComponentChildren;
  children: ComponentChildren;
  open?: boolean;
}) {
  return (
    <details open={props.open}>
      <summary>{props.summary}</summary>
      {props.children}
    </details>
  );
}

export type FormEvent = JSX.TargetedSubmitEvent<HTMLFormElement>;
