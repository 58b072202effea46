/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - the sources of a rule-set version as one file.
 *
 * JSON lines (ARCHITECTURE.md, "Versions"): {"loep_bundle": 1}, then an
 * object a file: source, namespace, path, priority, tlp, licence, owner, and
 * text, or text_base64 where it is not UTF-8; include_only where others take
 * it in.  A sample that a rule must or must not match is source, sample (its
 * name), rule (NAMESPACE:NAME), expect ("match" or "miss") and data_base64.
 */
#ifndef CLI_BUNDLE_H
#define CLI_BUNDLE_H

#include "lib/err.h"
#include "lib/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One file of rules; a longer one is named and left out. */
#define BUNDLE_FILE_BYTES_MAX (32 * MIB)
/* The whole: as much as the reader of rules takes (rules/bundle.h). */
#define BUNDLE_BYTES_MAX (160 * MIB)
#define BUNDLE_FILES_MAX ((size_t)100000)
/* One sample. */
#define BUNDLE_SAMPLE_BYTES_MAX (4 * MIB)

/* What all files of one source share. */
struct bundle_source {
	const char *name;
	/* Of all its files; "" = each file has its own: NAME/PATH. */
	const char *namespace;
	const char *licence;
	const char *tlp;
	const char *owner;
	int64_t priority;
};

/* A bundle that is being written into a descriptor. */
struct bundle {
	int fd; /* borrowed */
	uint64_t bytes;
	size_t files; /* samples included */
};

/* ERR_SYS with errno where the descriptor cannot be written. */
int must_check bundle_begin(struct bundle *bundle, int fd);
/*
 * Adds a file.  A path is a name here and nothing more; one that is empty,
 * absolute or goes up is ERR_FORMAT.  ERR_LIMIT: the file or the bundle would
 * be too long.
 */
int must_check bundle_add(struct bundle *bundle,
    const struct bundle_source *source, const char *path, const void *text,
    size_t len);
/*
 * Does the text hold includes and nothing else?  Such a file would only give
 * the rules of the others a second time, in a namespace of its own: it is
 * there for others, too.
 */
bool bundle_is_index(const char *text, size_t len);
/*
 * Is it the path of a sample, RULES.yar.tests/RULE/match/NAME or .../miss/NAME?
 */
bool bundle_is_sample(const char *path);
/* Adds a sample by such a path; results are bundle_add()'s. */
int must_check bundle_add_sample(struct bundle *bundle,
    const struct bundle_source *source, const char *path, const void *data,
    size_t len);
/*
 * Adds the files of another bundle, but for those of one source ("" = none is
 * left out); *ret_left_out counts those.  ERR_FORMAT where it is no bundle.
 */
int must_check bundle_copy(struct bundle *bundle, int from_fd,
    const char *but_source, size_t *ret_left_out);
/* A path without what names no place: "./a//b" is "a/b".  The caller frees;
 * NULL where bundle_add() would refuse it. */
char *bundle_path(const char *path);

#endif
