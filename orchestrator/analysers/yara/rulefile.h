/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rulefile.h - a file of YARA rules, taken apart into its rules.
 *
 * Why: one rule that is wrong or slow is set aside, and the others of its
 * file stay; and a rule that can only match a Windows program need not be
 * looked for in anything else.
 */
#ifndef YARA_RULEFILE_H
#define YARA_RULEFILE_H

#include "rules/guard.h"
#include "rules/module.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A rule file that is larger is set aside. */
#define RULEFILE_BYTES_MAX ((size_t)16 << 20)
/* YARA's own limit on identifiers is 128. */
#define RULE_NAME_BYTES 129

/* What the first bytes must be for a rule to match: proven, or ANY. */
enum rule_need {
	NEED_ANY,
	NEED_MZ,  /* uint16(0) == 0x5A4D */
	NEED_ELF, /* uint32(0) == 0x464C457F */
	NEED_COUNT
};

struct rule_unit {
	char name[RULE_NAME_BYTES];
	size_t start; /* byte offsets, private/global included */
	size_t end;
	size_t line_first;
	size_t line_last;
	unsigned int modules; /* 1 << enum rule_module that it uses */
	enum rule_need need;
	struct guard *guard; /* need.h; NULL = none */
	struct guard *places;
	bool is_global;
	bool is_referenced; /* by another rule of the file */
	bool is_set_aside;
};

struct rule_file {
	char *name; /* relative to its folder: also the namespace */
	char *text;
	size_t len;
	struct rule_unit *units;
	size_t unit_count;
	size_t includes;
	bool is_set_aside; /* as a whole */
};

/* Takes text (of len bytes, NUL-terminated) and copies name. */
struct rule_file *rulefile_new(const char *name, char *text, size_t len);
void rulefile_free(struct rule_file *file);
/* The unit that a line (from 1) belongs to, or the one before; -1 = none. */
long rulefile_unit_at(const struct rule_file *file, size_t line);
/*
 * The file's text with only these units left (keep[unit]), the imports they
 * need, and every line where it was.  The caller frees.
 */
char *rulefile_text(const struct rule_file *file, const bool *keep);
/* Rules that are not set aside. */
size_t rulefile_active(const struct rule_file *file);
/*
 * Calls take() with the tokens of the unit, one space between them: the same
 * for rules that differ in comments and white space only.
 */
void rulefile_normalise(const struct rule_file *file, size_t unit,
    void (*take)(void *arg, const char *p, size_t len), void *arg);

#endif
