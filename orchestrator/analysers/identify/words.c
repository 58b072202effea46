/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.c - which of many literals are in a text, in one pass over it.
 *
 * Each four bytes of the text, with upper and lower case alike, are looked up
 * in a small bitmap of what literals begin with; where its bit is set, those
 * that begin so are compared.  The lookups do not wait for each other, as the
 * steps of an automaton would.
 */
#include "analysers/identify/words.h"

#include "lib/xalloc.h"

#include <string.h>

#define HEAD_BYTES  ((size_t)4)
#define HASH_BITS   16
#define BUCKET_BITS 10
/* Letters of either case are alike under it (and some other bytes). */
#define FOLD 0x20202020u

struct word {
	struct literal literal;
	uint32_t head;
	int next; /* in its bucket; -1 = none */
};

struct words {
	uint64_t map[(1 << HASH_BITS) / 64];
	int buckets[1 << BUCKET_BITS];
	size_t count;
	struct word *list;
};

static inline uint32_t
head_of(const uint8_t *p)
{
	uint32_t head;

	memcpy(&head, p, sizeof(head));
	return head | FOLD;
}

static inline uint32_t
hash_of(uint32_t head)
{
	return (head * 0x9e3779b1u) >> (32 - HASH_BITS);
}

static uint32_t
bucket_of(uint32_t hash)
{
	return hash >> (HASH_BITS - BUCKET_BITS);
}

struct words *
words_new(void)
{
	struct words *words = xcalloc(1, sizeof(*words));

	for (size_t i = 0; i < 1 << BUCKET_BITS; i++)
		words->buckets[i] = -1;
	return words;
}

static bool
is_equal(const struct literal *a, const struct literal *b)
{
	return a->len == b->len && a->is_folded == b->is_folded &&
	       memcmp(a->p, b->p, a->len) == 0;
}

int
words_add(struct words *words, const struct literal *literal)
{
	uint32_t hash;
	int *bucket;
	struct word *word;

	if (literal->len < HEAD_BYTES)
		return -1;
	hash = hash_of(head_of(literal->p));
	bucket = &words->buckets[bucket_of(hash)];
	for (int i = *bucket; i != -1; i = words->list[i].next) {
		if (is_equal(&words->list[i].literal, literal))
			return i;
	}
	words->list =
	    xreallocarray(words->list, words->count + 1, sizeof(*words->list));
	word = &words->list[words->count];
	*word = (struct word){
	    .literal = *literal,
	    .head = head_of(literal->p),
	    .next = *bucket,
	};
	words->map[hash / 64] |= (uint64_t)1 << (hash % 64);
	*bucket = (int)words->count;
	return (int)words->count++;
}

size_t
words_count(const struct words *words)
{
	return words->count;
}

static void
compare_all(
    const struct words *words, const uint8_t *p, size_t len, bool *is_there)
{
	const uint32_t head = head_of(p);

	for (int i = words->buckets[bucket_of(hash_of(head))]; i != -1;
	     i = words->list[i].next) {
		const struct word *word = &words->list[i];

		if (word->head == head && !is_there[i])
			is_there[i] = literal_begins(&word->literal, p, len);
	}
}

void
words_find(
    const struct words *words, const uint8_t *p, size_t len, bool *is_there)
{
	memset(is_there, 0, words->count * sizeof(*is_there));
	for (size_t i = 0; i + HEAD_BYTES <= len; i++) {
		const uint32_t hash = hash_of(head_of(p + i));

		if ((words->map[hash / 64] >> (hash % 64) & 1) != 0)
			compare_all(words, p + i, len - i, is_there);
	}
}
