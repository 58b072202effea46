/* SPDX-License-Identifier: Apache-2.0 */
/* match.h - which units of a block a condition may be true of. */
#ifndef INDEX_MATCH_H
#define INDEX_MATCH_H

#include "index/plan.h"
#include "index/segment.h"

#define MASK_WORDS (BLOCK_WIDTH_MAX / 64)

/* One bit a unit of a block. */
struct mask {
	uint64_t w[MASK_WORDS];
};

static inline bool
mask_is_empty(const struct mask *m)
{
	uint64_t any = 0;

	for (size_t i = 0; i < MASK_WORDS; i++)
		any |= m->w[i];
	return any == 0;
}

static inline bool
mask_has(const struct mask *m, size_t unit)
{
	return (m->w[unit / 64] >> (unit % 64) & 1) != 0;
}

/* The first count bits. */
struct mask mask_first(size_t count);

/* Memory for evaluating; one for all plans, grows as needed. */
struct matcher;

struct matcher *matcher_new(void);
void matcher_free(struct matcher *matcher);

/*
 * Evaluates the plan over the units `care` of a block.  When the segment
 * turns out damaged (is_bad), the result means nothing.
 */
struct mask match_block(struct matcher *matcher, const struct plan *plan,
    struct segment *segment, const struct block *block,
    const struct mask *care);
/* Has memory fetch what match_block() will want first of a block. */
void match_fetch(const struct plan *plan, const struct segment *segment,
    const struct block *block);
/* The same for one leaf (RUN, SIZE, HEAD, TRUE, FALSE). */
struct mask match_leaf(const struct plan *plan, const struct plan_node *node,
    struct segment *segment, const struct block *block,
    const struct mask *care);
/* The units of care that have the gram. */
struct mask match_gram(struct segment *segment, const struct block *block,
    uint32_t hash, const struct mask *care);

#endif
