/* SPDX-License-Identifier: Apache-2.0 */
/* custody.h - who had which evidence when: entries of the audit chain. */
#ifndef STORE_CUSTODY_H
#define STORE_CUSTODY_H

#include "store/audit.h"

/* What an entry is about; texts are borrowed. */
struct custody {
	const char *artefact;
	const char *org;
	const char *case_id;
	const uint8_t *sha256; /* SHA256_BYTES */
	int64_t size;
};

/*
 * Adds "custody.EVENT" (domain: received hashed stored verified_ok
 * verified_failed copied_to_run exported ...) inside the unit that runs;
 * takes the reference of more (an object, or NULL).
 */
int must_check custody_by(struct request *r, const char *event,
    const struct custody *what, json_t *more);
/* By the store itself. */
int must_check custody_own(struct store *store, const char *event,
    const struct custody *what, json_t *more);

#endif
