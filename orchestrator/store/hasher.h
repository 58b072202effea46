/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hasher.h - the process that hashes passwords, so that the store does not
 * stand still for it.
 *
 * It is forked before the store enters its cage, has a cage of its own without
 * files, and does one hash after the other.  The queue is bounded, for all and
 * for each source: a flood of log-ins makes log-ins wait, and nothing else.
 */
#ifndef STORE_HASHER_H
#define STORE_HASHER_H

#include "lib/loop.h"
#include "lib/password.h"

#define HASHER_QUEUE_MAX    32
#define HASHER_SOURCE_MAX   4
#define HASHER_SOURCE_BYTES 48
#define HASHER_PASSWORD_MAX 1024

struct hasher;

/* err is ERR_OK with the key, or ERR_UNAVAILABLE. */
typedef void hasher_fn(
    void *arg, enum err err, const uint8_t key[PASSWORD_KEY_BYTES]);

struct hasher_job {
	const struct password_hash *hash; /* salt and cost */
	const char *password;
	size_t len;
	const char *source; /* such as the client's address */
};

/*
 * The process: answers on fd until its end.  trial (NULL = none) is an act of
 * lib/trial.h, tried in the cage instead.
 */
__attribute__((noreturn)) void hasher_work(int fd, const char *trial);
/* Forks the process; *ret_fd is our end.  ERR_SYS. */
int must_check hasher_fork(int *ret_fd);
/* Takes fd. */
struct hasher *hasher_new(struct loop *loop, int fd);
void hasher_free(struct hasher *hasher);
/*
 * Queues a job; fn is called later, once.  ERR_LIMIT: too many wait already;
 * ERR_UNAVAILABLE: the process is gone.  hasher may be NULL.
 */
int must_check hasher_start(struct hasher *hasher, const struct hasher_job *job,
    hasher_fn *fn, void *arg);

#endif
