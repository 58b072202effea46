/* SPDX-License-Identifier: Apache-2.0 */
/* upload.h - uploads that are open: a row, and a writer in the vault. */
#ifndef STORE_UPLOAD_H
#define STORE_UPLOAD_H

#include "store/request.h"

struct upload {
	TAILQ_ENTRY(upload) entry;
	struct store *store;
	char id[UUID_BYTES];
	char org_id[UUID_BYTES];
	char submission_id[UUID_BYTES];
	char account_id[UUID_BYTES]; /* who opened it, and may end it */
	int64_t rules_version;	     /* whose bundle it is; 0 = a file */
	uint64_t writer;
	bool is_part;	   /* it outlives its writers (resume.h) */
	int64_t length;	   /* of such a one */
	bool is_finishing; /* upload_finish() owns it */
};

/*
 * Opens an upload into a submission of that organisation; its parameters from
 * the second on are UPLOAD_CREATE's.  The result is the handler's.
 */
int must_check upload_open(struct request *r, const char *submission,
    const char *org, int64_t rules_version);
/* Are the parameters, which are UPLOAD_CREATE's, sound? */
int must_check upload_check(struct request *r);
/*
 * Makes evidence of an upload that outlives its writers and has all of its
 * bytes; answers with UPLOAD_SHOW's row.  Copies what, of which organisation,
 * submission, id, length and account count.  ERR_AGAIN: it ends the request.
 */
int must_check upload_finish_part(struct request *r, const struct upload *what);
/* Is such an upload being finished? */
bool upload_is_finishing(struct store *store, const char *id);
/* NULL where there is none of that id that the principal opened. */
struct upload *upload_find(struct request *r, const char *id);
/*
 * Ends an upload without a result: the row says why, the vault forgets the
 * writer, the memory is freed.  Begins a unit of its own.
 */
void upload_drop(struct upload *u, const char *reason);
/* Forgets the upload, whose row and writer are settled. */
void upload_free(struct upload *u);
/* Drops all that nobody finishes now: web or the vault is gone. */
void uploads_drop(struct store *store, const char *reason);

#endif
