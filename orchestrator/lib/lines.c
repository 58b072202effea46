/* SPDX-License-Identifier: Apache-2.0 */
/* lines.c - AES-256-XTS of 64-byte lines, by OpenSSL. */
#include "lib/lines.h"

#include "lib/xalloc.h"

#include <openssl/evp.h>
#include <stdio.h>

#define TWEAK_BYTES 16

struct lines {
	EVP_CIPHER_CTX *seal;
	EVP_CIPHER_CTX *open;
};

__attribute__((noreturn)) static void
give_up(void)
{
	(void)fputs(
	    "level=error msg=\"OpenSSL failed at AES-256-XTS\"\n", stderr);
	abort();
}

struct lines *
lines_new(const uint8_t key[LINES_KEY_BYTES])
{
	struct lines *lines = xcalloc(1, sizeof(*lines));

	lines->seal = EVP_CIPHER_CTX_new();
	lines->open = EVP_CIPHER_CTX_new();
	if (lines->seal == NULL || lines->open == NULL ||
	    EVP_EncryptInit_ex(
		lines->seal, EVP_aes_256_xts(), NULL, key, NULL) != 1 ||
	    EVP_DecryptInit_ex(
		lines->open, EVP_aes_256_xts(), NULL, key, NULL) != 1)
		give_up();
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
	free(lines);
}

static void
put_tweak(uint8_t *tweak, uint64_t space, uint64_t number)
{
	for (size_t i = 0; i < 8; i++) {
		tweak[i] = (uint8_t)(number >> (8 * i));
		tweak[8 + i] = (uint8_t)(space >> (8 * i));
	}
}

void
lines_seal(struct lines *lines, uint64_t space, uint64_t number, uint8_t *p,
    size_t count)
{
	uint8_t tweak[TWEAK_BYTES];
	int len;

	for (size_t i = 0; i < count; i++) {
		put_tweak(tweak, space, number + i);
		if (EVP_EncryptInit_ex(lines->seal, NULL, NULL, NULL, tweak) !=
			1 ||
		    EVP_EncryptUpdate(lines->seal, p + i * LINE_BYTES, &len,
			p + i * LINE_BYTES, (int)LINE_BYTES) != 1)
			give_up();
	}
}

void
lines_open(struct lines *lines, uint64_t space, uint64_t number,
    const uint8_t *p, uint8_t dst[LINE_BYTES])
{
	uint8_t tweak[TWEAK_BYTES];
	int len;

	put_tweak(tweak, space, number);
	if (EVP_DecryptInit_ex(lines->open, NULL, NULL, NULL, tweak) != 1 ||
	    EVP_DecryptUpdate(lines->open, dst, &len, p, (int)LINE_BYTES) != 1)
		give_up();
}
