/* SPDX-License-Identifier: Apache-2.0 */
/* mutate.c - every truncation and every bit flip of an input. */
#include "mutate.h"

#include "lib/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define EXTEND_MAX 16

static void
try(struct mutate_result *result, const uint8_t *p, size_t len, mutate_fn *fn,
    void *arg)
{
	uint8_t *copy = xmemdup(p, len);

	result->tried++;
	result->taken += fn(arg, copy, len);
	free(copy);
}

struct mutate_result
mutate_truncate(const void *p, size_t len, mutate_fn *fn, void *arg)
{
	struct mutate_result result = {0, 0};

	for (size_t n = 0; n < len; n++)
		try(&result, p, n, fn, arg);
	return result;
}

struct mutate_result
mutate_flip(const void *p, size_t len, mutate_fn *fn, void *arg)
{
	struct mutate_result result = {0, 0};
	uint8_t *copy = xmemdup(p, len);

	for (size_t bit = 0; bit < 8 * len; bit++) {
		copy[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		try(&result, copy, len, fn, arg);
		copy[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
	free(copy);
	return result;
}

struct mutate_result
mutate_extend(const void *p, size_t len, mutate_fn *fn, void *arg)
{
	struct mutate_result result = {0, 0};
	uint8_t *copy = xcalloc(1, len + EXTEND_MAX);

	memcpy(copy, p, len);
	for (size_t n = 1; n <= EXTEND_MAX; n++)
		try(&result, copy, len + n, fn, arg);
	free(copy);
	return result;
}
