/* SPDX-License-Identifier: Apache-2.0 */
/* handle.h - libmagic with some entries of its database. */
#ifndef IDENTIFY_HANDLE_H
#define IDENTIFY_HANDLE_H

#include "analysers/identify/magicdb.h"
#include "analysers/identify/magictest.h"

#include <magic.h>

/* The whole database by its entries of level 0; borrowed by handles. */
struct dbgroups {
	struct magicdb db;
	struct group *groups;
	size_t group_count;
	struct group *names; /* of named entries */
	size_t name_count;
	int (*setup)(magic_t handle);
};

/* A last entry, which always matches: what it says, nothing else said. */
enum handle_mark {
	MARK_NONE,
	MARK_ALL_FILES,
	MARK_TEXT /* in the tests for text */
};

/* Words that no database has. */
#define HANDLE_MARK_TEXT "loep-nothing-else"
#define HANDLE_MARK_MIME "application/x-loep-nothing-else"
/* What stands for plain data's MIME type in a handle that marks all files. */
#define HANDLE_DATA_MIME       "application/octet-stream"
#define HANDLE_OTHER_DATA_MIME "application/x-loep-octet-stream"

struct handle {
	magic_t magic; /* NULL: unused */
	enum handle_mark mark;
	uint64_t hash; /* of groups, for whoever looks for it */
	size_t count;
	uint32_t *groups;	       /* owned; of all, in order */
	struct magicdb_entry *entries; /* owned */
};

/* False where there is not exactly one database of the known format. */
bool dbgroups_load(struct dbgroups *db, int (*setup)(magic_t handle));
/*
 * Makes the handle of its groups (count, groups and mark are set); false where
 * libmagic does not take them.
 */
bool handle_fill(const struct dbgroups *db, struct handle *h);
void handle_release(struct handle *h);

#endif
