// SPDX-License-Identifier: Apache-2.0
// Parts of a page, one at a time, each with an address of its own.
import { useEffect, useRef } from 'preact/hooks';
import { Link } from './link.js';

export interface Tab {
  key: string;
  label: string;
  href: string;
  count?: number;
}

export function Tabs(props: { label: string; tabs: Tab[]; current: string }) {
  const ref = useRef<HTMLElement>(null);

  // On a phone not all of them fit: the one that is shown does.
  useEffect(() => {
    const nav = ref.current;
    const here = nav?.querySelector<HTMLElement>('[aria-current]');
    if (nav && here)
      nav.scrollLeft =
        here.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
  }, [props.current]);
  return (
    <nav class="tabs" aria-label={props.label} ref={ref}>
      {props.tabs.map((tab) => (
        <Link
          key={tab.key}
          href={tab.href}
          aria-current={tab.key === props.current ? 'page' : undefined}
        >
          {tab.label}
          {tab.count ? <span class="count">{tab.count}</span> : null}
        </Link>
      ))}
    </nav>
  );
}
