/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit.h - makes finished files durable under their names, in groups.
 *
 * A sync costs about the same for one file as for many at once, so one thread
 * takes all that wait at the time: their data is synced, then they are linked,
 * then the folders are synced, then all are told.
 */
#ifndef VAULT_COMMIT_H
#define VAULT_COMMIT_H

#include "vault/blob_write.h"
#include "vault/pool.h"

struct commit {
	TAILQ_ENTRY(commit) entry;
	/* In; borrowed until job->done() runs. */
	struct job *job;
	int fd; /* the file's; -1 = it was synced before */
	uint64_t file_size;
	struct org_key *org_key;
	char tmp[PLACE_NAME_BYTES]; /* the file's name */
	bool keeps_tmp;		    /* that name stays, beside the blob's */
	uint8_t sha256[SHA256_BYTES];
	/* Out. */
	struct fault fault; /* err is ERR_OK when it is durable */
	bool is_new;
	bool is_linked; /* the name in tmp/ is gone */
	uint64_t disk_bytes;
};

struct committer;

/* Starts the thread.  Both are borrowed. */
struct committer *committer_new(struct pool *pool, const struct place *place);
void committer_submit(struct committer *committer, struct commit *commit);

#endif
