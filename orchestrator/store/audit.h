/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - adding to the audit chain (its form: lib/audit.h). */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "lib/audit.h"
#include "lib/json.h"
#include "store/request.h"

struct audit_entry {
	const char *actor;
	const char *actor_kind; /* human, service, program */
	const char *action;
	const char *object_kind;
	const char *object;
	const char *org; /* whose it is; "" = nobody's */
	const char *outcome;
};

/*
 * Adds an entry inside the unit that runs; takes the reference of detail (an
 * object, or NULL for an empty one).
 */
int must_check audit_add(
    struct store *store, const struct audit_entry *entry, json_t *detail);
/* The same, outcome "ok", by the one who asks; org NULL = the principal's. */
struct audit_object {
	const char *kind;
	const char *id;
	const char *org;
};
int must_check audit_by(struct request *r, const char *action,
    const struct audit_object *object, json_t *detail);
/* By the store itself. */
int must_check audit_own(struct store *store, const char *action,
    const struct audit_object *object, json_t *detail);
/* The last entry's number and hash; 0 and zeros for an empty chain. */
int must_check audit_head(
    struct store *store, int64_t *ret_seq, uint8_t ret_hash[SHA256_BYTES]);
/* Fills a row from the columns of AUDIT_LIST or AUDIT_FEED. */
void audit_row_of(const struct query *q, struct audit_row *ret_row);

#endif
