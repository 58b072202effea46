/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip_out.c - writing a ZIP whose members are sealed with a password.
 *
 * The format: PKWARE's APPNOTE 6.3.10, and "AES Encryption Information:
 * Encryption Specification AE-1 and AE-2" of WinZip.
 */
#include "lib/zip_out.h"

#include "lib/digest.h"
#include "lib/xalloc.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SALT_BYTES  16
#define CHECK_BYTES 2
#define MAC_BYTES   10
#define KEY_BYTES   32
#define BLOCK_BYTES 16
#define ITERATIONS  1000
/* Counter blocks that are made at a time. */
#define STREAM_BYTES 4096
/* What AES adds to a member. */
#define OVERHEAD ((uint64_t)(SALT_BYTES + CHECK_BYTES + MAC_BYTES))

#define LOCAL_BYTES   30
#define CENTRAL_BYTES 46
#define END_BYTES     22
#define END64_BYTES   56
#define PLACE64_BYTES 20
#define AES_EXTRA     11
#define SIZES64_EXTRA 20
#define OFFSET64_MORE 8

#define VERSION_NEEDED 51 /* AES */
#define MADE_ON_UNIX   (3 << 8 | VERSION_NEEDED)
#define FLAGS	       0x0801 /* encrypted, names in UTF-8 */
#define METHOD_AES     99
/* 1 January 1980: the manifest says when it really was. */
#define NO_TIME	  0
#define FIRST_DAY 0x21
/* A plain file that its owner alone may read; not to be executed. */
#define MODE (UINT32_C(0100600) << 16)

struct member {
	char name[ZIP_OUT_NAME_BYTES];
	uint64_t size;
	uint64_t offset;
};

struct zip_out {
	char *password;
	EVP_CIPHER_CTX *cipher;
	EVP_MAC *hmac;
	EVP_MAC_CTX *mac;
	bool is_open;	   /* a member is being written */
	uint64_t left;	   /* bytes of it to come */
	uint64_t position; /* of the next byte of the file */
	uint64_t counter;
	uint8_t stream[STREAM_BYTES];
	size_t stream_used;
	size_t count;
	struct member members[ZIP_OUT_MEMBERS_MAX];
};

/* The library's parts that cannot fail but for memory. */
static void
need(bool is_fine)
{
	if (!is_fine)
		abort();
}

struct zip_out *
zip_out_new(const char *password)
{
	struct zip_out *z = xcalloc(1, sizeof(*z));

	z->password = xstrdup(password);
	z->cipher = EVP_CIPHER_CTX_new();
	z->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	need(z->cipher != NULL && z->hmac != NULL);
	z->mac = EVP_MAC_CTX_new(z->hmac);
	need(z->mac != NULL);
	return z;
}

void
zip_out_free(struct zip_out *z)
{
	if (z == NULL)
		return;
	EVP_CIPHER_CTX_free(z->cipher);
	EVP_MAC_CTX_free(z->mac);
	EVP_MAC_free(z->hmac);
	free(z->password);
	free(z);
}

static bool
is_large(uint64_t size)
{
	return size + OVERHEAD >= UINT32_MAX || size > UINT64_MAX - OVERHEAD;
}

static uint32_t
short_size(uint64_t size)
{
	return size >= UINT32_MAX ? UINT32_MAX : (uint32_t)size;
}

/* Extra field 0x9901: AE-2 (no CRC), AES-256, stored. */
static void
put_aes_extra(struct wire_out *out)
{
	wire_put_u16(out, 0x9901);
	wire_put_u16(out, 7);
	wire_put_u16(out, 2);
	wire_put_raw(out, "AE", 2);
	wire_put_u8(out, 3);
	wire_put_u16(out, 0);
}

/* Method, time, no CRC, and the sizes as far as they fit. */
static void
put_common(struct wire_out *out, const struct member *m)
{
	bool is64 = is_large(m->size);

	wire_put_u16(out, FLAGS);
	wire_put_u16(out, METHOD_AES);
	wire_put_u16(out, NO_TIME);
	wire_put_u16(out, FIRST_DAY);
	wire_put_u32(out, 0);
	wire_put_u32(out, is64 ? UINT32_MAX : (uint32_t)(m->size + OVERHEAD));
	wire_put_u32(out, is64 ? UINT32_MAX : (uint32_t)m->size);
	wire_put_u16(out, (uint16_t)strlen(m->name));
}

static void
put_local(struct wire_out *out, const struct member *m)
{
	bool is64 = is_large(m->size);

	wire_put_u32(out, 0x04034b50);
	wire_put_u16(out, VERSION_NEEDED);
	put_common(out, m);
	wire_put_u16(out, (uint16_t)(AES_EXTRA + (is64 ? SIZES64_EXTRA : 0)));
	wire_put_raw(out, m->name, strlen(m->name));
	if (is64) {
		wire_put_u16(out, 0x0001);
		wire_put_u16(out, SIZES64_EXTRA - 4);
		wire_put_u64(out, m->size);
		wire_put_u64(out, m->size + OVERHEAD);
	}
	put_aes_extra(out);
}

static uint16_t
central_extra64(const struct member *m)
{
	uint16_t bytes = 0;

	if (is_large(m->size))
		bytes = 16;
	if (m->offset >= UINT32_MAX)
		bytes = (uint16_t)(bytes + OFFSET64_MORE);
	return bytes;
}

static void
put_central(struct wire_out *out, const struct member *m)
{
	uint16_t extra64 = central_extra64(m);

	wire_put_u32(out, 0x02014b50);
	wire_put_u16(out, MADE_ON_UNIX);
	wire_put_u16(out, VERSION_NEEDED);
	put_common(out, m);
	wire_put_u16(
	    out, (uint16_t)(AES_EXTRA + (extra64 > 0 ? 4 + extra64 : 0)));
	wire_put_u16(out, 0); /* comment */
	wire_put_u16(out, 0); /* disk */
	wire_put_u16(out, 0);
	wire_put_u32(out, MODE);
	wire_put_u32(out, short_size(m->offset));
	wire_put_raw(out, m->name, strlen(m->name));
	if (extra64 > 0) {
		wire_put_u16(out, 0x0001);
		wire_put_u16(out, extra64);
		if (is_large(m->size)) {
			wire_put_u64(out, m->size);
			wire_put_u64(out, m->size + OVERHEAD);
		}
		if (m->offset >= UINT32_MAX)
			wire_put_u64(out, m->offset);
	}
	put_aes_extra(out);
}

/* Keys of a member, from the password and a salt of its own. */
static void
begin_keys(struct zip_out *z, const uint8_t salt[SALT_BYTES],
    uint8_t ret_check[CHECK_BYTES])
{
	uint8_t keys[2 * KEY_BYTES + CHECK_BYTES];
	char digest[] = "SHA1";
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};

	need(PKCS5_PBKDF2_HMAC_SHA1(z->password, (int)strlen(z->password), salt,
		 SALT_BYTES, ITERATIONS, sizeof(keys), keys) == 1);
	need(EVP_EncryptInit_ex(
		 z->cipher, EVP_aes_256_ecb(), NULL, keys, NULL) == 1);
	need(EVP_CIPHER_CTX_set_padding(z->cipher, 0) == 1);
	need(EVP_MAC_init(z->mac, keys + KEY_BYTES, KEY_BYTES, params) == 1);
	memcpy(ret_check, keys + 2 * KEY_BYTES, CHECK_BYTES);
	OPENSSL_cleanse(keys, sizeof(keys));
	z->counter = 0;
	z->stream_used = STREAM_BYTES;
}

int
zip_out_member(
    struct zip_out *z, const char *name, uint64_t size, struct wire_out *out)
{
	struct member *m = &z->members[z->count];
	uint8_t salt[SALT_BYTES], check[CHECK_BYTES];
	size_t before = out->len;

	if (z->is_open)
		return ERR_CONFLICT;
	if (z->count == ZIP_OUT_MEMBERS_MAX ||
	    strlen(name) >= sizeof(m->name) || size > INT64_MAX)
		return ERR_LIMIT;
	(void)snprintf(m->name, sizeof(m->name), "%s", name);
	m->size = size;
	m->offset = z->position;
	z->count++;
	put_local(out, m);
	random_bytes(salt, sizeof(salt));
	begin_keys(z, salt, check);
	wire_put_raw(out, salt, sizeof(salt));
	wire_put_raw(out, check, sizeof(check));
	z->is_open = true;
	z->left = size;
	z->position += out->len - before;
	return out->is_failed ? ERR_LIMIT : ERR_OK;
}

/* The next counter blocks, encrypted: little-endian from 1, says WinZip. */
static void
make_stream(struct zip_out *z)
{
	uint8_t blocks[STREAM_BYTES] = {0};
	int len = 0;

	for (size_t i = 0; i < STREAM_BYTES; i += BLOCK_BYTES) {
		z->counter++;
		for (size_t j = 0; j < 8; j++)
			blocks[i + j] = (uint8_t)(z->counter >> (8 * j));
	}
	need(EVP_EncryptUpdate(
		 z->cipher, z->stream, &len, blocks, sizeof(blocks)) == 1);
	z->stream_used = 0;
}

int
zip_out_data(struct zip_out *z, uint8_t *p, size_t len)
{
	if (!z->is_open || len > z->left)
		return ERR_LIMIT;
	for (size_t i = 0; i < len;) {
		size_t n = STREAM_BYTES - z->stream_used;

		if (n == 0) {
			make_stream(z);
			n = STREAM_BYTES;
		}
		if (n > len - i)
			n = len - i;
		for (size_t j = 0; j < n; j++)
			p[i + j] ^= z->stream[z->stream_used + j];
		z->stream_used += n;
		i += n;
	}
	need(EVP_MAC_update(z->mac, p, len) == 1);
	z->left -= len;
	z->position += len;
	return ERR_OK;
}

int
zip_out_member_end(struct zip_out *z, struct wire_out *out)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t len = 0;

	if (!z->is_open || z->left > 0)
		return ERR_FORMAT;
	need(EVP_MAC_final(z->mac, mac, &len, sizeof(mac)) == 1 &&
	     len >= MAC_BYTES);
	wire_put_raw(out, mac, MAC_BYTES);
	z->position += MAC_BYTES;
	z->is_open = false;
	return out->is_failed ? ERR_LIMIT : ERR_OK;
}

static void
put_end64(struct wire_out *out, size_t count, uint64_t bytes, uint64_t at)
{
	wire_put_u32(out, 0x06064b50);
	wire_put_u64(out, END64_BYTES - 12);
	wire_put_u16(out, MADE_ON_UNIX);
	wire_put_u16(out, VERSION_NEEDED);
	wire_put_u32(out, 0);
	wire_put_u32(out, 0);
	wire_put_u64(out, count);
	wire_put_u64(out, count);
	wire_put_u64(out, bytes);
	wire_put_u64(out, at);
	wire_put_u32(out, 0x07064b50);
	wire_put_u32(out, 0);
	wire_put_u64(out, at + bytes);
	wire_put_u32(out, 1);
}

int
zip_out_end(struct zip_out *z, struct wire_out *out)
{
	size_t before = out->len;
	uint64_t at = z->position;
	uint64_t bytes;

	if (z->is_open)
		return ERR_CONFLICT;
	for (size_t i = 0; i < z->count; i++)
		put_central(out, &z->members[i]);
	bytes = out->len - before;
	if (at >= UINT32_MAX)
		put_end64(out, z->count, bytes, at);
	wire_put_u32(out, 0x06054b50);
	wire_put_u32(out, 0);
	wire_put_u16(out, (uint16_t)z->count);
	wire_put_u16(out, (uint16_t)z->count);
	wire_put_u32(out, (uint32_t)bytes);
	wire_put_u32(out, short_size(at));
	wire_put_u16(out, 0);
	z->position += out->len - before;
	return out->is_failed ? ERR_LIMIT : ERR_OK;
}

uint64_t
zip_out_bytes(const struct zip_out_size *members, size_t count)
{
	uint64_t bytes = 0;
	uint64_t central = 0;

	for (size_t i = 0; i < count; i++) {
		size_t name = strlen(members[i].name);
		struct member m = {.size = members[i].size, .offset = bytes};
		uint16_t extra64 = central_extra64(&m);

		bytes += LOCAL_BYTES + name + AES_EXTRA + OVERHEAD + m.size +
			 (is_large(m.size) ? SIZES64_EXTRA : 0);
		central += CENTRAL_BYTES + name + AES_EXTRA +
			   (extra64 > 0 ? 4U + extra64 : 0U);
	}
	return bytes + central + END_BYTES +
	       (bytes >= UINT32_MAX ? END64_BYTES + PLACE64_BYTES : 0);
}
