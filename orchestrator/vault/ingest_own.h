/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_own.h - the inside of an upload: ingest.c runs in the loop, and
 * ingest_work.c in workers. */
#ifndef VAULT_INGEST_OWN_H
#define VAULT_INGEST_OWN_H

#include "vault/ingest.h"

#include <stddef.h>

enum slot_state {
	SLOT_FREE = 0,
	SLOT_GRANTED,
	SLOT_SEALING
};

struct slot {
	struct job job;
	struct ingest *ingest;
	atomic_int state; /* enum slot_state */
	bool is_extra;	  /* counted in extra_slots */
	uint8_t *buf;
	size_t len;
	size_t size;
	struct blob_piece piece;
	struct fault fault;
};

/* Why a drain job ended. */
enum drained {
	DRAINED_EMPTY,
	DRAINED_STALLED,
	DRAINED_EOF,
	DRAINED_FAULT
};

struct ingest {
	struct job drain;
	struct job last; /* end, commit or discard: one at a time */
	struct ingest_env env;
	uint64_t id;
	struct org_key *org_key;
	int pipe_fd;
	struct loop_watch *watch;
	struct loop_timer *timer;
	struct loop_timer *save_timer;

	/* The drain job's while it is out, else the loop's. */
	struct slot slots[INGEST_SLOTS];
	struct slot *current;
	struct sha256 *sha256;
	uint8_t digest[SHA256_BYTES];
	uint64_t size;
	uint64_t next_index;
	struct blob_writer *writer;
	struct part *part; /* NULL = it is written in one go */
	uint64_t start;	   /* the bytes that the part had */
	uint64_t saved_index;
	atomic_bool is_due; /* what came so far is to be saved */
	enum drained drained;
	bool is_hurried; /* the sender is faster than sealing */
	struct fault drain_fault;
	bool is_written; /* footer and all */
	atomic_size_t sealing;

	/* The loop's. */
	bool is_draining;
	bool is_eof;
	bool is_last_out; /* the job `last` is out */
	bool is_discarded;
	bool is_aborted;
	bool is_atomic;	 /* all of it is saved, or nothing */
	bool is_leaving; /* nobody waits for it */
	bool has_commit;
	uint64_t announced;
	uint64_t size_at_timer;
	ingest_stored_fn *fn;
	void *arg;
	struct commit commit;
	struct fault fault;
};

static inline struct ingest *
from_drain(struct job *job)
{
	return (struct ingest *)(void *)((char *)job -
					 offsetof(struct ingest, drain));
}

static inline struct ingest *
from_last(struct job *job)
{
	return (struct ingest *)(void *)((char *)job -
					 offsetof(struct ingest, last));
}

/* The work of jobs. */
void ingest_drain_work(struct job *job, struct kit *kit);
void ingest_seal_work(struct job *job, struct kit *kit);
/* Footer and trailer. */
void ingest_end_work(struct job *job, struct kit *kit);
/* Saves how far a part is. */
void ingest_save_work(struct job *job, struct kit *kit);
/* Closes the file, and removes it where it has not become a blob or a part. */
void ingest_discard_work(struct job *job, struct kit *kit);

#endif
