/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.h - the index of all units: its folder, segments and what they hold.
 *
 * Derived data.  Whatever is not found as it was written is dropped, its
 * units count as not indexed (candidates of everything), and come again.
 * The order of every change: new segments are durable, then the manifest,
 * then files that it no longer names are removed.
 */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include "index/manifest.h"
#include "index/segment.h"

struct merge;

struct index {
	int folder;
	struct index_keys keys;
	struct segment **segments;
	size_t segments_count;
	struct ranges units; /* that segments hold, gone or not */
	struct ranges gone;
	bool is_stale;	     /* the manifest lacks some that are gone */
	struct merge *merge; /* what is merged now; NULL = nothing */
};

/*
 * Opens the folder (descriptor, taken), whatever its state: makes the key
 * and the manifest where they are missing, drops what is damaged and says so
 * in the log, removes what the manifest does not name.  ERR_SYS, ERR_NO_SPACE:
 * the folder cannot be used.
 */
int must_check index_open(int folder, struct index **ret_index);
void index_free(struct index *index);

/*
 * Adds a batch (lib/columns.h); units that are held or gone are passed over.
 * Durable when it returns ERR_OK.  ERR_FORMAT: nothing was added.
 */
int must_check index_add(struct index *index, const uint8_t *p, size_t len);
/* Its artefact was deleted: never a candidate again; durable. */
int must_check index_delete(struct index *index, uint64_t seq);
/* Up to count_max units from `from` on that are neither held nor gone. */
void index_missing(const struct index *index, uint64_t from, uint64_t count_max,
    struct ranges *ret_gaps);
/* What was checked once is checked again when it is next touched: disks lose
 * bits also while a program runs. */
void index_distrust(struct index *index);
/* Drops segments that were found damaged while they were read. */
void index_drop_bad(struct index *index);

/* Units that are held and not gone, and bytes on disk. */
uint64_t index_units(const struct index *index);
uint64_t index_bytes(const struct index *index);

/* For merge.c: puts one segment in the place of others (count may be 0),
 * in manifest and memory; takes added (may be NULL). */
int must_check index_replace(struct index *index, struct segment *added,
    struct segment *const *removed, size_t count);

#endif
