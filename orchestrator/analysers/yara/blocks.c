/* SPDX-License-Identifier: Apache-2.0 */
/* blocks.c - an input in overlapping blocks. */
#include "analysers/yara/blocks.h"

#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

static uint64_t
step(void)
{
	return BLOCK_BYTES - BLOCK_OVERLAP_BYTES;
}

/* The bytes of the block that libyara stands at; NULL ends the scan. */
static const uint8_t *
on_fetch(YR_MEMORY_BLOCK *block)
{
	struct blocks *blocks = block->context;
	uint8_t *buf = block->base == 0 ? blocks->first : blocks->other;
	bool is_held = block->base == 0 ? blocks->scanned > 0
					: blocks->held == block->base;
	size_t len = 0;

	if (is_held)
		return buf;
	blocks->error =
	    input_read_at(blocks->input, block->base, buf, block->size, &len);
	if (blocks->error != ERR_OK || len < block->size) {
		blocks->error =
		    blocks->error == ERR_OK ? ERR_EOF : blocks->error;
		blocks->held = 0;
		return NULL;
	}
	if (block->base != 0)
		blocks->held = block->base;
	if (block->base + block->size > blocks->scanned)
		blocks->scanned = block->base + block->size;
	return buf;
}

static YR_MEMORY_BLOCK *
block_at(struct blocks *blocks, uint64_t base)
{
	uint64_t size = input_size(blocks->input);

	if (base >= size || blocks->error != ERR_OK)
		return NULL;
	/* What was scanned once may be looked at again at any time. */
	if (base >= blocks->scanned && loop_now_ms() >= blocks->end_ms) {
		blocks->is_late = true;
		return NULL;
	}
	blocks->block.base = base;
	blocks->block.size =
	    size - base < BLOCK_BYTES ? (size_t)(size - base) : BLOCK_BYTES;
	return &blocks->block;
}

static YR_MEMORY_BLOCK *
on_first(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
	iterator->last_error = ERROR_SUCCESS;
	return block_at(iterator->context, 0);
}

static YR_MEMORY_BLOCK *
on_next(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
	struct blocks *blocks = iterator->context;
	uint64_t end = blocks->block.base + blocks->block.size;

	iterator->last_error = ERROR_SUCCESS;
	if (end >= input_size(blocks->input))
		return NULL;
	return block_at(blocks, blocks->block.base + step());
}

static uint64_t
on_size(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
	struct blocks *blocks = iterator->context;

	return input_size(blocks->input);
}

void
blocks_init(struct blocks *blocks, struct input *input, uint64_t end_ms)
{
	*blocks = (struct blocks){
	    .iterator =
		{
		    .context = blocks,
		    .first = on_first,
		    .next = on_next,
		    .file_size = on_size,
		},
	    .block = {.context = blocks, .fetch_data = on_fetch},
	    .input = input,
	    .first = xmalloc(BLOCK_BYTES),
	    .other = xmalloc(BLOCK_BYTES),
	    .end_ms = end_ms,
	};
}

void
blocks_release(struct blocks *blocks)
{
	free(take_ptr(blocks->first));
	free(take_ptr(blocks->other));
}
