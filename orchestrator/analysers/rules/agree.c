/* SPDX-License-Identifier: Apache-2.0 */
/* agree.c - whether libyara sees the strings of a rule as they were read. */
#include "analysers/rules/agree.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/hex.h"
#include "rules/number.h"

static bool
has_name(
    const struct rule *rule, const struct rule_string *string, const char *name)
{
	size_t len = string->name.end - string->name.start;

	return strlen(name) == len &&
	       memcmp(rule->text + string->name.start, name, len) == 0;
}

/* Whether a flag of ours and one of libyara's say the same. */
static bool
same(const struct rule_string *string, unsigned int own, YR_STRING *seen,
    unsigned int theirs)
{
	return ((string->flags & own) != 0) == ((seen->flags & theirs) != 0);
}

static bool
has_bytes(
    const struct rule *rule, const struct rule_string *string, YR_STRING *seen)
{
	size_t size = string->value.end - string->value.start;
	auto_free uint8_t *bytes = xmalloc(size + 1);
	size_t len = 0;
	bool is_known;

	if (!STRING_IS_LITERAL(seen))
		return string->kind != STRING_TEXT;
	is_known = string->kind == STRING_TEXT
		       ? text_of(rule->text, string->value, bytes, &len)
		       : string->kind == STRING_HEX &&
			     hex_literal(rule->text + string->value.start, size,
				 bytes, &len);
	/* A part of a hexadecimal string that was cut in pieces. */
	if (!is_known)
		return string->kind != STRING_TEXT;
	return seen->length == (int32_t)len &&
	       memcmp(seen->string, bytes, len) == 0;
}

static bool
agree_one(
    const struct rule *rule, const struct rule_string *string, YR_STRING *seen)
{
	bool is_base64 =
	    (string->flags & (STRING_BASE64 | STRING_BASE64WIDE)) != 0;

	if (!has_name(rule, string, seen->identifier) ||
	    (string->kind == STRING_HEX) !=
		((seen->flags & STRING_FLAGS_HEXADECIMAL) != 0))
		return false;
	if (!is_base64 && (string->kind == STRING_REGEX) !=
			      ((seen->flags & STRING_FLAGS_REGEXP) != 0))
		return false;
	if (!same(string, STRING_BASE64, seen, STRING_FLAGS_BASE64) ||
	    !same(string, STRING_BASE64WIDE, seen, STRING_FLAGS_BASE64_WIDE) ||
	    !same(string, STRING_XOR, seen, STRING_FLAGS_XOR))
		return false;
	if (string->kind == STRING_HEX || is_base64)
		return is_base64 || has_bytes(rule, string, seen);
	/* libyara notes ASCII as what goes without saying; not beside XOR. */
	if (!same(string, STRING_WIDE, seen, STRING_FLAGS_WIDE) ||
	    ((string->flags & STRING_XOR) == 0 &&
		!same(string, STRING_ASCII, seen, STRING_FLAGS_ASCII)))
		return false;
	if (string->kind == STRING_TEXT &&
	    !same(string, STRING_NOCASE, seen, STRING_FLAGS_NO_CASE))
		return false;
	return has_bytes(rule, string, seen);
}

bool
agree(const struct rule *rule, YR_RULE *seen)
{
	YR_STRING *string;
	size_t i = 0;

	yr_rule_strings_foreach(seen, string)
	{
		/* Pieces of one string, but the first. */
		if (string->chained_to != NULL)
			continue;
		if (i == rule->string_count ||
		    !agree_one(rule, &rule->strings[i++], string))
			return false;
	}
	return i == rule->string_count;
}
