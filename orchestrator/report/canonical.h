/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canonical.h - the report of a case as one canonical JSON document
 * (report.schema.json); every other form is rendered from it alone.
 */
#ifndef REPORT_CANONICAL_H
#define REPORT_CANONICAL_H

#include "lib/json.h"

#include <stdbool.h>

/* Makes the document from a dump (dump.h).  New reference, never NULL. */
json_t *canonical_make(json_t *tables);
/* Is the document of a report that people wrote? */
bool canonical_is_human(const json_t *doc);
/*
 * Of an artefact that is sealed or quarantined: whether it was opened, as a
 * sentence; NULL where it is neither.
 */
const char *canonical_closed(const json_t *artefact);

#endif
