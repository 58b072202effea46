/* SPDX-License-Identifier: Apache-2.0 */
/* seal.c - AES-256-GCM by OpenSSL. */
#include "lib/seal.h"

#include "lib/digest.h"
#include "lib/limits.h"
#include "lib/xalloc.h"

#include <openssl/evp.h>
#include <pthread.h>

struct seal {
	EVP_CIPHER_CTX *ctx;
};

static EVP_CIPHER *cipher;

__attribute__((noreturn)) static void
give_up(void)
{
	/* Nothing that a caller could do: out of memory, or no AES at all. */
	(void)fputs(
	    "level=error msg=\"OpenSSL failed at AES-256-GCM\"\n", stderr);
	abort();
}

/* Fetching by name takes a lock and a search each time: once is enough. */
static void
fetch_cipher(void)
{
	cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (cipher == NULL)
		give_up();
}

struct seal *
seal_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct seal *seal = xcalloc(1, sizeof(*seal));

	(void)pthread_once(&once, fetch_cipher);
	seal->ctx = EVP_CIPHER_CTX_new();
	if (seal->ctx == NULL)
		give_up();
	return seal;
}

void
seal_free(struct seal *seal)
{
	if (seal == NULL)
		return;
	/* Clears the key schedule, too. */
	EVP_CIPHER_CTX_free(seal->ctx);
	free(seal);
}

int
seal_box(struct seal *seal, const struct seal_in *in, uint8_t *dst)
{
	EVP_CIPHER_CTX *ctx = seal->ctx;
	int len = 0;

	if (in->len > GIB || in->aad_len > GIB)
		return ERR_LIMIT;
	if (EVP_EncryptInit_ex(ctx, cipher, NULL, in->key, in->nonce) != 1 ||
	    (in->aad_len > 0 && EVP_EncryptUpdate(ctx, NULL, &len, in->aad,
				    (int)in->aad_len) != 1) ||
	    (in->len > 0 &&
		EVP_EncryptUpdate(ctx, dst, &len, in->p, (int)in->len) != 1) ||
	    EVP_EncryptFinal_ex(ctx, dst + in->len, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(
		ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_BYTES, dst + in->len) != 1)
		give_up();
	return ERR_OK;
}

int
seal_unbox(struct seal *seal, const struct seal_in *in, uint8_t *dst)
{
	EVP_CIPHER_CTX *ctx = seal->ctx;
	const uint8_t *box = in->p;
	uint8_t tag[SEAL_TAG_BYTES];
	size_t text_len;
	int len = 0;

	if (in->len < SEAL_TAG_BYTES || in->len > GIB || in->aad_len > GIB)
		return ERR_FORMAT;
	text_len = in->len - SEAL_TAG_BYTES;
	/* OpenSSL's control call wants it writable. */
	memcpy(tag, box + text_len, sizeof(tag));
	if (EVP_DecryptInit_ex(ctx, cipher, NULL, in->key, in->nonce) != 1 ||
	    (in->aad_len > 0 && EVP_DecryptUpdate(ctx, NULL, &len, in->aad,
				    (int)in->aad_len) != 1) ||
	    (text_len > 0 &&
		EVP_DecryptUpdate(ctx, dst, &len, box, (int)text_len) != 1) ||
	    EVP_CIPHER_CTX_ctrl(
		ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_BYTES, tag) != 1)
		give_up();
	if (EVP_DecryptFinal_ex(ctx, tag, &len) != 1) {
		memset(dst, 0, text_len);
		return ERR_FORMAT;
	}
	return ERR_OK;
}

void
seal_wrap(const uint8_t kek[SEAL_KEY_BYTES], const void *aad, size_t aad_len,
    const uint8_t key[SEAL_KEY_BYTES], uint8_t ret_wrapped[SEAL_WRAPPED_BYTES])
{
	struct seal *seal = seal_new();
	struct seal_in in = {
	    .key = kek,
	    .nonce = ret_wrapped,
	    .aad = aad,
	    .aad_len = aad_len,
	    .p = key,
	    .len = SEAL_KEY_BYTES,
	};

	random_bytes(ret_wrapped, SEAL_NONCE_BYTES);
	if (seal_box(seal, &in, ret_wrapped + SEAL_NONCE_BYTES) != ERR_OK)
		give_up();
	seal_free(seal);
}

int
seal_unwrap(const uint8_t kek[SEAL_KEY_BYTES], const void *aad, size_t aad_len,
    const uint8_t wrapped[SEAL_WRAPPED_BYTES], uint8_t ret_key[SEAL_KEY_BYTES])
{
	struct seal *seal = seal_new();
	uint8_t key[SEAL_KEY_BYTES];
	struct seal_in in = {
	    .key = kek,
	    .nonce = wrapped,
	    .aad = aad,
	    .aad_len = aad_len,
	    .p = wrapped + SEAL_NONCE_BYTES,
	    .len = SEAL_WRAPPED_BYTES - SEAL_NONCE_BYTES,
	};
	int err = seal_unbox(seal, &in, key);

	if (err == ERR_OK)
		memcpy(ret_key, key, sizeof(key));
	seal_forget(key, sizeof(key));
	seal_free(seal);
	return err;
}

void
seal_forget(void *p, size_t len)
{
	explicit_bzero(p, len);
}
