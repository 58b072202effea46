// SPDX-License-Identifier: Apache-2.0
// Words of the pages of the CSIRT's people.
import { admin } from './staff/admin.js';
import { artefact } from './staff/artefact.js';
import { casework } from './staff/casework.js';
import { chart } from './staff/chart.js';
import { report } from './staff/report.js';
import { run } from './staff/run.js';
import { words } from './staff/words.js';

export const analyst = {
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
