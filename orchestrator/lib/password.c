/* SPDX-License-Identifier: Apache-2.0 */
/* password.c - passwords at rest: scrypt. */
#include "lib/password.h"

#include "lib/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

bool
password_cost_is_valid(const struct password_cost *cost)
{
	return cost->log2n >= 10 && cost->log2n <= 20 && cost->r >= 1 &&
	       cost->r <= 16 && cost->p >= 1 && cost->p <= 4;
}

int
password_derive(struct password_hash *hash, const void *password, size_t len)
{
	uint64_t n = UINT64_C(1) << (hash->cost.log2n & 31);
	uint32_t r = hash->cost.r, p = hash->cost.p;
	/* 128 N r p, and as much again for what surrounds it. */
	uint64_t bytes_max = 128 * n * r * p + UINT64_C(64) * 1024 * 1024;
	EVP_KDF *kdf;
	EVP_KDF_CTX *ctx = NULL;
	int err = ERR_LIMIT;
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_octet_string(
		OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)password, len),
	    OSSL_PARAM_octet_string(
		OSSL_KDF_PARAM_SALT, hash->salt, sizeof(hash->salt)),
	    OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
	    OSSL_PARAM_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
	    OSSL_PARAM_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
	    OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &bytes_max),
	    OSSL_PARAM_END,
	};

	if (!password_cost_is_valid(&hash->cost))
		return ERR_FORMAT;
	kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	if (kdf != NULL)
		ctx = EVP_KDF_CTX_new(kdf);
	if (ctx != NULL &&
	    EVP_KDF_derive(ctx, hash->key, sizeof(hash->key), params) == 1)
		err = ERR_OK;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return err;
}

void
password_put(char dst[PASSWORD_TEXT_BYTES], const struct password_hash *hash)
{
	char salt[2 * PASSWORD_SALT_BYTES + 1];
	char key[2 * PASSWORD_KEY_BYTES + 1];

	hex_encode(salt, hash->salt, sizeof(hash->salt));
	hex_encode(key, hash->key, sizeof(hash->key));
	(void)snprintf(dst, PASSWORD_TEXT_BYTES, "scrypt$%u$%u$%u$%s$%s",
	    hash->cost.log2n, hash->cost.r, hash->cost.p, salt, key);
}

int
password_get(const char *text, struct password_hash *ret_hash)
{
	char salt[2 * PASSWORD_SALT_BYTES + 1];
	char key[2 * PASSWORD_KEY_BYTES + 1];
	unsigned int log2n, r, p;
	int end = 0;

	if (sscanf(text, "scrypt$%2u$%2u$%2u$%32[0-9a-f]$%64[0-9a-f]%n", &log2n,
		&r, &p, salt, key, &end) != 5 ||
	    text[end] != '\0' || strlen(salt) != sizeof(salt) - 1 ||
	    strlen(key) != sizeof(key) - 1)
		return ERR_FORMAT;
	ret_hash->cost =
	    (struct password_cost){(uint8_t)log2n, (uint8_t)r, (uint8_t)p};
	if (!password_cost_is_valid(&ret_hash->cost) ||
	    hex_decode(salt, ret_hash->salt, sizeof(ret_hash->salt)) !=
		ERR_OK ||
	    hex_decode(key, ret_hash->key, sizeof(ret_hash->key)) != ERR_OK)
		return ERR_FORMAT;
	return ERR_OK;
}

bool
password_is_same(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
