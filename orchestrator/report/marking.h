/* SPDX-License-Identifier: Apache-2.0 */
/* marking.h - the label of a report: how strict it is, and its colour. */
#ifndef REPORT_MARKING_H
#define REPORT_MARKING_H

#include "lib/json.h"
#include "lib/label.h"

/*
 * The least label that covers everything in the dump: a composite is at least
 * as strict as its strictest part.  An unknown label counts as the strictest.
 */
struct label marking_highest(json_t *tables);
/* The colour of a TLP label's text on black, "#FF2B2B" (first.org/tlp). */
const char *marking_colour(const char *tlp);

#endif
