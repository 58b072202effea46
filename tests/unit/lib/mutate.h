/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutate.h - feeds a decoder every truncation and every bit flip of an input.
 *
 * Each variant is a block of its own of exactly its length, so that a
 * sanitizer sees a read past its end.
 */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True where the decoder took the input. */
typedef bool mutate_fn(void *arg, const uint8_t *p, size_t len);

/* How many of the variants were taken. */
struct mutate_result {
	size_t tried;
	size_t taken;
};

/* All proper prefixes of the input, the empty one included. */
struct mutate_result mutate_truncate(
    const void *p, size_t len, mutate_fn *fn, void *arg);
/* Each single bit the other way. */
struct mutate_result mutate_flip(
    const void *p, size_t len, mutate_fn *fn, void *arg);
/* The input with 1 to 16 bytes behind it. */
struct mutate_result mutate_extend(
    const void *p, size_t len, mutate_fn *fn, void *arg);

#endif
