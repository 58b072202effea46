// SPDX-License-Identifier: Apache-2.0
// Links within the app.
import type { ComponentChildren } from 'preact';
import { onLinkClick } from '../router.js';

export function Link(props: {
  href: string;
  children: ComponentChildren;
  class?: string;
  'aria-current'?: 'page' | 'step' | 'true' | undefined;
  'aria-label'?: string;
  onClick?: () => void;
}) {
  const { onClick, ...rest } = props;
  return (
    <a
      {...rest}
      onClick={(event) => {
        onClick?.();
        onLinkClick(event);
      }}
    />
  );
}

/** A link that looks like a button. */
export function LinkButton(props: {
  href: string;
  children: ComponentChildren;
  kind?: 'primary' | 'plain';
}) {
  return (
    <Link href={props.href} class={`button ${props.kind ?? 'plain'}`}>
      {props.children}
    </Link>
  );
}
