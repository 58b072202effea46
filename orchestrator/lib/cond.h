/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cond.h - necessary conditions: what must be true of a file's bytes for a
 * rule to match it, as the index can tell it.
 *
 * Written by loep-rules, stored per closure, evaluated by loep-index.  In
 * bytes: u8 version, then operations in postfix order, each pushing one truth
 * value; the end leaves exactly one.  All numbers little-endian.
 *
 *   COND_TRUE, COND_FALSE
 *   COND_RUN   u8 flags (COND_WIDE), u8 len (4..COND_RUN_MAX), len bytes:
 *              the file holds these bytes one after another, upper and lower
 *              case of ASCII letters alike (the bytes are in lower case);
 *              COND_WIDE: each followed by a NUL, the last one perhaps not
 *   COND_SIZE  u64 min, u64 max: the file's size is within, both included
 *   COND_HEAD  u8 offset, u8 len (offset + len <= COND_HEAD_MAX), len bytes,
 *              len mask bytes: (file byte & mask) == byte at these places; a
 *              file that ends before is not
 *   COND_AND, COND_OR  u16 n (>= 1): of the n topmost
 *   COND_MIN   u16 n, u16 k (1 <= k <= n): at least k of the n topmost
 *
 * A condition is a consequence of "the rule matches": evaluating to false
 * proves a miss, evaluating to true proves nothing.  A writer that meets a
 * bound writes COND_TRUE instead.
 */
#ifndef LIB_COND_H
#define LIB_COND_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

#define COND_VERSION   1
#define COND_RUN_MIN   ((size_t)4)
#define COND_RUN_MAX   ((size_t)64)
#define COND_HEAD_MAX  ((size_t)64)
#define COND_BYTES_MAX ((size_t)32768)
#define COND_OPS_MAX   ((size_t)4096)
#define COND_STACK_MAX ((size_t)1024)
#define COND_WIDE      1

enum cond_op {
	COND_TRUE = 1,
	COND_FALSE,
	COND_RUN = 0x10,
	COND_SIZE = 0x20,
	COND_HEAD,
	COND_AND = 0x30,
	COND_OR,
	COND_MIN
};

struct cond_step {
	enum cond_op op;
	uint8_t flags;	   /* RUN */
	uint8_t offset;	   /* HEAD */
	uint8_t len;	   /* RUN, HEAD */
	const uint8_t *p;  /* RUN, HEAD: into the condition; HEAD: then mask */
	uint64_t min, max; /* SIZE */
	uint16_t count;	   /* AND, OR, MIN */
	uint16_t least;	   /* MIN */
};

/*
 * Reads the operation at *at and moves *at past it.  ERR_OK, ERR_NOT_FOUND at
 * the end, ERR_FORMAT.  *at starts at 0; the version byte is passed over.
 */
int must_check cond_next(
    const uint8_t *p, size_t len, size_t *at, struct cond_step *ret);
/*
 * The whole: version, bounds, that the stack never runs short or over, and
 * that one value is left.  ERR_FORMAT otherwise.
 */
int must_check cond_check(const uint8_t *p, size_t len);

#endif
