/* SPDX-License-Identifier: Apache-2.0 */
/* runs.h - the runs of a case with what the behaviour analyser made of them. */
#ifndef REPORT_RUNS_H
#define REPORT_RUNS_H

#include "lib/json.h"

/* An array of runs, oldest first.  New reference. */
json_t *runs_make(json_t *tables);

#endif
