/* SPDX-License-Identifier: Apache-2.0 */
/* facts.h - what identify found out, taken over into the artefact's row. */
#ifndef STORE_FACTS_H
#define STORE_FACTS_H

#include "store/job.h"

/*
 * Takes the attempt's facts "mime", "magic", "sha1", "md5", "sha512", "tlsh"
 * and "entropy" over, inside the unit that runs.  What has not the form it
 * should have is left out: the finding keeps it as it came.
 */
int must_check facts_apply(struct store *store, const struct attempt *a);

#endif
