/* SPDX-License-Identifier: Apache-2.0 */
/*
 * magicdb.h - libmagic's compiled database, as its file.h lays it out.
 *
 * Trusted: it is the system's, read before the cage is entered.
 */
#ifndef IDENTIFY_MAGICDB_H
#define IDENTIFY_MAGICDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAGICDB_NUMBER	0xF11E041Cu
#define MAGICDB_VERSION 18u

enum magicdb_flag {
	MAGICDB_INDIRECT_OFFSET = 0x01,
	MAGICDB_RELATIVE = 0x02, /* to where the entry before it matched */
	MAGICDB_RELATIVE_INDIRECT = 0x04,
	MAGICDB_UNSIGNED = 0x08,
	MAGICDB_BINARY = 0x20, /* of level 0: tried on all files */
	MAGICDB_TEXT = 0x40,   /* tried on text, after its conversion */
	MAGICDB_FROM_END = 0x80
};

/* Types whose tests are understood here. */
enum magicdb_type {
	MAGICDB_BYTE = 1,
	MAGICDB_SHORT = 2,
	MAGICDB_DEFAULT = 3,
	MAGICDB_LONG = 4,
	MAGICDB_STRING = 5,
	MAGICDB_BESHORT = 7,
	MAGICDB_BELONG = 8,
	MAGICDB_LESHORT = 10,
	MAGICDB_LELONG = 11,
	MAGICDB_PSTRING = 13,
	MAGICDB_REGEX = 17,
	MAGICDB_BESTRING16 = 18,
	MAGICDB_LESTRING16 = 19,
	MAGICDB_SEARCH = 20,
	MAGICDB_QUAD = 24,
	MAGICDB_LEQUAD = 25,
	MAGICDB_BEQUAD = 26,
	MAGICDB_INDIRECT = 41,
	MAGICDB_NAME = 45,
	MAGICDB_USE = 46,
	MAGICDB_DER = 48,
	MAGICDB_GUID = 49
};

enum magicdb_op {
	MAGICDB_OP_AND = 0,
	MAGICDB_OP_ADD = 3,
	MAGICDB_OP_MINUS = 4
};

enum magicdb_text_flag {
	MAGICDB_SPACES = 0x03,	   /* white space of the pattern is special */
	MAGICDB_FOLD = 0x0c,	   /* upper and lower case may be alike */
	MAGICDB_FROM_START = 0x10, /* where the next level goes on */
	MAGICDB_TEXT_ONLY = 0x20,
	MAGICDB_BINARY_ONLY = 0x40,
	MAGICDB_LINES = 0x800, /* of a regular expression */
	MAGICDB_TRIM = 0x2000,
	MAGICDB_FULL_WORD = 0x4000
};

struct magicdb_entry {
	uint16_t level;
	uint8_t flag;
	uint8_t factor;
	uint8_t relation; /* '=' '!' '<' '>' '&' '^' 'x' */
	uint8_t value_len;
	uint8_t type;
	uint8_t in_type;
	uint8_t in_op;
	uint8_t mask_op;
	uint8_t condition;
	uint8_t factor_op;
	int32_t offset;
	int32_t in_offset;
	uint32_t line;
	union {
		uint64_t mask;
		struct {
			uint32_t range;
			uint32_t flags;
		} text;
	} u;
	uint8_t value[128];
	char description[64];
	char mime[80];
	char apple[8];
	char extensions[64];
};

_Static_assert(sizeof(struct magicdb_entry) == 376, "libmagic's struct magic");

struct magicdb {
	struct magicdb_entry *entries; /* owned; the header's place is first */
	size_t count[2];	       /* tests, and named ones */
};

/* false where there is not exactly one database of this format. */
bool magicdb_read(struct magicdb *db);
void magicdb_release(struct magicdb *db);
/* The header in the first entry's place, for count tests and names. */
void magicdb_put_header(
    struct magicdb_entry *first, size_t tests, size_t names);

#endif
