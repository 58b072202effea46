/* SPDX-License-Identifier: Apache-2.0 */
/* test_key.c - the files of keys, whole and damaged. */
#include "tests/unit/vault/vault.h"

static void
flip(struct vault *v, const char *name, off_t at)
{
	int fd = openat(v->place->fd, name, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_int_not_equal(fd, -1);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	(void)close(fd);
}

static void
test_reload(void **state)
{
	struct vault *v = *state;
	struct keys *again = NULL;
	struct org_key *key = NULL, *same = NULL;

	assert_int_equal(keys_open(v->place, &v->fault, &again), ERR_OK);
	assert_memory_equal(
	    keys_public(again), keys_public(v->keys), SIGN_PUBLIC_BYTES);
	assert_int_equal(keys_get(again, ORG_A, &v->fault, &key), ERR_OK);
	assert_memory_equal(key->key, v->a->key, SEAL_KEY_BYTES);
	assert_memory_not_equal(key->key, v->b->key, SEAL_KEY_BYTES);
	assert_int_equal(keys_get(again, ORG_A, &v->fault, &same), ERR_OK);
	assert_ptr_equal(key, same);
	org_key_unref(key);
	org_key_unref(same);
	org_key_unref(NULL);
	keys_free(again);
}

static void
test_made_once(void **state)
{
	struct vault *v = *state;
	struct keys *keys = NULL;
	struct fault fault;

	assert_int_equal(keys_make(v->place, &v->fault), ERR_CONFLICT);
	assert_int_equal(place_make(v->state, &fault), ERR_CONFLICT);
	assert_non_null(strstr(fault.why, "not overwriting"));
	assert_int_equal(keys_open(v->place, &v->fault, &keys), ERR_OK);
	keys_free(keys);
}

static void
test_damaged_site_key(void **state)
{
	struct vault *v = *state;
	struct keys *keys = NULL;

	/* "loep-site-key-1 ", 64 digits, the end of the line. */
	for (off_t at = 0; at < 81; at++) {
		flip(v, "keys/site.key", at);
		assert_int_equal(
		    keys_open(v->place, &v->fault, &keys), ERR_FORMAT);
		assert_non_null(strstr(v->fault.why, "damaged"));
		flip(v, "keys/site.key", at);
	}
	assert_int_equal(unlinkat(v->place->fd, "keys/site.key", 0), 0);
	assert_int_equal(
	    keys_open(v->place, &v->fault, &keys), ERR_UNAVAILABLE);
}

static void
test_damaged_org_key(void **state)
{
	struct vault *v = *state;
	struct keys *keys = NULL;
	struct org_key *key = NULL;

	for (off_t at = 0; at < 8 + SEAL_WRAPPED_BYTES; at++) {
		flip(v, "keys/org-" ORG_A ".key", at);
		assert_int_equal(keys_open(v->place, &v->fault, &keys), ERR_OK);
		assert_int_equal(
		    keys_get(keys, ORG_A, &v->fault, &key), ERR_FORMAT);
		keys_free(keys);
		flip(v, "keys/org-" ORG_A ".key", at);
	}
	/* One organisation's key under the name of another. */
	assert_int_equal(renameat(v->place->fd, "keys/org-" ORG_B ".key",
			     v->place->fd, "keys/org-" ORG_A ".key"),
	    0);
	assert_int_equal(keys_open(v->place, &v->fault, &keys), ERR_OK);
	assert_int_equal(keys_get(keys, ORG_A, &v->fault, &key), ERR_FORMAT);
	assert_int_equal(keys_get(keys, ORG_B, &v->fault, &key), ERR_NOT_FOUND);
	keys_free(keys);
}

static void
test_ids(void **state)
{
	struct vault *v = *state;
	struct org_key *key = NULL;

	assert_true(place_org_is_valid(ORG_A));
	assert_false(place_org_is_valid(""));
	assert_false(place_org_is_valid(ORG_A "0"));
	assert_false(place_org_is_valid("0f8fad5b-d9cb-469f-a165-7086772895"));
	assert_false(
	    place_org_is_valid("0f8fad5b-d9cb-469f-a165-70867728950G"));
	assert_false(
	    place_org_is_valid("0f8fad5b0d9cb-469f-a165-70867728950e"));
	assert_int_equal(
	    keys_get(v->keys, "../../site", &v->fault, &key), ERR_FORMAT);
	assert_int_equal(keys_create(v->keys, "../x", &v->fault), ERR_FORMAT);
	assert_int_equal(keys_destroy(v->keys, "../x", &v->fault), ERR_FORMAT);
}

static void
test_destroy(void **state)
{
	struct vault *v = *state;
	struct org_key *key = NULL;
	uint8_t before[SEAL_KEY_BYTES];

	memcpy(before, v->a->key, sizeof(before));
	assert_int_equal(keys_destroy(v->keys, ORG_A, &v->fault), ERR_OK);
	assert_true(atomic_load(&v->a->is_destroyed));
	assert_false(atomic_load(&v->b->is_destroyed));
	assert_int_equal(
	    keys_get(v->keys, ORG_A, &v->fault, &key), ERR_NOT_FOUND);
	assert_int_equal(
	    faccessat(v->place->fd, "keys/org-" ORG_A ".key", F_OK, 0), -1);
	assert_int_equal(keys_destroy(v->keys, ORG_A, &v->fault), ERR_OK);
	assert_int_equal(keys_create(v->keys, ORG_A, &v->fault), ERR_OK);
	assert_int_equal(keys_get(v->keys, ORG_A, &v->fault, &key), ERR_OK);
	assert_memory_not_equal(key->key, before, sizeof(before));
	org_key_unref(key);
}

#define TEST(fn) \
 cmocka_unit_test_setup_teardown(fn, vault_setup, vault_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_reload),
	    TEST(test_damaged_site_key),
	    TEST(test_damaged_org_key),
	    TEST(test_ids),
	    TEST(test_destroy),
	    TEST(test_made_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
