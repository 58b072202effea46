// SPDX-License-Identifier: Apache-2.0
// What every page has: a title, for the tab too, that gets the focus when
// one arrives.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Link } from './link.js';

export interface PageProps {
  /** the variables of the address */
  params: Record<string, string>;
  query: URLSearchParams;
}

let isFirst = true;

export function Page(props: {
  title: string;
  /** shown in the place of the title */
  heading?: ComponentChildren;
  above?: [string, string][];
  actions?: ComponentChildren;
  children: ComponentChildren;
  wide?: boolean;
}) {
  const ref = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    document.title = `${props.title} · Loep`;
  }, [props.title]);
  useEffect(() => {
    if (!isFirst) ref.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  return (
    <div class={`page${props.wide ? ' wide' : ''}`}>
      {props.above && (
        <p class="above">
          {props.above.map(([href, text]) => (
            <span key={href}>
              <Link href={href}>{text}</Link>
              <span aria-hidden="true"> / </span>
            </span>
          ))}
        </p>
      )}
      <header class="page-head">
        <h1 ref={ref} tabIndex={-1}>
          {props.heading ?? props.title}
        </h1>
        {props.actions && <div class="actions">{props.actions}</div>}
      </header>
      {props.children}
    </div>
  );
}
