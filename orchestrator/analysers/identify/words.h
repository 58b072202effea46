/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - which of many literals are in a text, in one pass over it. */
#ifndef IDENTIFY_WORDS_H
#define IDENTIFY_WORDS_H

#include "analysers/identify/literal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct words;

/* Never NULL; it is for the process's life. */
struct words *words_new(void);
/*
 * Adds a literal; the same one twice is one.  Returns its number, or -1 where
 * it is too short to be told at a glance: then it may always be there.
 */
int words_add(struct words *words, const struct literal *literal);
size_t words_count(const struct words *words);
/* Sets is_there[] of words_count() entries. */
void words_find(
    const struct words *words, const uint8_t *p, size_t len, bool *is_there);

#endif
