// SPDX-License-Identifier: Apache-2.0
// Parts of a page, one at a time, each with an address of its own.
import { Link } from './link.js';

export interface Tab {
  key: string;
  label: string;
  href: string;
  count?: number;
}

export function Tabs(props: { label: string; tabs: Tab[]; current: string }) {
  return (
    <nav class="tabs" aria-label={props.label}>
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
