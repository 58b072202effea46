/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule.h - one rule as it stands in its file: where its parts are.
 *
 * Nothing is copied but its name: the text lives as long as its file.
 */
#ifndef RULES_RULE_H
#define RULES_RULE_H

#include "lib/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libyara's own limit on identifiers is 128. */
#define RULE_NAME_MAX	 ((size_t)128)
#define RULE_STRINGS_MAX ((size_t)10000)

enum string_kind {
	STRING_TEXT,
	STRING_HEX,
	STRING_REGEX
};

enum string_flag {
	STRING_ASCII = 1,
	STRING_WIDE = 2,
	STRING_NOCASE = 4,
	STRING_FULLWORD = 8,
	STRING_XOR = 16,
	STRING_BASE64 = 32,
	STRING_BASE64WIDE = 64,
	STRING_PRIVATE = 128
};

/* Byte offsets in the file's text. */
struct span {
	size_t start;
	size_t end;
};

struct rule_string {
	struct span name; /* "$" included */
	struct span value;
	struct span alphabet; /* of base64, quotes included; else empty */
	enum string_kind kind;
	unsigned int flags;
	uint8_t xor_min, xor_max;
	bool is_odd; /* a modifier that is not known here */
};

enum rule_flag {
	RULE_PRIVATE = 1,
	RULE_GLOBAL = 2
};

struct rule {
	char *name;
	const char *text; /* the file's; borrowed */
	size_t file;	  /* of the bundle: where it is written */
	size_t space;	  /* its namespace */
	size_t clash;	  /* the rule that has its name already, or SIZE_MAX */
	size_t line;
	struct span whole; /* modifiers included */
	struct span tags;  /* empty where there is none */
	struct span meta;
	struct span body;      /* "strings:" and "condition:" up to the brace */
	struct span condition; /* behind the colon */
	struct rule_string *strings;
	size_t string_count;
	unsigned int flags; /* enum rule_flag */
	/* It does not look like a rule: only libyara may say what is wrong. */
	bool is_odd;
};

void rule_release(struct rule *rule);

#endif
