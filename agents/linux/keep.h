/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep.h - keeps the files that the sample writes until they are sent.
 *
 * fanotify reports the close of each file that was open for writing, and
 * its event holds the file itself: the descriptor that comes with it works
 * even when the name is gone by then. One descriptor per file is kept, so
 * a deleted file's content stays until the end of the run. What is not
 * caught: earlier content of a file that is overwritten before it is
 * deleted, and files that were there before and are deleted unread.
 */
#ifndef AGENTS_LINUX_KEEP_H
#define AGENTS_LINUX_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"

#define KEEP_FILES_MAX 4096
#define KEEP_SLOTS     8192 /* power of two, twice the files */
#define KEEP_WATCH_MAX 64

struct kept {
	int fd;
	uint64_t device;
	uint64_t inode;
	pid_t pid; /* the first writer */
	bool is_memfd;
	bool is_executed;
	bool is_asked;
	bool is_renamed;
	char *path; /* where it was first seen */
};

struct keep {
	int fan; /* fanotify, -1 when it could not be had */
	size_t count;
	uint64_t lost;	   /* files over KEEP_FILES_MAX, or not readable */
	uint64_t overflow; /* overflows of the kernel's queue */
	uint16_t slot[KEEP_SLOTS]; /* index + 1 into file */
	struct kept file[KEEP_FILES_MAX];
	size_t watch_count; /* processes that made a memfd lately */
	pid_t watch[KEEP_WATCH_MAX];
	unsigned int watch_ticks[KEEP_WATCH_MAX];
};

/* Limits of what is sent. */
struct keep_limits {
	uint64_t file_bytes_max;
	uint64_t total_bytes_max;
};

/* What was sent. */
struct keep_totals {
	uint64_t files;
	uint64_t bytes;
	uint64_t skipped; /* files not sent because of the total */
};

/* Is the process one of the sample's? */
typedef bool keep_is_sample_fn(void *arg, pid_t pid);

/* Begin: mark every file system that is mounted. */
void keep_start(struct keep *k);

/* Mark file systems again: something was mounted. */
void keep_mark_mounts(struct keep *k);

/* Take what fanotify has. */
void keep_read(struct keep *k, keep_is_sample_fn *is_sample, void *arg);

/* A process made a memfd: look for it now and for some ticks. */
void keep_watch_memfd(struct keep *k, pid_t pid);

/* Called about every 100 ms. */
void keep_tick(struct keep *k);

/* A process executes a file that has no name any more. */
void keep_executable(struct keep *k, pid_t pid);

/*
 * A file was renamed from path.
 * fanotify may have told of it too late to know that name. device and inode
 * as the kernel's records have them.
 */
void keep_renamed(
    struct keep *k, uint64_t device, uint64_t inode, const char *path);

/*
 * Send everything that was kept and let go of it. -1 when the channel
 * failed.
 */
int keep_send(struct keep *k, struct channel *ch,
    const struct keep_limits *limits, struct keep_totals *ret_totals);

/*
 * Send the regular file of that name, for COLLECT. -1 when it is none or
 * the channel failed.
 */
int keep_send_path(
    struct channel *ch, const char *path, const struct keep_limits *limits);

#endif
