/* SPDX-License-Identifier: Apache-2.0 */
/* merge.c - turns many small segments into few large ones. */
#include "index/merge.h"

#include "lib/own.h"
#include "lib/xalloc.h"

/* So many of about one size become one. */
#define FAN_IN ((size_t)8)
/* Sizes are alike up to this factor. */
#define TIER_BYTES  ((uint64_t)256 << 10)
#define TIER_FACTOR 8
/* Tidying up: the largest is at most this many times the others together. */
#define IDLE_FACTOR 4
#define INPUTS_MAX  ((size_t)256)

struct merge {
	struct segment *inputs[INPUTS_MAX]; /* borrowed */
	size_t count;
	struct segment_writer *writer;
	/* Where it stands: this class, this block of this input. */
	uint8_t class;
	size_t input;
	size_t block;
	struct block_maker *maker; /* of the class */
};

/* --- what to merge --- */

static bool
has_gone(const struct index *index, const struct segment *segment)
{
	return ranges_common(&index->gone, &segment->units) > 0;
}

static unsigned int
tier(const struct segment *segment)
{
	uint64_t bytes = segment->bytes;
	unsigned int t = 0;

	for (; bytes > TIER_BYTES; bytes /= TIER_FACTOR)
		t++;
	return t;
}

static int
by_bytes(const void *a, const void *b)
{
	const struct segment *x = *(struct segment *const *)a;
	const struct segment *y = *(struct segment *const *)b;

	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* From the place at, of the sorted list: as many as become one segment. */
static size_t
take_tier(
    struct segment *const *list, size_t count, size_t at, struct merge *merge)
{
	unsigned int t = tier(list[at]);
	uint64_t bytes = 0;

	merge->count = 0;
	while (at < count && tier(list[at]) == t && merge->count < INPUTS_MAX &&
	       bytes + list[at]->bytes <= SEGMENT_BYTES_MAX) {
		bytes += list[at]->bytes;
		merge->inputs[merge->count++] = list[at++];
	}
	return at;
}

static bool
choose_tier(struct segment *const *list, size_t count, struct merge *merge)
{
	for (size_t at = 0; at < count;) {
		size_t next = take_tier(list, count, at, merge);

		/* Too large to join another is a segment for good. */
		if (merge->count >= FAN_IN ||
		    (merge->count >= 2 && next < count &&
			tier(list[next]) == tier(list[at])))
			return true;
		at = next > at ? next : at + 1;
	}
	return false;
}

static bool
choose_idle(struct segment *const *list, size_t count, struct merge *merge)
{
	uint64_t bytes = 0;

	merge->count = 0;
	for (size_t i = 0; i < count && merge->count < INPUTS_MAX; i++) {
		if (bytes + list[i]->bytes > SEGMENT_BYTES_MAX ||
		    (i > 1 && list[i]->bytes > IDLE_FACTOR * bytes))
			break;
		bytes += list[i]->bytes;
		merge->inputs[merge->count++] = list[i];
	}
	return merge->count >= 2;
}

static bool
choose(const struct index *index, struct merge *merge, bool is_idle)
{
	auto_free struct segment **list =
	    xcalloc(index->segments_count, sizeof(struct segment *));
	size_t count = 0;

	for (size_t i = 0; i < index->segments_count; i++) {
		if (has_gone(index, index->segments[i])) {
			merge->inputs[0] = index->segments[i];
			merge->count = 1;
			return true;
		}
		if (index->segments[i]->bytes <= SEGMENT_BYTES_MAX / 2)
			list[count++] = index->segments[i];
	}
	if (count == 0)
		return false;
	qsort(list, count, sizeof(*list), by_bytes);
	return choose_tier(list, count, merge) ||
	       (is_idle && choose_idle(list, count, merge));
}

bool
merge_begin(struct index *index, bool is_idle)
{
	struct merge *merge;

	if (index->merge != NULL)
		return true;
	merge = xcalloc(1, sizeof(*merge));
	if (!choose(index, merge, is_idle) ||
	    segment_writer_new(index->folder, &index->keys, &merge->writer) !=
		ERR_OK) {
		free(merge);
		return false;
	}
	index->merge = merge;
	return true;
}

void
merge_stop(struct index *index)
{
	struct merge *merge = take_ptr(index->merge);

	if (merge == NULL)
		return;
	segment_writer_free(merge->writer);
	block_maker_free(merge->maker);
	free(merge);
}

/* --- doing it --- */

static bool
has_only_kept(
    const struct index *index, const struct block *block, const uint8_t *bytes)
{
	for (size_t u = 0; u < block->count; u++) {
		if (ranges_has(&index->gone,
			block_u64(bytes + block_seq_at(block, u))))
			return false;
	}
	return true;
}

static int
put_made(struct merge *merge)
{
	struct block block;
	uint8_t *bytes;

	if (merge->maker == NULL || block_maker_count(merge->maker) == 0)
		return ERR_OK;
	bytes = block_maker_take(merge->maker, &block);
	return segment_writer_put(merge->writer, &block, bytes);
}

static int
add_units(const struct index *index, const struct block *block, uint8_t *bytes)
{
	struct merge *merge = index->merge;
	size_t len = column_bits_len(block->class);
	auto_free uint8_t *columns = xmalloc(block->width * len + 1);
	auto_free uint8_t *heads = xmalloc(block->width * COLUMN_HEAD_BYTES);
	int err = ERR_OK;

	block_columns(block, bytes, columns, heads);
	if (merge->maker == NULL)
		merge->maker = block_maker_new(block->class);
	for (size_t u = 0; err == ERR_OK && u < block->count; u++) {
		uint64_t seq = block_u64(bytes + block_seq_at(block, u));
		struct column column = {
		    .size = block_u64(bytes + block_size_at(block, u)),
		    .head = heads + u * COLUMN_HEAD_BYTES,
		    .class = block->class,
		    .bits = columns + u * len,
		};

		if (ranges_has(&index->gone, seq))
			continue;
		block_maker_add(merge->maker, seq, &column);
		if (block_maker_is_full(merge->maker))
			err = put_made(merge);
	}
	return err;
}

static int
merge_block(const struct index *index, struct segment *segment,
    const struct block *block)
{
	auto_free uint8_t *bytes = xmalloc(block_bytes(block));
	int err = segment_read_block(segment, block, bytes);

	if (err != ERR_OK)
		return err;
	/* A full one goes as it is. */
	if (block->count == block_width_max(block->class) &&
	    has_only_kept(index, block, bytes))
		return segment_writer_put(index->merge->writer, block, bytes);
	return add_units(index, block, bytes);
}

/* The next block of the class; ERR_NOT_FOUND: there is none left. */
static int
next_block(struct merge *merge, struct segment **ret_segment,
    const struct block **ret_block)
{
	for (; merge->input < merge->count; merge->input++, merge->block = 0) {
		struct segment *segment = merge->inputs[merge->input];

		while (merge->block < segment->blocks_count) {
			*ret_segment = segment;
			*ret_block = &segment->blocks[merge->block++];
			if ((*ret_block)->class == merge->class)
				return ERR_OK;
		}
	}
	return ERR_NOT_FOUND;
}

static int
end_class(struct merge *merge)
{
	int err = put_made(merge);

	block_maker_free(merge->maker);
	merge->maker = NULL;
	merge->class ++;
	merge->input = 0;
	merge->block = 0;
	return err;
}

static int
end(struct index *index)
{
	struct merge *merge = index->merge;
	struct segment *segment = NULL;
	uint64_t id;
	int err = ERR_OK;

	if (segment_writer_bytes(merge->writer) > 0) {
		err = segment_writer_end(merge->writer, &id);
		if (err == ERR_OK)
			err = segment_open(
			    index->folder, &index->keys, id, &segment);
	}
	if (err == ERR_OK)
		err =
		    index_replace(index, segment, merge->inputs, merge->count);
	return err;
}

int
merge_step(struct index *index)
{
	struct merge *merge = index->merge;
	const struct block *block;
	struct segment *segment;
	int err = ERR_AGAIN;

	if (merge == NULL)
		return ERR_OK;
	if (merge->class > COLUMN_CLASS_MAX) {
		err = end(index);
	} else if (next_block(merge, &segment, &block) == ERR_OK) {
		err = merge_block(index, segment, block);
		err = err == ERR_OK ? ERR_AGAIN : err;
	} else {
		err = end_class(merge);
		err = err == ERR_OK ? ERR_AGAIN : err;
	}
	if (err == ERR_AGAIN)
		return err;
	merge_stop(index);
	index_drop_bad(index);
	return err;
}
