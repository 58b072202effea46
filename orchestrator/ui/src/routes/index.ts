// SPDX-License-Identifier: Apache-2.0
// Every page of the app, and what stands in the navigation.
import type { ComponentType } from 'preact';
import type { PageProps } from '../components/page.js';
import type { Dictionary } from '../i18n/index.js';
import { matchPath } from '../router.js';
import type { Capability, UserSession } from '../session.js';
import { analystNavigation, analystRoutes } from './analyst.js';
import { operatorNavigation, operatorRoutes } from './operator.js';

export interface Route {
  path: string;
  /** the page, fetched when it is first wanted */
  load: () => Promise<{ default: ComponentType<PageProps> }>;
  /** one of these is needed; the server decides, this only hides */
  needs?: Capability[];
  isForStaff?: boolean;
}

export interface NavigationEntry {
  href: string;
  text: (t: Dictionary) => string;
  /** pages that one gets to from there */
  leadsTo?: string[];
  isShown: (session: UserSession) => boolean;
}

/** The first that matches and may be opened counts: where both halves have a
 *  page at one address, the staff's stands before the other. */
export const routes: Route[] = [...analystRoutes, ...operatorRoutes];

export const navigation: NavigationEntry[] = [
  ...operatorNavigation,
  ...analystNavigation,
];

export function findRoute(
  path: string,
  session: UserSession,
): { route: Route; params: Record<string, string> } | null {
  for (const route of routes) {
    const params = matchPath(route.path, path);
    if (params && mayOpen(route, session)) return { route, params };
  }
  return null;
}

function mayOpen(route: Route, session: UserSession): boolean {
  if (route.isForStaff && !session.isStaff) return false;
  return !route.needs || session.can(...route.needs);
}
