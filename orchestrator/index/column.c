/* SPDX-License-Identifier: Apache-2.0 */
/* column.c - makes the column of one unit from its bytes. */
#include "index/column.h"

#include "lib/limits.h"
#include "lib/xalloc.h"

#include <math.h>
#include <string.h>

/* Odd numbers without pattern: each spreads four bytes over 32 bits. */
#define HASH_PLAIN 0x9e3779b1U
#define HASH_WIDE  0x85ebca6bU
#define HASH_SALT  0x5bd1e995U

/* What is folded and hashed at a time; stays in the first cache. */
#define CHUNK_BYTES (16 * KIB)
/* Bytes of the last chunk that grams of the next begin in. */
#define TAIL_BYTES (GRAM_WIDE_BYTES - 1)

/* Bits of a column for each distinct gram, at least; up to twice as many. */
#define BITS_PER_GRAM 3
/* The same where most grams are distinct: packed bytes cost the most and
 * hold the least that a rule names. */
#define BITS_PER_GRAM_PACKED 2

struct column_maker {
	uint64_t size;	    /* bytes so far */
	unsigned int class; /* of the table: 2^class bits */
	uint8_t head[COLUMN_HEAD_BYTES];
	size_t kept; /* folded bytes at the start of chunk, of the last feed */
	uint8_t chunk[TAIL_BYTES + CHUNK_BYTES + 8];
	uint64_t table[(1 << GRAM_BITS) / 64];
};

static uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

static uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* 32 bits, of which the first are used. */
static uint32_t
hash_plain(uint32_t four)
{
	return four * HASH_PLAIN;
}

static uint32_t
hash_wide(uint32_t four)
{
	return (four ^ HASH_SALT) * HASH_WIDE;
}

uint32_t
gram_hash(const uint8_t four[GRAM_BYTES], bool is_wide)
{
	uint32_t v = load32(four);

	return (is_wide ? hash_wide(v) : hash_plain(v)) >> (32 - GRAM_BITS);
}

struct column_maker *
column_maker_new(void)
{
	return xcalloc(1, sizeof(struct column_maker));
}

void
column_maker_free(struct column_maker *maker)
{
	free(maker);
}

/* A table in which a unit of that size leaves most bits free. */
static unsigned int
table_class(uint64_t size)
{
	unsigned int class = COLUMN_CLASS_MIN;

	while (class < GRAM_BITS && ((uint64_t)1 << class) / 4 < size)
		class ++;
	return class;
}

void
column_begin(struct column_maker *maker, uint64_t size)
{
	maker->size = 0;
	maker->kept = 0;
	maker->class = table_class(size);
	memset(maker->head, 0, sizeof(maker->head));
	memset(maker->table, 0, (size_t)1 << (maker->class - 3));
}

/* Upper-case ASCII letters of eight bytes to lower case. */
static uint64_t
fold64(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t low = v & (0x7f * ones);
	uint64_t above_z = low + (0x7f - 'Z') * ones;
	uint64_t from_a = low + (0x80 - 'A') * ones;
	uint64_t is_upper = ~v & (from_a ^ above_z) & (0x80 * ones);

	return v | is_upper >> 2;
}

/* dst has room for up to seven bytes more. */
static void
fold(uint8_t *dst, const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		memcpy(&v, p + i, 8);
		v = fold64(v);
		memcpy(dst + i, &v, 8);
	}
	memcpy(&v, p + i, len - i);
	v = fold64(v);
	memcpy(dst + i, &v, len - i);
}

static void
set(uint64_t *table, uint32_t bit)
{
	table[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static void
add_wide(struct column_maker *maker, uint64_t v)
{
	uint32_t four =
	    (uint32_t)((v & 0xff) | (v >> 8 & 0xff00) | (v >> 16 & 0xff0000) |
		       (v >> 24 & 0xff000000));

	set(maker->table, hash_wide(four) >> (32 - maker->class));
}

/*
 * Adds the grams and wide grams that begin at from to n.  Eight bytes from
 * each place can be read.
 */
static void
add_grams(struct column_maker *maker, const uint8_t *p, size_t n)
{
	/* Bytes 1, 3 and 5 of eight. */
	const uint64_t between = 0x0000ff00ff00ff00;
	const unsigned int shift = 32 - maker->class;
	uint64_t *table = maker->table;

	for (size_t i = 0; i < n; i++) {
		uint64_t v = load64(p + i);

		set(table, hash_plain((uint32_t)v) >> shift);
		if ((v & between) == 0)
			add_wide(maker, v);
	}
}

/* The grams of the chunk's len bytes that no wide gram can begin at. */
static void
add_last(struct column_maker *maker, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + GRAM_BYTES <= len; i++)
		set(maker->table,
		    hash_plain(load32(p + i)) >> (32 - maker->class));
}

void
column_feed(struct column_maker *maker, const void *p, size_t len)
{
	const uint8_t *in = p;

	if (maker->size < COLUMN_HEAD_BYTES) {
		size_t room = COLUMN_HEAD_BYTES - (size_t)maker->size;

		memcpy(maker->head + maker->size, in, len < room ? len : room);
	}
	maker->size += len;
	while (len > 0) {
		size_t n = len < CHUNK_BYTES ? len : CHUNK_BYTES;
		size_t have = maker->kept + n;
		size_t places =
		    have < GRAM_WIDE_BYTES ? 0 : have - GRAM_WIDE_BYTES + 1;

		fold(maker->chunk + maker->kept, in, n);
		add_grams(maker, maker->chunk, places);
		memmove(maker->chunk, maker->chunk + places, have - places);
		maker->kept = have - places;
		in += n;
		len -= n;
	}
}

/* How many distinct grams set these bits. */
static double
distinct(const struct column_maker *maker)
{
	const size_t words = ((size_t)1 << maker->class) / 64;
	const double bits = (double)((uint64_t)1 << maker->class);
	uint64_t used = 0;

	for (size_t i = 0; i < words; i++)
		used += (uint64_t)__builtin_popcountll(maker->table[i]);
	if (used >= (uint64_t)bits)
		return 16 * bits;
	/* Some share a bit: the expectation, solved for their number. */
	return -bits * log1p(-(double)used / bits);
}

/* Halves the table: neighbours become one bit. */
static void
halve(struct column_maker *maker)
{
	const uint64_t even = 0x5555555555555555;
	size_t words = ((size_t)1 << maker->class) / 64;

	for (size_t i = 0; i < words; i++) {
		uint64_t v = maker->table[i];

		v = (v | v >> 1) & even;
		v = (v | v >> 1) & 0x3333333333333333;
		v = (v | v >> 2) & 0x0f0f0f0f0f0f0f0f;
		v = (v | v >> 4) & 0x00ff00ff00ff00ff;
		v = (v | v >> 8) & 0x0000ffff0000ffff;
		v = (v | v >> 16) & 0x00000000ffffffff;
		if (i % 2 == 0)
			maker->table[i / 2] = v;
		else
			maker->table[i / 2] |= v << 32;
	}
	maker->class --;
}

void
column_end(struct column_maker *maker, struct column *ret_column)
{
	double grams, need;

	add_last(maker, maker->chunk, maker->kept);
	grams = distinct(maker);
	need = grams * (grams > (double)maker->size / 2 && maker->size > 4 * KIB
			       ? BITS_PER_GRAM_PACKED
			       : BITS_PER_GRAM);
	while (maker->class > COLUMN_CLASS_MIN &&
	       (double)((uint64_t)1 << (maker->class - 1)) >= need)
		halve(maker);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (size_t i = 0; i < ((size_t)1 << maker->class) / 64; i++)
		maker->table[i] = __builtin_bswap64(maker->table[i]);
#endif
	*ret_column = (struct column){
	    .size = maker->size,
	    .head = maker->head,
	    .class = (uint8_t)maker->class,
	    .bits = (const uint8_t *)maker->table,
	};
}
