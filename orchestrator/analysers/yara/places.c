/* SPDX-License-Identifier: Apache-2.0 */
/* places.c - those places of a file that count. */
#include "analysers/yara/places.h"

#define WINDOWS_MAX ((size_t)4096)

struct places {
	YR_MEMORY_BLOCK block;
	YR_MEMORY_BLOCK_ITERATOR iterator;
	const uint8_t *p;
	size_t size;
	size_t next;
	size_t count;
	struct guard_window windows[WINDOWS_MAX];
};

static const uint8_t *
fetch(YR_MEMORY_BLOCK *block)
{
	const struct places *places = block->context;

	return places->p + block->base;
}

static YR_MEMORY_BLOCK *
next(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
	struct places *places = iterator->context;
	const struct guard_window *window = &places->windows[places->next];

	if (places->next == places->count)
		return NULL;
	places->next++;
	places->block.base = window->start;
	places->block.size = window->end - window->start;
	return &places->block;
}

static YR_MEMORY_BLOCK *
first(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
	struct places *places = iterator->context;

	places->next = 0;
	return next(iterator);
}

static uint64_t
file_size(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
	const struct places *places = iterator->context;

	return places->size;
}

int
places_scan(YR_SCANNER *scanner, const struct guard *guard, const uint8_t *p,
    size_t size)
{
	/* A child scans one file at a time. */
	static struct places places;

	if (guard == NULL || !guard_windows(guard, p, size, places.windows,
				 WINDOWS_MAX, &places.count))
		return yr_scanner_scan_mem(scanner, p, size);
	places.p = p;
	places.size = size;
	places.block = (YR_MEMORY_BLOCK){
	    .fetch_data = fetch,
	    .context = &places,
	};
	places.iterator = (YR_MEMORY_BLOCK_ITERATOR){
	    .context = &places,
	    .first = first,
	    .next = next,
	    .file_size = file_size,
	    .last_error = ERROR_SUCCESS,
	};
	return yr_scanner_scan_mem_blocks(scanner, &places.iterator);
}
