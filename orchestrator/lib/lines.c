/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.c - AES-256-XTS of 64-byte lines.
 *
 * The block cipher is OpenSSL's; the mode around it (IEEE 1619-2018, 5.3) is
 * here, because OpenSSL's own takes one tweak a call, and setting that up
 * costs several times what a line does.  The tests hold it against OpenSSL's.
 */
#include "lib/lines.h"

#include "lib/xalloc.h"

#include <openssl/evp.h>
#include <stdio.h>

#define BLOCK_BYTES ((size_t)16)
#define LINE_BLOCKS (LINE_BYTES / BLOCK_BYTES)

struct lines {
	EVP_CIPHER_CTX *seal; /* the first half of the key */
	EVP_CIPHER_CTX *open;
	EVP_CIPHER_CTX *tweak; /* the second half */
};

/* Of one block, as two little-endian halves. */
struct tweak {
	uint64_t low;
	uint64_t high;
};

__attribute__((noreturn)) static void
give_up(void)
{
	(void)fputs(
	    "level=error msg=\"OpenSSL failed at AES-256-ECB\"\n", stderr);
	abort();
}

static EVP_CIPHER_CTX *
cipher_new(const uint8_t *key, int is_seal)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx == NULL ||
	    EVP_CipherInit_ex(
		ctx, EVP_aes_256_ecb(), NULL, key, NULL, is_seal) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1)
		give_up();
	return ctx;
}

struct lines *
lines_new(const uint8_t key[LINES_KEY_BYTES])
{
	struct lines *lines = xcalloc(1, sizeof(*lines));

	lines->seal = cipher_new(key, 1);
	lines->open = cipher_new(key, 0);
	lines->tweak = cipher_new(key + LINES_KEY_BYTES / 2, 1);
	return lines;
}

void
lines_free(struct lines *lines)
{
	if (lines == NULL)
		return;
	/* Clears the key schedules, too. */
	EVP_CIPHER_CTX_free(lines->seal);
	EVP_CIPHER_CTX_free(lines->open);
	EVP_CIPHER_CTX_free(lines->tweak);
	free(lines);
}

static void
cipher(EVP_CIPHER_CTX *ctx, uint8_t *p, size_t len)
{
	int done;

	if (EVP_CipherUpdate(ctx, p, &done, p, (int)len) != 1 ||
	    done != (int)len)
		give_up();
}

/* Of eight little-endian bytes; a loop over them is not made one move. */
static uint64_t
load(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static void
store(uint8_t *p, uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	memcpy(p, &v, sizeof(v));
}

/* Times alpha in GF(2^128). */
static void
next(struct tweak *t)
{
	uint64_t carry = t->high >> 63;

	t->high = t->high << 1 | t->low >> 63;
	t->low = t->low << 1 ^ carry * 0x87;
}

/* A line exclusive-or the tweaks of its blocks. */
static void
whiten(uint8_t *dst, const uint8_t *src, const uint8_t *tweak)
{
	struct tweak t = {load(tweak), load(tweak + 8)};

	for (size_t b = 0; b < LINE_BLOCKS; b++) {
		store(dst, load(src) ^ t.low);
		store(dst + 8, load(src + 8) ^ t.high);
		next(&t);
		dst += BLOCK_BYTES;
		src += BLOCK_BYTES;
	}
}

/* The encrypted tweaks of lines; numbers NULL: they follow each other. */
static void
make_tweaks(struct lines *lines, uint64_t space, uint64_t number,
    const uint64_t *numbers, size_t count, uint8_t *ret_tweaks)
{
	for (size_t i = 0; i < count; i++) {
		store(ret_tweaks + i * BLOCK_BYTES,
		    numbers == NULL ? number + i : numbers[i]);
		store(ret_tweaks + i * BLOCK_BYTES + 8, space);
	}
	cipher(lines->tweak, ret_tweaks, count * BLOCK_BYTES);
}

void
lines_seal(struct lines *lines, uint64_t space, uint64_t number, uint8_t *p,
    size_t count)
{
	uint8_t tweaks[LINES_MAX * BLOCK_BYTES];

	while (count > 0) {
		size_t n = count < LINES_MAX ? count : LINES_MAX;

		make_tweaks(lines, space, number, NULL, n, tweaks);
		for (size_t i = 0; i < n; i++)
			whiten(p + i * LINE_BYTES, p + i * LINE_BYTES,
			    tweaks + i * BLOCK_BYTES);
		cipher(lines->seal, p, n * LINE_BYTES);
		for (size_t i = 0; i < n; i++)
			whiten(p + i * LINE_BYTES, p + i * LINE_BYTES,
			    tweaks + i * BLOCK_BYTES);
		p += n * LINE_BYTES;
		number += n;
		count -= n;
	}
}

void
lines_open(struct lines *lines, uint64_t space, const uint64_t *numbers,
    const uint8_t *const *p, size_t count, uint8_t *dst)
{
	uint8_t tweaks[LINES_MAX * BLOCK_BYTES];

	if (count == 0)
		return;
	make_tweaks(lines, space, 0, numbers, count, tweaks);
	for (size_t i = 0; i < count; i++)
		whiten(dst + i * LINE_BYTES, p[i], tweaks + i * BLOCK_BYTES);
	cipher(lines->open, dst, count * LINE_BYTES);
	for (size_t i = 0; i < count; i++)
		whiten(dst + i * LINE_BYTES, dst + i * LINE_BYTES,
		    tweaks + i * BLOCK_BYTES);
}
