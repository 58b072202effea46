/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slot.h - what is done to one slot's machine, step by step, in the slot's
 * own thread.  Everything blocks; slot_wake() from another thread makes it
 * look at is_cancelled, is_quitting and at what the hooks were answered.
 *
 * The disk of a run is an overlay over the overlay that the machine booted
 * from, which is frozen once its memory is saved: memory and disk fit.
 *
 *	DIR/boot.qcow2     over the profile's image; frozen after the save
 *	DIR/run.qcow2      over boot.qcow2; new for each run
 *	DIR/memory.save    what runs are restored from
 *	DIR/saved.json     what that was made from
 *	DIR/serial.log     the serial console of the machine that is there now
 */
#ifndef VM_SLOT_H
#define VM_SLOT_H

#include "vm/driver.h"
#include "vm/guest.h"

#include <pthread.h>
#include <stdatomic.h>

#define SLOT_WHY_BYTES DRIVER_WHY_BYTES

struct slot;

/* Called in the slot's thread; must not block. */
struct slot_hooks {
	/* "starting", "running", "collecting" ..., 0-100, a sentence. */
	void (*progress)(void *arg, const struct slot *slot, const char *state,
	    unsigned int percent, const char *text);
	/* Asks for a network with this policy; takes pcap_fd. */
	void (*net_begin)(void *arg, const struct slot *slot,
	    const char *policy, int pcap_fd);
	void (*net_end)(void *arg, const struct slot *slot);
	void *arg;
};

/* What simnet answered; guarded by lock. */
struct slot_net {
	bool is_ready; /* NET_READY came */
	int err;
	char *proof;   /* JSON */
	bool is_done;  /* NET_DONE came */
	char *summary; /* JSON */
};

/* Patience, in ms; slot_init() sets what is right for a real guest. */
struct slot_limits {
	uint64_t answer_ms;  /* for a command to the agent */
	uint64_t silent_ms;  /* without a byte, though asked */
	uint64_t ping_ms;    /* without a byte, before it is asked */
	uint64_t grace_ms;   /* beyond the sample's time, before STOP */
	uint64_t collect_ms; /* for the agent's files, after the end */
	uint64_t trace_bytes;
};

struct slot {
	struct machine machine;
	struct slot_limits limits;
	struct driver driver;
	struct slot_hooks hooks;
	char dir[PROFILE_PATH_BYTES / 2];
	int wake_fd;
	atomic_bool is_cancelled; /* the run that is on */
	atomic_bool is_quitting;
	bool has_overlay; /* run.qcow2 is there, unused */
	pthread_mutex_t lock;
	struct slot_net net;
	char versions[256]; /* JSON of hyper_versions() */
};

/* How long the last build's parts took. */
struct slot_times {
	uint64_t boot_ms;
	uint64_t save_ms;
	bool is_reused;
};

int must_check slot_init(struct slot *slot, size_t number, const char *dir,
    const struct driver *driver, const struct slot_hooks *hooks);
void slot_release(struct slot *slot);
/* From any thread. */
void slot_wake(struct slot *slot);
void slot_net_ready(struct slot *slot, int err, const char *proof);
void slot_net_done(struct slot *slot, const char *summary);
void slot_net_reset(struct slot *slot);

/*
 * Makes the slot ready for runs of profile: boots and saves, or takes a saved
 * image that was made from the same profile where is_forced is not set.
 */
int must_check slot_build(struct slot *slot, const struct profile *profile,
    bool is_forced, char *why, struct slot_times *ret_times);
/* Restores, asks the agent, destroys, makes the next overlay. */
int must_check slot_check(struct slot *slot, char *why);
/* Destroys what runs, makes the next overlay. */
int must_check slot_clean(struct slot *slot, char *why);

/* --- for run.c --- */

/* ERR_CONFLICT with a reason where the slot is to stop or its guest died. */
int slot_verdict(void *arg, char *why);
/* Restores onto a new overlay and opens the agent's port. */
int must_check slot_restore(
    struct slot *slot, char *why, struct port **ret_port);
/* A file of the slot; the caller frees. */
char *slot_path(const struct slot *slot, const char *name);

#endif
