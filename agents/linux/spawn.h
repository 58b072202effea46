/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - starts the sample: its own session, control group and pipes. */
#ifndef AGENTS_LINUX_SPAWN_H
#define AGENTS_LINUX_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../wire.h"

#define SPAWN_CGROUP "/sys/fs/cgroup/loep-run"

struct spawn_request {
	const char *interpreter; /* "" to execute path itself */
	const char *path;	 /* the sample */
	const char *directory;	 /* where it starts */
	const char *home;
	const char *user;
	uid_t uid;
	gid_t gid;
	/* NULL-terminated, borrowed. */
	char *const *args;
	char *const *env;
};

/* A child that waits to be let go. */
struct spawned {
	pid_t pid;
	int go;	    /* write one byte: execute */
	int status; /* an int: errno of a failed exec; end of file: success */
	int out;    /* its standard output */
	int err;    /* its standard error */
};

/* Make the sample's control group with its bounds. */
void spawn_prepare_cgroup(void);

/* Kill all that is in the control group. */
void spawn_kill_cgroup(void);

/* Remove the control group, when it is empty. */
void spawn_remove_cgroup(void);

/* Fork the child and stop it before exec. 0, or -1 with errno. */
int spawn_prepare(const struct spawn_request *req, struct spawned *ret_child);

/* Let the child execute. 0, or the errno with which exec failed. */
int spawn_release(struct spawned *child);

/*
 * Run a helper program to its end, at most timeout_ms; output is dropped.
 * Its exit status, or -1.
 */
int spawn_helper(char *const argv[], unsigned int timeout_ms);

#endif
