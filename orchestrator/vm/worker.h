/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - one slot's thread, and the notes that it leaves for the main
 * thread.  libvirt blocks; the message loop must not.
 */
#ifndef VM_WORKER_H
#define VM_WORKER_H

#include "lib/loop.h"
#include "vm/run.h"
#include "vm/state.h"

#include <sys/queue.h>

enum note_kind {
	NOTE_PREPARED,	/* libvirt is open, the rest of the start is done */
	NOTE_PROGRESS,	/* text: state, text2: words */
	NOTE_NET_BEGIN, /* text: policy; fd */
	NOTE_NET_END,
	NOTE_RESULT, /* result of order; the machine is still there */
	NOTE_DONE    /* the action is over; text: why not good */
};

struct note {
	TAILQ_ENTRY(note) entry;
	enum note_kind kind;
	size_t slot;
	char *text;
	char *text2;
	unsigned int percent;
	int fd;
	bool is_good;
	struct run_order *order;
	struct run_result result;
	struct slot_times times;
};

TAILQ_HEAD(note_list, note);

/* A queue from all threads to the loop. */
struct notes {
	pthread_mutex_t lock;
	struct note_list list;
	int fd; /* eventfd */
};

void notes_init(struct notes *notes);
/* Takes the note. */
void notes_put(struct notes *notes, struct note *note);
/* The oldest, or NULL; the caller frees it with note_free(). */
struct note *notes_take(struct notes *notes);
struct note *note_new(enum note_kind kind, size_t slot);
void note_free(struct note *note);

struct worker {
	struct slot slot;
	struct slot_core core; /* the main thread's */
	struct notes *notes;
	const char *quarantine_dir;
	const char *libvirt_root;
	pthread_t thread;
	bool is_started;
	pthread_mutex_t lock;
	pthread_cond_t has_order;
	enum slot_action action; /* guarded by lock */
	const struct profile *profile;
	struct run_order *order;
	/* The main thread's: the run that is on, for its messages. */
	uint32_t request;
	bool has_run;
	char reason[SLOT_WHY_BYTES]; /* of the last failure */
	struct slot_times times;
	uint64_t retry_ms;
};

/* Starts the thread. */
int must_check worker_start(struct worker *worker, size_t number,
    const char *dir, const struct driver *driver, struct notes *notes);
/* From the main thread; order (taken) only for ACTION_RUN. */
void worker_order(struct worker *worker, enum slot_action action,
    const struct profile *profile, struct run_order *order);
/* Ends what it does and joins it. */
void worker_stop(struct worker *worker);

#endif
