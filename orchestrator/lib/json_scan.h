/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_scan.h - plain JSON objects, checked and looked into without a tree.
 *
 * Findings come by the ten thousand, and of each only two or three members are
 * asked for.  What is plain here: an object whose texts are printable ASCII
 * with simple escapes, whose names have none, with few levels, few members and
 * ordinary numbers.  Anything else, right or wrong, is json_parse()'s.
 */
#ifndef LIB_JSON_SCAN_H
#define LIB_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values that are looked into; the others are only checked. */
enum json_scan_kind {
	JSON_SCAN_MISSING,
	JSON_SCAN_TEXT,	   /* span: between the quotes, without any escape */
	JSON_SCAN_ESCAPED, /* a text that has some */
	JSON_SCAN_INT,	   /* integer */
	JSON_SCAN_REAL,	   /* real */
	JSON_SCAN_OTHER
};

struct json_scan_member {
	const char *name; /* asked for */
	enum json_scan_kind kind;
	const char *p; /* of the value; borrowed from the text */
	size_t len;
	int64_t integer;
	double real;
};

/*
 * True where the len bytes at p are a plain object, nested at most depth_max
 * deep, that json_parse() would take; then each of the count members of its
 * first level is filled in.  False says nothing: ask json_parse().
 */
bool json_scan(const void *p, size_t len, size_t depth_max,
    struct json_scan_member *members, size_t count);
/* Is it a text of these words? */
bool json_scan_is(const struct json_scan_member *member, const char *words);

#endif
