// SPDX-License-Identifier: Apache-2.0
// Pages of those who hand things in, and of everybody's own account.
import type { NavigationEntry, Route } from './index.js';

export const operatorRoutes: Route[] = [
  { path: '/', load: () => import('../pages/home.js') },
  { path: '/account', load: () => import('../pages/account.js') },
];

export const operatorNavigation: NavigationEntry[] = [
  { href: '/', text: (t) => t.nav.home, isShown: () => true },
];
