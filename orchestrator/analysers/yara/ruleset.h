/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ruleset.h - the active rule set: files found, what is set aside and why,
 * and the compiled rules by kind of file.
 *
 * Which rules an artefact is scanned with depends on its first bytes: a rule
 * that provably matches only files that begin with "MZ" is compiled only into
 * the set for those (need.h).  The results are those of one set for all.
 */
#ifndef YARA_RULESET_H
#define YARA_RULESET_H

#include "analysers/yara/rulefile.h"
#include "analysers/yara/unitrules.h"
#include "lib/digest.h"
#include "lib/json.h"

#include <yara.h>

/* Entries of the list of what is set aside that are shown. */
#define SET_ASIDE_SHOWN_MAX ((size_t)150)
/* Files of one rule set; more are set aside. */
#define RULESET_FILES_MAX ((size_t)20000)

/* Sets of slow rules; each is one more scan of what its guard allows. */
#define RULESET_SLOW_MAX ((size_t)8)

enum rule_class {
	CLASS_ANY,   /* everything without a class of its own */
	CLASS_MZ,    /* "MZ": with the facts of pe and dotnet */
	CLASS_ELF,   /* with the facts of elf */
	CLASS_MACHO, /* facts only, besides CLASS_ANY */
	CLASS_DEX,   /* facts only, besides CLASS_ANY */
	CLASS_COUNT
};

struct ruleset {
	struct rule_file **files; /* by name; only while loading */
	size_t file_count;
	size_t loaded_files; /* afterwards */
	json_t *set_aside;
	size_t set_aside_files;
	size_t set_aside_rules;
	char digest[SHA256_HEX_BYTES];
	size_t rule_counts[CLASS_COUNT];
	size_t rule_count;
	YR_RULES *rules[CLASS_COUNT];
	YR_SCANNER *scanners[CLASS_COUNT];
	bool is_lean[CLASS_COUNT]; /* no rule of it needs more than lean.h */
	/* Where the rules came as compile units, else NULL. */
	struct unit_rules *units;
	/* The slow ones of them, scanned with after all others; NULL = none.
	 * It has units and scanners alone, a guard where all its rules have
	 * that one, and perhaps further slow ones behind it. */
	struct ruleset *slow;
	size_t slow_count;	    /* rules of all of these */
	const struct guard *guard;  /* NULL = none */
	const struct guard *places; /* need.h, struct rule_look */
	uint64_t version;
};

/*
 * Reads the folders (colon-separated), checks and compiles.  Never fails for
 * what is in them: that is set aside by name.  Exits where libyara fails.
 */
struct ruleset *ruleset_load(const char *folders);
/*
 * The same of compile units in sealed memory (fd stays the caller's).  Without
 * facts there are only as many sets as the rules need: one where they all
 * look at any file, and none (NULL) for files that nothing can match.  Counts
 * include those of the slow part.
 * ERR_FORMAT where it is no set of units, ERR_LIMIT where libyara fails; why
 * says more.
 */
int must_check ruleset_units(int fd, bool has_facts, char *why, size_t why_size,
    struct ruleset **ret_ruleset);
/* --- for image.c --- */

/* Compiled rules are there: scanners, counts.  ERR_LIMIT. */
int must_check ruleset_complete(struct ruleset *ruleset);
/*
 * Compiles the slow units of sealed memory, which are few, and gives them to the
 * set.  Errors as of ruleset_units().
 */
int must_check ruleset_add_slow(
    struct ruleset *ruleset, int fd, char *why, size_t why_size);

void ruleset_free(struct ruleset *ruleset);
/* Whether rules of the set may match a file of these bytes, as far as its
 * guard tells; map NULL: they are not known. */
bool ruleset_allows(
    const struct ruleset *ruleset, const uint8_t *map, size_t size);
/* What was set aside, in words; "" = nothing. */
void ruleset_explain(const struct ruleset *ruleset, char *why, size_t size);
/* What runs, for reports. New reference. */
json_t *ruleset_info(const struct ruleset *ruleset);
/*
 * Sets a rule aside, or (unit -1) its whole file.  line 0 = unknown.  Once
 * only; a second reason is not kept.
 */
void ruleset_set_aside(struct ruleset *ruleset, size_t file, long unit,
    size_t line, const char *why);
/* Notes something that is no rule file: a folder that cannot be read. */
void ruleset_note(struct ruleset *ruleset, const char *name, const char *why);
/* The set for a file with these first bytes, and one for facts or -1. */
enum rule_class ruleset_class(const void *head, size_t len, int *ret_facts);

#endif
