/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocks.h - an input that is not in memory, as the overlapping blocks that
 * libyara can scan: one scan, whose conditions see the whole file's size and
 * bytes; only strings longer than the overlap may be missed at a seam.
 */
#ifndef YARA_BLOCKS_H
#define YARA_BLOCKS_H

#include "lib/input.h"

#include <yara.h>

#define BLOCK_BYTES ((size_t)32 << 20)
/* libyara looks at no more than 4 KiB for a regular expression. */
#define BLOCK_OVERLAP_BYTES ((size_t)64 << 10)

struct blocks {
	YR_MEMORY_BLOCK_ITERATOR iterator; /* libyara's view */
	YR_MEMORY_BLOCK block;
	struct input *input;
	uint8_t *first; /* stays: headers are asked for often */
	uint8_t *other;
	uint64_t held;	  /* the base of what other holds */
	uint64_t end_ms;  /* no further block is read after this */
	uint64_t scanned; /* bytes up to which blocks were given out */
	int error;	  /* of reading the input */
	bool is_late;
};

void blocks_init(struct blocks *blocks, struct input *input, uint64_t end_ms);
void blocks_release(struct blocks *blocks);

#endif
