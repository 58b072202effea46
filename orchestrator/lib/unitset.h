/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unitset.h - compile units of YARA rules in sealed memory: the active set for
 * loep-yara, the changed rules for loep-hunt (message RULESET).
 *
 * A compile unit compiles by itself (ARCHITECTURE.md, "Rules that change").
 * In bytes, little-endian: "LOEPUNIT", u32 version, u32 count; then per unit
 * 32 bytes closure digest, 32 bytes SHA-256 of the text, u8 flags, and three
 * texts (namespace, name, unit), each u32 length, bytes, NUL.
 */
#ifndef LIB_UNITSET_H
#define LIB_UNITSET_H

#include "lib/digest.h"
#include "lib/err.h"
#include "lib/limits.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNITSET_VERSION 1
/* libyara's own limit on identifiers is 128. */
#define UNIT_NAME_BYTES_MAX	 ((size_t)128)
#define UNIT_NAMESPACE_BYTES_MAX ((size_t)1024)
/* The text of one unit. */
#define UNIT_TEXT_BYTES_MAX (16 * MIB)
/* One set: that of 100,000 rules, with room. */
#define UNITSET_BYTES_MAX (512 * MIB)
#define UNITSET_COUNT_MAX ((size_t)200000)

enum unit_flag {
	UNIT_NOISY = 1,	  /* matches are kept but not scored */
	UNIT_PRIVATE = 2, /* never matches for itself */
	UNIT_GLOBAL = 4,
	UNIT_VOLATILE = 8, /* uses time or cuckoo: never covered for good */
	UNIT_SLOW = 16,	   /* it may take the time of all others */
	UNIT_FLAGS = 31
};

struct unit {
	const uint8_t *closure;	    /* SHA256_BYTES */
	const uint8_t *text_digest; /* SHA256_BYTES; for caches of compiled
				       rules, as the closure says nothing of
				       meta and tags */
	const char *namespace_name; /* where the rule stands */
	const char *name;
	const char *text;
	size_t text_len;
	unsigned int flags; /* enum unit_flag */
};

/* --- the writer --- */

struct unitset_out {
	struct wire_out wire;
	uint32_t count;
};

void unitset_out_init(struct unitset_out *out);
void unitset_out_release(struct unitset_out *out);
/*
 * Adds a unit; the text ends at text_len and holds no NUL.  ERR_FORMAT for a
 * unit that a reader would refuse, ERR_LIMIT when the set is full.
 */
int must_check unitset_add(struct unitset_out *out, const struct unit *unit);
/* The whole set as sealed memory; *ret_fd is the caller's. */
int must_check unitset_seal(struct unitset_out *out, int *ret_fd);

/* --- the reader --- */

struct unitset {
	struct wire_in in;
	uint32_t count; /* units in all, as the set says */
	uint32_t read;
	void *map; /* owned where unitset_open() made it */
	size_t map_len;
};

/*
 * Maps the set; fd stays the caller's and may be closed at once.  ERR_FORMAT
 * when it is not sealed against change or no unit set.
 */
int must_check unitset_open(struct unitset *set, int fd);
/* The same over len borrowed bytes. */
int must_check unitset_init(struct unitset *set, const void *p, size_t len);
void unitset_release(struct unitset *set);
/*
 * The next unit, its pointers into the set: all texts end in NUL.  ERR_OK;
 * ERR_NOT_FOUND after the last, where nothing may follow; ERR_FORMAT.  Whether
 * text_digest is the text's is not looked at.
 */
int must_check unitset_next(struct unitset *set, struct unit *ret_unit);

#endif
