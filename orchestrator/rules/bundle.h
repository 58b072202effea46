/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - the sources of one rule-set version, as JSON lines
 * (ARCHITECTURE.md, "Rules that change").
 *
 *   {"loep_bundle": 1}
 *   {"source", "namespace", "path", "text" or "text_base64"; free:
 *    "include_only" (no rules of its own, others include it), priority ...}
 *   {"sample": name, "rule": "namespace:name", "expect": "match" or "miss",
 *    "data_base64"}
 *
 * Includes are followed inside the source only.  What is wrong with a file is
 * a note, never the end of the others.
 */
#ifndef RULES_BUNDLE_H
#define RULES_BUNDLE_H

#include "lib/err.h"
#include "lib/limits.h"
#include "rules/module.h"
#include "rules/rule.h"

#define BUNDLE_FILES_MAX   ((size_t)100000)
#define BUNDLE_RULES_MAX   ((size_t)200000)
#define BUNDLE_SAMPLES_MAX ((size_t)10000)
#define BUNDLE_NOTES_MAX   ((size_t)1000)
#define BUNDLE_TEXT_MAX	   (160 * MIB)
/* Files that one root includes, in each other and in all. */
#define BUNDLE_INCLUDE_DEPTH ((size_t)16)
#define BUNDLE_INCLUDES_MAX  ((size_t)20000)

struct bundle_file {
	char *source;
	char *space; /* the namespace */
	char *path;
	char *text; /* ends in NUL, holds none */
	size_t len;
	bool is_include_only;
};

struct bundle_sample {
	char *name;
	char *rule; /* "namespace:name" */
	bool expects_match;
	uint8_t *data;
	size_t len;
};

struct bundle_space {
	char *name;
	uint64_t hash;
	unsigned int imports; /* 1 << enum rule_module */
	size_t *globals;      /* rules, in order */
	size_t global_count, global_capacity;
};

/* Something wrong with a file; path NULL: with the bundle. */
struct bundle_note {
	const char *source;
	const char *path;
	size_t line;
	char *why;
};

struct bundle {
	struct bundle_file *files;
	size_t file_count, file_capacity;
	struct bundle_sample *samples;
	size_t sample_count, sample_capacity;
	struct bundle_space *spaces;
	size_t space_count, space_capacity;
	/* In the order in which a compiler would meet them; whose name is
	 * taken already has `clash`. */
	struct rule *rules;
	size_t rule_count, rule_capacity;
	struct bundle_note *notes;
	size_t note_count, note_capacity;
	size_t text_bytes;
	size_t *by_path; /* files by source and path */
	uint32_t *slots; /* rules by namespace and name */
	uint64_t seed;	 /* of the slots: names are foreign */
	size_t slot_count;
};

/* Never NULL.  Notes say what was passed over; bundle_free() frees it. */
struct bundle *bundle_read(const void *p, size_t len);
void bundle_free(struct bundle *bundle);
/* The first rule of that name, or SIZE_MAX. */
size_t bundle_find(
    const struct bundle *bundle, size_t space, const char *name, size_t len);
/* The namespace's number, or SIZE_MAX. */
size_t bundle_space(const struct bundle *bundle, const char *name, size_t len);
/* Copies why; beyond BUNDLE_NOTES_MAX nothing is kept. */
void bundle_note(struct bundle *bundle, const struct bundle_file *file,
    size_t line, const char *why);

#endif
