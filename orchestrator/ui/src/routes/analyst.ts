// SPDX-License-Identifier: Apache-2.0
// Pages of the CSIRT's people.
import type { NavigationEntry, Route } from './index.js';

const page = () => import('../pages/staff/case.js');
const artefact = () => import('../pages/staff/artefact.js');
const run = () => import('../pages/staff/run.js');
const version = () => import('../pages/staff/rules_version.js');
const staff = { isForStaff: true } as const;
const RULES = [
  'read_all_orgs',
  'manage_rules',
  'approve_rules',
  'activate_rules',
] as const;
const ADMIN = [
  'manage_staff',
  'manage_policy',
  'approve_policy',
  'activate_crisis',
  'approve_crisis',
  'audit_read',
  'metrics_read',
  'read_all_orgs',
  'manage_keys',
] as const;

export const analystRoutes: Route[] = [
  { path: '/queue', load: () => import('../pages/staff/queue.js'), ...staff },
  { path: '/cases/:number', load: page, ...staff },
  { path: '/cases/:number/:tab', load: page, ...staff },
  { path: '/artefacts/:id', load: artefact, ...staff },
  { path: '/artefacts/:id/:tab', load: artefact, ...staff },
  { path: '/runs/:id', load: run, ...staff },
  { path: '/runs/:id/:tab', load: run, ...staff },
  {
    path: '/compare',
    load: () => import('../pages/staff/compare.js'),
    ...staff,
  },
  {
    path: '/reports/:id',
    load: () => import('../pages/staff/report.js'),
    ...staff,
  },
  { path: '/search', load: () => import('../pages/staff/search.js'), ...staff },
  {
    path: '/rules',
    load: () => import('../pages/staff/rules.js'),
    needs: [...RULES],
  },
  { path: '/rules/versions/:version', load: version, needs: [...RULES] },
  { path: '/rules/versions/:version/:tab', load: version, needs: [...RULES] },
  {
    path: '/rules/rescans/:id',
    load: () => import('../pages/staff/rescan.js'),
    ...staff,
  },
  {
    path: '/pool',
    load: () => import('../pages/staff/pool.js'),
    needs: ['read_all_orgs', 'manage_vm_images', 'manage_staff'],
  },
  {
    path: '/admin/*',
    load: () => import('../pages/staff/admin.js'),
    needs: [...ADMIN],
  },
];

export const analystNavigation: NavigationEntry[] = [
  {
    href: '/queue',
    text: (t) => t.staff.nav.queue,
    leadsTo: ['/cases', '/artefacts', '/runs', '/compare', '/reports'],
    isShown: (s) => s.isStaff,
  },
  {
    href: '/search',
    text: (t) => t.staff.nav.search,
    isShown: (s) => s.isStaff,
  },
  {
    href: '/rules',
    text: (t) => t.staff.nav.rules,
    isShown: (s) => s.can(...RULES),
  },
  {
    href: '/pool',
    text: (t) => t.staff.nav.pool,
    isShown: (s) => s.can('read_all_orgs', 'manage_vm_images', 'manage_staff'),
  },
  {
    href: '/admin',
    text: (t) => t.staff.nav.admin,
    isShown: (s) => s.can(...ADMIN),
  },
];
