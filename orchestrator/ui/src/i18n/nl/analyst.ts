// SPDX-License-Identifier: Apache-2.0
import type { analyst as en } from '../en/analyst.js';
import { admin } from './staff/admin.js';
import { artefact } from './staff/artefact.js';
import { casework } from './staff/casework.js';
import { chart } from './staff/chart.js';
import { report } from './staff/report.js';
import { run } from './staff/run.js';
import { words } from './staff/words.js';

export const analyst: typeof en = {
  staff: {
    ...words,
    ...chart,
    ...casework,
    ...artefact,
    ...run,
    ...report,
    ...admin,
  },
};
