// SPDX-License-Identifier: Apache-2.0
// Pages of the CSIRT's people.
import type { NavigationEntry, Route } from './index.js';

export const analystRoutes: Route[] = [];

export const analystNavigation: NavigationEntry[] = [];
