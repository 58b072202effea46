/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copytree.h - copies of folders for backups: only what is new, each file
 * there whole or not at all.
 */
#ifndef CLI_COPYTREE_H
#define CLI_COPYTREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct copytree {
	uid_t uid; /* whose the copies are; (uid_t)-1 = the caller's */
	gid_t gid;
	bool is_mirror; /* delete what the source does not have (any more) */
	/* Told after each file; may be NULL. */
	void (*progress)(const struct copytree *t);
	uint64_t files; /* seen so far */
	uint64_t bytes;
	uint64_t copied; /* of these files, those that were not there yet */
};

/*
 * Copies the folder: regular files and folders only, links are left out.  A
 * file that is there with the same size is not copied again where is_fixed
 * (names tell contents).  Ends the program with a sentence on failure.
 */
void copytree_run(
    struct copytree *t, const char *from, const char *to, bool is_fixed);
/* One file, durable, under a new name first. */
void copytree_file(struct copytree *t, const char *from, const char *to);
/* mkdir; what is there stays.  Ends the program on failure. */
void copytree_folder(const struct copytree *t, const char *path);

#endif
