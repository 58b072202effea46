/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - what of an unfinished upload is durable.
 *
 * The bytes of an unfinished upload are full chunks in its file (blob.h), and
 * in its journal the rest that does not fill a chunk yet.  The journal says
 * how far the file counts; whatever lies behind that is void.
 *
 *	header	88 bytes
 *		8	"LOEPPART"
 *		u16	version, 1
 *		u16	0
 *		16	a random id of this journal
 *		60	its random key, wrapped under the organisation's; bound to
 *			version, organisation, upload and the journal's id
 *	records	u32	bytes that follow
 *		12	random nonce
 *		box	AES-256-GCM under the journal's key, bound to the
 *			journal's id and the record's number
 *
 * A record holds the plain size, the end of the last box in the file, the
 * state of the running SHA-256 at the end of the full chunks, the first new
 * chunk's number and the new entries of the index, then bytes of the rest: all
 * of them where there are new chunks, else those that came since the record
 * before.  The last record of all is that of a file which is whole: its size
 * and SHA-256.
 *
 * A record counts once it is synced, behind what it speaks of.  A torn or
 * damaged one ends the journal: it was never reported.  A journal that has
 * grown far beyond what it says is written anew and renamed into place.
 */
#ifndef VAULT_JOURNAL_H
#define VAULT_JOURNAL_H

#include "vault/blob_write.h"

struct journal;

/* How far an upload is. */
struct progress {
	uint64_t size; /* plain bytes: full chunks and the rest */
	struct blob_mark mark;
	uint8_t sha256[SHA256_STATE_BYTES]; /* at the end of the full chunks */
	const uint8_t *rest;
	size_t rest_len;
};

/* The upload is whole, and so is its file. */
struct whole {
	uint64_t size;
	uint64_t file_size;
	uint8_t sha256[SHA256_BYTES];
};

/*
 * Makes the journal of an upload, which has no bytes yet; its file must be
 * there.  One that is there is replaced.  Durable on return.
 */
int must_check journal_new(const struct place *place, const char *id,
    const struct org_key *org_key, struct fault *fault,
    struct journal **ret_journal);
/*
 * Reads the journal.  ERR_NOT_FOUND where there is none; ERR_FORMAT where it
 * belongs to another organisation or does not hold together.
 */
int must_check journal_open(const struct place *place, const char *id,
    const struct org_key *org_key, struct fault *fault,
    struct journal **ret_journal);
/* NULL is fine. */
void journal_free(struct journal *journal);

/* What it says; borrowed until the next change. */
const struct progress *journal_progress(const struct journal *journal);
/* NULL as long as the upload is not whole. */
const struct whole *journal_whole(const struct journal *journal);

/* Notes how far the upload is now; the file was synced.  Durable on return. */
int must_check journal_save(
    struct journal *journal, const struct progress *now, struct fault *fault);
/* Notes that the file is whole; it was synced.  Durable on return. */
int must_check journal_close(
    struct journal *journal, const struct whole *whole, struct fault *fault);

#endif
