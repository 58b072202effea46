/* SPDX-License-Identifier: Apache-2.0 */
/* digests.c - several digests in one pass. */
#include "lib/digests.h"

#include "lib/xalloc.h"

#include <openssl/evp.h>
#include <stdint.h>

/* Each digest reads a block while it is still in the first-level cache. */
#define BLOCK_BYTES ((size_t)16384)

struct digests {
	EVP_MD_CTX *ctx[DIGEST_COUNT];
};

static const struct {
	const char *name;
	const char *algorithm;
} kinds[DIGEST_COUNT] = {
    [DIGEST_SHA256] = {"sha256", "SHA2-256"},
    [DIGEST_SHA1] = {"sha1", "SHA1"},
    [DIGEST_MD5] = {"md5", "MD5"},
    [DIGEST_SHA512] = {"sha512", "SHA2-512"},
};

static EVP_MD *loaded[DIGEST_COUNT];

/* libcrypto fails for lack of memory only, once its providers are there. */
static void
need(int is_ok)
{
	if (is_ok != 1)
		abort();
}

const char *
digests_name(enum digest_kind kind)
{
	return kinds[kind].name;
}

void
digests_load(void)
{
	struct digests *digests;
	struct digests_hex hex;

	for (size_t i = 0; i < DIGEST_COUNT; i++) {
		if (loaded[i] == NULL)
			loaded[i] =
			    EVP_MD_fetch(NULL, kinds[i].algorithm, NULL);
		need(loaded[i] != NULL);
	}
	/* One run makes every lazy initialisation happen now. */
	digests = digests_new();
	digests_update(digests, "", 0);
	digests_final(digests, &hex);
	digests_free(digests);
}

struct digests *
digests_new(void)
{
	return digests_new_but(DIGEST_COUNT);
}

struct digests *
digests_new_but(enum digest_kind but)
{
	struct digests *digests = xcalloc(1, sizeof(*digests));

	for (size_t i = 0; i < DIGEST_COUNT; i++) {
		if (i == but)
			continue;
		digests->ctx[i] = EVP_MD_CTX_new();
		need(digests->ctx[i] != NULL);
		need(EVP_DigestInit_ex(digests->ctx[i], loaded[i], NULL));
	}
	return digests;
}

void
digests_free(struct digests *digests)
{
	if (digests == NULL)
		return;
	for (size_t i = 0; i < DIGEST_COUNT; i++)
		EVP_MD_CTX_free(digests->ctx[i]);
	free(digests);
}

void
digests_update(struct digests *digests, const void *p, size_t len)
{
	const uint8_t *at = p;

	while (len > 0) {
		size_t n = len < BLOCK_BYTES ? len : BLOCK_BYTES;

		for (size_t i = 0; i < DIGEST_COUNT; i++) {
			if (digests->ctx[i] != NULL)
				need(EVP_DigestUpdate(digests->ctx[i], at, n));
		}
		at += n;
		len -= n;
	}
}

void
digests_final(struct digests *digests, struct digests_hex *ret_hex)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t raw[EVP_MAX_MD_SIZE];
	unsigned int len;

	for (size_t i = 0; i < DIGEST_COUNT; i++) {
		char *hex = ret_hex->hex[i];

		*hex = '\0';
		if (digests->ctx[i] == NULL)
			continue;
		need(EVP_DigestFinal_ex(digests->ctx[i], raw, &len));
		for (unsigned int j = 0; j < len; j++) {
			*hex++ = digits[raw[j] >> 4];
			*hex++ = digits[raw[j] & 15];
		}
		*hex = '\0';
	}
}
