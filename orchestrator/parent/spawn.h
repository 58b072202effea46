/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - starting one program of the table. */
#ifndef PARENT_SPAWN_H
#define PARENT_SPAWN_H

#include "lib/err.h"

#include <sys/types.h>

struct spawn {
	const char *path;  /* of the binary */
	const char *name;  /* argv[0] */
	char *const *args; /* further arguments, NULL-terminated, may be NULL */
	int channel;	   /* becomes descriptor 3; -1 = none */
	uid_t uid;	   /* applied where we are root */
	gid_t gid;
	const char *home;
	const char *tunables; /* of the C library; NULL = as they are */
	int user_ns;	      /* namespaces to enter first; -1 = none */
	int net_ns;
};

/*
 * Forks and executes; *ret_pid is the child and *ret_pidfd its descriptor.
 * The child has descriptors 0 (/dev/null), 1 and 2 (ours) and 3, a clean
 * environment, and dies with us.
 */
int must_check spawn_program(
    const struct spawn *spawn, pid_t *ret_pid, int *ret_pidfd);

#endif
