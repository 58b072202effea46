/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - the programs while they run: start, restart with back-off,
 * wiring, blame, stop.
 */
#ifndef PARENT_CHILD_H
#define PARENT_CHILD_H

#include "lib/conf.h"
#include "lib/loop.h"
#include "parent/table.h"

#include <sys/types.h>

/* What the programs are started with. */
struct family_conf {
	struct loop *loop;
	const struct conf *conf;
	const char *state_dir;	  /* absolute */
	const char *programs_dir; /* where the binaries are */
	uid_t (*uid_of)(const char *user, gid_t *ret_gid);
	int listen_fd;	      /* for web; kept open for restarts */
	const int *https_fds; /* the same, for TLS */
	size_t https_count;
	int user_ns; /* of the VMs; -1 = VMs are off */
	int net_ns;
	const int *tap_fds; /* packet sockets for simnet; may be NULL */
	size_t tap_count;
	const char *tun_path; /* the device that opens taps, for vm */
};

struct family;

/* Called when all programs are ready for the first time, or when the end is
 * reached (is_ready false): status is the exit status of loepd. */
typedef void family_fn(void *arg, bool is_ready, int status);

/* Starts every program of the table.  conf is borrowed. */
struct family *family_start(
    const struct family_conf *conf, family_fn *fn, void *arg);
/* Stops them phase by phase; fn is called when all have ended. */
void family_stop(struct family *family);
void family_free(struct family *family);
/*
 * The cage that each program reported, as a JSON text, or NULL where it never
 * was ready.  Index as in table_programs.
 */
const char *family_cage(const struct family *family, size_t at);

#endif
