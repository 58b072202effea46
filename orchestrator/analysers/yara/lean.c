/* SPDX-License-Identifier: Apache-2.0 */
/* lean.c - rules without strings. */
#include "analysers/yara/lean.h"

#include "lib/limits.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Files that are tried by their first bytes; no memory is behind it. */
#define REACH_BYTES ((size_t)GIB)
#define PAGE_BYTES  ((size_t)4096)

struct lean {
	YR_MEMORY_BLOCK block; /* first: libyara hands it back */
	YR_MEMORY_BLOCK_ITERATOR iterator;
	const uint8_t *p;
	bool is_evaluating;
};

static const uint8_t *
fetch(YR_MEMORY_BLOCK *block)
{
	const struct lean *lean = block->context;

	/* A block that cannot be fetched is passed over. */
	return lean->is_evaluating ? lean->p : NULL;
}

static YR_MEMORY_BLOCK *
first(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
	struct lean *lean = iterator->context;

	return &lean->block;
}

static YR_MEMORY_BLOCK *
next(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
	(void)iterator;
	return NULL;
}

/* It is asked for once, between strings and conditions. */
static uint64_t
file_size(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
	struct lean *lean = iterator->context;

	lean->is_evaluating = true;
	return lean->block.size;
}

bool
lean_suits(const YR_RULES *rules)
{
	return rules->num_strings == 0;
}

int
lean_scan(YR_SCANNER *scanner, const uint8_t *p, size_t size)
{
	struct lean lean = {
	    .block = {.size = size, .fetch_data = fetch},
	    .iterator =
		{
		    .first = first,
		    .next = next,
		    .file_size = file_size,
		    .last_error = ERROR_SUCCESS,
		},
	    .p = p,
	};

	lean.block.context = &lean;
	lean.iterator.context = &lean;
	return yr_scanner_scan_mem_blocks(scanner, &lean.iterator);
}

/* Addresses for a whole file, of which the first pages can be used. */
static uint8_t *
reach(size_t head_len)
{
	static uint8_t *map;
	static size_t usable;

	if (map == NULL) {
		void *p = mmap(NULL, REACH_BYTES, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			return NULL;
		map = p;
	}
	if (usable != head_len) {
		if (mprotect(map, REACH_BYTES, PROT_NONE) == -1 ||
		    mprotect(map, head_len, PROT_READ | PROT_WRITE) == -1)
			return NULL;
		usable = head_len;
	}
	return map;
}

int
lean_scan_head(YR_SCANNER **scanner, const uint8_t *head, size_t head_len,
    uint64_t size, bool *ret_is_known)
{
	YR_RULES *rules = (*scanner)->rules;
	int flags = (*scanner)->flags;
	uint8_t *map;
	int error;

	*ret_is_known = false;
	if (size > REACH_BYTES || head_len == 0 || head_len % PAGE_BYTES != 0 ||
	    (map = reach(head_len)) == NULL)
		return ERROR_SUCCESS;
	memcpy(map, head, head_len);
	/* With its own way out of a fault: it is one that is meant. */
	yr_scanner_set_flags(*scanner, flags & ~SCAN_FLAGS_NO_TRYCATCH);
	error = lean_scan(*scanner, map, (size_t)size);
	yr_scanner_set_flags(*scanner, flags);
	*ret_is_known = error != ERROR_COULD_NOT_MAP_FILE;
	if (*ret_is_known)
		return error;
	return yr_scanner_create(rules, scanner);
}
