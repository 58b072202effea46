/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c - SHA-256, Ed25519 and random bytes. */
/* The running state of a SHA-256 can be taken out only of the older interface,
 * which OpenSSL calls deprecated; it is the same code below. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "lib/digest.h"

#include "lib/xalloc.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/random.h>
#include <unistd.h>

struct sha256 {
	SHA256_CTX ctx;
};

__attribute__((noreturn)) static void
give_up(const char *at)
{
	(void)fprintf(
	    stderr, "level=error msg=\"cryptography failed\" at=%s\n", at);
	abort();
}

struct sha256 *
sha256_new(void)
{
	struct sha256 *ctx = xcalloc(1, sizeof(*ctx));

	if (SHA256_Init(&ctx->ctx) != 1)
		give_up("sha256");
	return ctx;
}

void
sha256_free(struct sha256 *ctx)
{
	free(ctx);
}

void
sha256_update(struct sha256 *ctx, const void *p, size_t len)
{
	if (len > 0 && SHA256_Update(&ctx->ctx, p, len) != 1)
		give_up("sha256");
}

void
sha256_final(struct sha256 *ctx, uint8_t ret_digest[SHA256_BYTES])
{
	if (SHA256_Final(ret_digest, &ctx->ctx) != 1 ||
	    SHA256_Init(&ctx->ctx) != 1)
		give_up("sha256");
}

int
sha256_save(const struct sha256 *ctx, uint8_t ret_state[SHA256_STATE_BYTES])
{
	uint64_t bits = (uint64_t)ctx->ctx.Nh << 32 | ctx->ctx.Nl;

	if (ctx->ctx.num != 0)
		return ERR_CONFLICT;
	for (size_t i = 0; i < SHA256_BYTES; i++)
		ret_state[i] =
		    (uint8_t)(ctx->ctx.h[i / 4] >> (24 - 8 * (i % 4)));
	for (size_t i = 0; i < 8; i++)
		ret_state[SHA256_BYTES + i] = (uint8_t)(bits >> (56 - 8 * i));
	return ERR_OK;
}

int
sha256_load(struct sha256 *ctx, const uint8_t state[SHA256_STATE_BYTES])
{
	uint64_t bits = 0;

	for (size_t i = 0; i < 8; i++)
		bits = bits << 8 | state[SHA256_BYTES + i];
	if (bits % (8 * SHA256_BLOCK_BYTES) != 0)
		return ERR_FORMAT;
	if (SHA256_Init(&ctx->ctx) != 1)
		give_up("sha256");
	for (size_t i = 0; i < 8; i++)
		ctx->ctx.h[i] = (SHA_LONG)state[4 * i] << 24 |
				(SHA_LONG)state[4 * i + 1] << 16 |
				(SHA_LONG)state[4 * i + 2] << 8 |
				(SHA_LONG)state[4 * i + 3];
	ctx->ctx.Nh = (SHA_LONG)(bits >> 32);
	ctx->ctx.Nl = (SHA_LONG)(bits & 0xffffffff);
	return ERR_OK;
}

void
sha256_once(const void *p, size_t len, uint8_t ret_digest[SHA256_BYTES])
{
	struct sha256 *ctx = sha256_new();

	sha256_update(ctx, p, len);
	sha256_final(ctx, ret_digest);
	sha256_free(ctx);
}

void
hmac_sha256(const uint8_t key[SHA256_BYTES], const void *p, size_t len,
    uint8_t ret_mac[SHA256_BYTES])
{
	uint8_t pad[SHA256_BLOCK_BYTES];
	SHA256_CTX ctx;

	memset(pad, 0x36, sizeof(pad));
	for (size_t i = 0; i < SHA256_BYTES; i++)
		pad[i] ^= key[i];
	if (SHA256_Init(&ctx) != 1 ||
	    SHA256_Update(&ctx, pad, sizeof(pad)) != 1 ||
	    SHA256_Update(&ctx, p, len) != 1 ||
	    SHA256_Final(ret_mac, &ctx) != 1)
		give_up("hmac");
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	if (SHA256_Init(&ctx) != 1 ||
	    SHA256_Update(&ctx, pad, sizeof(pad)) != 1 ||
	    SHA256_Update(&ctx, ret_mac, SHA256_BYTES) != 1 ||
	    SHA256_Final(ret_mac, &ctx) != 1)
		give_up("hmac");
	explicit_bzero(pad, sizeof(pad));
	explicit_bzero(&ctx, sizeof(ctx));
}

void
hex_encode(char *dst, const void *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = p;

	for (size_t i = 0; i < len; i++) {
		dst[2 * i] = digits[bytes[i] >> 4];
		dst[2 * i + 1] = digits[bytes[i] & 15];
	}
	dst[2 * len] = '\0';
}

/* 0 to 15, or -1. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
hex_decode(const char *hex, void *dst, size_t len)
{
	uint8_t *bytes = dst;

	if (strnlen(hex, 2 * len + 1) != 2 * len)
		return ERR_FORMAT;
	for (size_t i = 0; i < 2 * len; i++) {
		if (hex_digit(hex[i]) == -1)
			return ERR_FORMAT;
	}
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 |
				     hex_digit(hex[2 * i + 1]));
	return ERR_OK;
}

int
sign_key_new(uint8_t ret_secret[SIGN_SECRET_BYTES],
    uint8_t ret_public[SIGN_PUBLIC_BYTES])
{
	/* RFC 8032, 5.1.5: any 32 random bytes are a private key. */
	random_bytes(ret_secret, SIGN_SECRET_BYTES);
	return sign_public(ret_secret, ret_public);
}

int
sign_public(const uint8_t secret[SIGN_SECRET_BYTES],
    uint8_t ret_public[SIGN_PUBLIC_BYTES])
{
	uint8_t public[SIGN_PUBLIC_BYTES];
	size_t len = sizeof(public);
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, secret, SIGN_SECRET_BYTES);
	int err = ERR_FORMAT;

	if (key != NULL &&
	    EVP_PKEY_get_raw_public_key(key, public, &len) == 1 &&
	    len == sizeof(public)) {
		memcpy(ret_public, public, sizeof(public));
		err = ERR_OK;
	}
	EVP_PKEY_free(key);
	return err;
}

int
sign_make(const uint8_t secret[SIGN_SECRET_BYTES], const void *p, size_t len,
    uint8_t ret_signature[SIGN_BYTES])
{
	uint8_t signature[SIGN_BYTES];
	size_t signature_len = sizeof(signature);
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, secret, SIGN_SECRET_BYTES);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int err = ERR_FORMAT;

	if (key != NULL && ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(ctx, signature, &signature_len, p, len) == 1 &&
	    signature_len == sizeof(signature)) {
		memcpy(ret_signature, signature, sizeof(signature));
		err = ERR_OK;
	}
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return err;
}

bool
sign_is_valid(const uint8_t public_key[SIGN_PUBLIC_BYTES], const void *p,
    size_t len, const uint8_t signature[SIGN_BYTES])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, public_key, SIGN_PUBLIC_BYTES);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_valid = false;

	if (key != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
		is_valid =
		    EVP_DigestVerify(ctx, signature, SIGN_BYTES, p, len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return is_valid;
}

void
random_bytes(void *p, size_t len)
{
	uint8_t *at = p;

	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			give_up("getrandom");
		at += n;
		len -= (size_t)n;
	}
}
