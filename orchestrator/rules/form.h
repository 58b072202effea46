/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.h - monotone formulas over what the index knows, built bottom-up and
 * written as the bytes of lib/cond.h.
 *
 * A formula is a number that lives as long as its arena.  Simplified while it
 * is built: TRUE and FALSE vanish, equal operands come once (but under MIN).
 * What grows too large becomes weaker: an AND loses operands, the runs of an
 * OR get shorter, and in the end TRUE stands for it.
 */
#ifndef RULES_FORM_H
#define RULES_FORM_H

#include "lib/cond.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A condition has its place in a record beside meta data. */
#define FORM_BYTES_MAX ((uint32_t)20000)
#define FORM_OPS_MAX   ((uint32_t)4000)
/* Formulas of one rule; TRUE is given out when they are used up. */
#define FORM_NODES_MAX ((size_t)200000)

enum {
	FORM_TRUE = 0,
	FORM_FALSE = 1
};

typedef uint32_t form_id;

/* Beside enum cond_op: a part that is a condition already. */
#define FORM_EMBED 0xff
/* And one that the index does not know: written, it is TRUE (rules/guard.h). */
#define FORM_SPAN 0xfe
/* The bytes of a class as bits: set[c / 8] & 1 << c % 8. */
#define FORM_SET_BYTES ((size_t)32)

struct form_node {
	uint8_t op;    /* enum cond_op, or FORM_EMBED */
	uint8_t flags; /* RUN */
	uint8_t offset;
	uint8_t class; /* enum form_class */
	uint32_t data; /* into bytes: RUN, HEAD, EMBED, SPAN (its set); into
			  kids: the others */
	uint32_t len;  /* of either; SPAN: how many bytes of the set */
	uint32_t least;
	uint32_t bytes; /* when written out */
	uint32_t ops;
	uint64_t min, max;
};

/* What a formula leaves of a store, best last. */
enum form_class {
	FORM_ANYTHING, /* it can be true of any file */
	FORM_HEADER,   /* some of it needs only first bytes or a size */
	FORM_RUNS      /* always some bytes that the index can look up */
};

struct form {
	struct form_node *nodes;
	size_t count, capacity;
	uint8_t *bytes;
	size_t bytes_len, bytes_size;
	form_id *kids;
	size_t kids_len, kids_size;
	bool has_spans; /* form_span() makes some; kept by form_reset() */
};

void form_init(struct form *form);
void form_release(struct form *form);
/* Forgets all formulas, keeps the memory. */
void form_reset(struct form *form);

/*
 * Runs of any length and case: TRUE where they are too short, an AND of
 * overlapping pieces where they are too long.
 */
form_id form_run(struct form *form, const uint8_t *p, size_t len, bool is_wide);
/*
 * count bytes one after another that are all of the set (is_wide: a NUL
 * between each two).  TRUE where form->has_spans is not set.
 */
form_id form_span(struct form *form, const uint8_t set[FORM_SET_BYTES],
    uint32_t count, bool is_wide);
form_id form_size(struct form *form, uint64_t min, uint64_t max);
/*
 * Bytes at an offset and their mask; what lies beyond COND_HEAD_MAX is left
 * out, as are bytes without a mask at both ends.
 */
form_id form_head(struct form *form, size_t offset, const uint8_t *p,
    const uint8_t *mask, size_t len);
/* A condition that cond_check() takes, as a part. */
form_id form_embed(struct form *form, const uint8_t *p, size_t len);
form_id form_and(struct form *form, const form_id *ids, size_t count);
form_id form_or(struct form *form, const form_id *ids, size_t count);
/* At least `least` of them; 0 is TRUE. */
form_id form_min(
    struct form *form, const form_id *ids, size_t count, uint64_t least);
/* A copy of the node; TRUE when there are too many. */
form_id form_add(struct form *form, const struct form_node *node);
/* Copies bytes; returns where they lie. */
uint32_t form_add_bytes(struct form *form, const void *p, size_t len);
form_id form_and2(struct form *form, form_id a, form_id b);
form_id form_or2(struct form *form, form_id a, form_id b);

enum form_class form_class_of(const struct form *form, form_id id);
/*
 * Writes the condition to dst; always one that cond_check() takes, TRUE where
 * all else fails.  Returns its length.
 */
size_t form_write(
    const struct form *form, form_id id, uint8_t dst[COND_BYTES_MAX]);

#endif
