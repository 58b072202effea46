/* SPDX-License-Identifier: Apache-2.0 */
/* label.h - TLP 2.0 labels (first.org/tlp): their order and their colours. */
#ifndef REPORT_LABEL_H
#define REPORT_LABEL_H

#include "lib/json.h"

/*
 * The most restrictive label of everything in the dump: a composite is at
 * least as strict as its strictest part.  An unknown label counts as RED.
 */
const char *label_highest(json_t *tables);
/* The colour of the label's text on black, "#FF2B2B". */
const char *label_colour(const char *label);

#endif
