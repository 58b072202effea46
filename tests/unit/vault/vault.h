/* SPDX-License-Identifier: Apache-2.0 */
/* vault.h - a vault's folder of its own for a unit test, without a process. */
#ifndef TESTS_VAULT_VAULT_H
#define TESTS_VAULT_VAULT_H

#include "vault/blob_read.h"
#include "vault/blob_write.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ORG_A "0f8fad5b-d9cb-469f-a165-70867728950e"
#define ORG_B "7c9e6679-7425-40de-944b-e07fc1f90ae7"

struct vault {
	char state[PATH_MAX];
	struct place *place;
	struct keys *keys;
	struct org_key *a;
	struct org_key *b;
	struct kit *kit;
	struct fault fault;
};

static inline int
vault_remove_entry(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int
vault_setup(void **state)
{
	struct vault *v = xcalloc(1, sizeof(*v));
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(v->state, sizeof(v->state), "%s/loep-unit-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(v->state));
	assert_int_equal(place_make(v->state, &v->fault), ERR_OK);
	assert_int_equal(place_open(v->state, &v->fault, &v->place), ERR_OK);
	assert_int_equal(keys_make(v->place, &v->fault), ERR_OK);
	assert_int_equal(keys_open(v->place, &v->fault, &v->keys), ERR_OK);
	assert_int_equal(keys_create(v->keys, ORG_A, &v->fault), ERR_OK);
	assert_int_equal(keys_create(v->keys, ORG_B, &v->fault), ERR_OK);
	assert_int_equal(keys_get(v->keys, ORG_A, &v->fault, &v->a), ERR_OK);
	assert_int_equal(keys_get(v->keys, ORG_B, &v->fault, &v->b), ERR_OK);
	v->kit = kit_new();
	*state = v;
	return 0;
}

static inline int
vault_teardown(void **state)
{
	struct vault *v = *state;

	kit_free(v->kit);
	org_key_unref(v->a);
	org_key_unref(v->b);
	keys_free(v->keys);
	place_free(v->place);
	(void)nftw(v->state, vault_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(v);
	return 0;
}

/* Writes a whole blob to tmp/ID; its file's length is returned. */
static inline uint64_t
vault_write(struct vault *v, struct org_key *key, uint64_t id, const uint8_t *p,
    size_t len)
{
	struct blob_writer *w = NULL;
	uint8_t digest[SHA256_BYTES];
	uint64_t file_size;

	assert_int_equal(
	    blob_writer_new(v->place, id, key, &v->fault, &w), ERR_OK);
	for (size_t at = 0; at < len; at += BLOB_CHUNK_BYTES) {
		struct blob_piece piece = {
		    .index = at / BLOB_CHUNK_BYTES,
		    .plain = p + at,
		    .len = len - at < BLOB_CHUNK_BYTES ? len - at
						       : BLOB_CHUNK_BYTES,
		};

		assert_int_equal(
		    blob_writer_put(w, v->kit, &piece, &v->fault), ERR_OK);
		assert_int_equal(
		    blob_writer_note(w, &piece, &v->fault), ERR_OK);
	}
	sha256_once(p, len, digest);
	assert_int_equal(blob_writer_end(w, len, digest, &v->fault), ERR_OK);
	file_size = blob_writer_file_size(w);
	blob_writer_free(w);
	return file_size;
}

static inline int
vault_open_tmp(struct vault *v, uint64_t id, int flags)
{
	char name[PLACE_NAME_BYTES];
	int fd;

	place_tmp_name(name, id);
	fd = openat(v->place->fd, name, flags | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	return fd;
}

/* Bytes that do not compress, the same for the same seed. */
static inline void
vault_noise(uint8_t *p, size_t len, uint64_t seed)
{
	uint64_t x = seed * 2654435761U + 88172645463325252U;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (uint8_t)(x >> 24);
	}
}

#endif
