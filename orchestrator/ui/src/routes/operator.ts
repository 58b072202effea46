// SPDX-License-Identifier: Apache-2.0
// Pages of those who hand things in, and of everybody's own account.
import type { UserSession } from '../session.js';
import type { NavigationEntry, Route } from './index.js';

/** Who administers has no cases: the administration comes first. */
export function runsService(s: UserSession): boolean {
  return (
    s.can('manage_staff', 'manage_policy', 'audit_read') && !s.can('submit')
  );
}

export const operatorRoutes: Route[] = [
  { path: '/', load: () => import('../pages/home.js') },
  {
    path: '/submit',
    load: () => import('../pages/submit.js'),
    needs: ['submit'],
  },
  { path: '/cases/:number', load: () => import('../pages/case.js') },
  {
    path: '/colleagues',
    load: () => import('../pages/colleagues.js'),
    needs: ['manage_org_users', 'manage_staff'],
  },
  {
    path: '/hooks',
    load: () => import('../pages/hooks.js'),
    needs: ['manage_org_users'],
  },
  { path: '/keys', load: () => import('../pages/keys.js') },
  { path: '/account', load: () => import('../pages/account.js') },
];

export const operatorNavigation: NavigationEntry[] = [
  {
    href: '/',
    text: (t) => t.nav.home,
    leadsTo: ['/cases'],
    isShown: (s) => !s.isStaff && !runsService(s),
  },
  {
    href: '/submit',
    text: (t) => t.nav.submit,
    isShown: (s) => s.can('submit'),
  },
  {
    href: '/colleagues',
    text: (t) => t.nav.colleagues,
    isShown: (s) => s.can('manage_org_users'),
  },
  {
    href: '/hooks',
    text: (t) => t.nav.hooks,
    isShown: (s) => s.can('manage_org_users') && !s.isStaff,
  },
  {
    href: '/keys',
    text: (t) => t.nav.keys,
    isShown: (s) => s.can('submit', 'manage_org_users') && !s.isStaff,
  },
];
