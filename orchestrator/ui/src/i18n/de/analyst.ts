// SPDX-License-Identifier: Apache-2.0
import type { analyst as en } from '../en/analyst.js';

export const analyst: typeof en = {};
