/* SPDX-License-Identifier: Apache-2.0 */
/* test_place.c - links, sweeps and missing folders. */
#include "tests/unit/vault/vault.h"

#include <errno.h>

static void
make_tmp(struct vault *v, uint64_t id, const char *text)
{
	char name[PLACE_NAME_BYTES];
	int fd;

	place_tmp_name(name, id);
	fd = openat(v->place->fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static bool
is_there(struct vault *v, const char *name)
{
	return faccessat(v->place->fd, name, F_OK, 0) == 0;
}

static void
test_link(void **state)
{
	struct vault *v = *state;
	auto_free struct place_dirs *dirs = xcalloc(1, sizeof(*dirs));
	char tmp[PLACE_NAME_BYTES], name[PLACE_NAME_BYTES];
	uint8_t digest[SHA256_BYTES] = {0xab, 0xcd, 0xef};
	bool is_new = false;

	place_tmp_name(tmp, 1);
	place_blob_name(name, ORG_A, digest);
	assert_non_null(strstr(name, "/ab/cd/abcdef00"));
	make_tmp(v, 1, "first");
	assert_int_equal(
	    place_link(v->place, tmp, name, dirs, &is_new), ERR_OK);
	assert_true(is_new);
	assert_false(is_there(v, tmp));
	assert_true(is_there(v, name));
	/* All the folders that came to be, and no other. */
	assert_int_equal(dirs->count, 4);
	assert_string_equal(dirs->names[0], "blobs");
	assert_string_equal(dirs->names[1], "blobs/" ORG_A);
	assert_string_equal(dirs->names[2], "blobs/" ORG_A "/ab");
	assert_string_equal(dirs->names[3], "blobs/" ORG_A "/ab/cd");
	assert_int_equal(place_sync_all(v->place, dirs), ERR_OK);
	/* The name is taken: the second file stays where it is. */
	make_tmp(v, 1, "second");
	dirs->count = 0;
	assert_int_equal(
	    place_link(v->place, tmp, name, dirs, &is_new), ERR_OK);
	assert_false(is_new);
	assert_true(is_there(v, tmp));
	assert_int_equal(dirs->count, 1);
	assert_int_equal(place_replace(v->place, tmp, name), ERR_OK);
	assert_false(is_there(v, tmp));
	assert_int_equal(place_remove(v->place, name, &v->fault), ERR_OK);
	assert_int_equal(
	    place_remove(v->place, name, &v->fault), ERR_NOT_FOUND);
}

static void
test_missing_folder_is_not_made(void **state)
{
	struct vault *v = *state;
	auto_free struct place_dirs *dirs = xcalloc(1, sizeof(*dirs));
	char tmp[PLACE_NAME_BYTES], name[PLACE_NAME_BYTES];
	uint8_t digest[SHA256_BYTES] = {1};
	bool is_new = false;

	place_tmp_name(tmp, 1);
	place_blob_name(name, ORG_A, digest);
	make_tmp(v, 1, "x");
	assert_int_equal(unlinkat(v->place->fd, "blobs", AT_REMOVEDIR), 0);
	assert_int_equal(
	    place_link(v->place, tmp, name, dirs, &is_new), ERR_SYS);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fault_sys(&v->fault, "linking"), ERR_UNAVAILABLE);
	assert_non_null(strstr(v->fault.why, "missing"));
	assert_false(is_there(v, "blobs"));
	assert_int_equal(
	    place_remove(v->place, name, &v->fault), ERR_UNAVAILABLE);
}

static void
test_check(void **state)
{
	struct vault *v = *state;
	auto_free char *here = xasprintf("%s/vault", v->state);
	auto_free char *away = xasprintf("%s/away", v->state);

	assert_int_equal(place_check(v->place, &v->fault), ERR_OK);
	assert_false(place_is_replaced(v->place));
	assert_int_equal(rename(here, away), 0);
	assert_int_equal(place_check(v->place, &v->fault), ERR_UNAVAILABLE);
	assert_false(place_is_replaced(v->place));
	assert_int_equal(mkdir(here, 0700), 0);
	assert_int_equal(place_check(v->place, &v->fault), ERR_UNAVAILABLE);
	assert_true(place_is_replaced(v->place));
	assert_int_equal(rmdir(here), 0);
	assert_int_equal(rename(away, here), 0);
	assert_int_equal(place_check(v->place, &v->fault), ERR_OK);
}

static void
test_lock(void **state)
{
	struct vault *v = *state;
	struct place *second = NULL;

	assert_int_equal(place_lock(v->place, &v->fault), ERR_OK);
	assert_int_equal(place_open(v->state, &v->fault, &second), ERR_OK);
	assert_int_equal(place_lock(second, &v->fault), ERR_CONFLICT);
	place_free(second);
	place_free(NULL);
	assert_int_equal(
	    place_open("/nonexistent", &v->fault, &second), ERR_UNAVAILABLE);
}

static void
test_sweeps(void **state)
{
	struct vault *v = *state;
	auto_free struct place_dirs *dirs = xcalloc(1, sizeof(*dirs));
	char tmp[PLACE_NAME_BYTES], name[PLACE_NAME_BYTES];
	uint8_t digest[SHA256_BYTES] = {0};
	bool is_new = false;

	for (uint8_t i = 0; i < 20; i++) {
		digest[0] = i;
		digest[1] = (uint8_t)(i * 3);
		place_tmp_name(tmp, i);
		place_blob_name(name, i < 10 ? ORG_A : ORG_B, digest);
		make_tmp(v, i, "x");
		assert_int_equal(
		    place_link(v->place, tmp, name, dirs, &is_new), ERR_OK);
	}
	make_tmp(v, 99, "left over");
	place_tmp_name(tmp, 99);
	/* One sweep takes files only, the other folders only. */
	assert_int_equal(place_erase(v->place, ORG_A, &v->fault), ERR_OK);
	assert_false(is_there(v, "blobs/" ORG_A));
	assert_true(is_there(v, "blobs/" ORG_B));
	place_sweep_erased(v->place);
	assert_true(is_there(v, tmp));
	place_sweep(v->place);
	assert_false(is_there(v, tmp));
	/* Nothing is left in tmp/. */
	assert_int_equal(unlinkat(v->place->fd, "tmp", AT_REMOVEDIR), 0);
	assert_true(is_there(v, name));
	assert_int_equal(mkdirat(v->place->fd, "tmp", 0700), 0);
	assert_int_equal(place_erase(v->place, ORG_A, &v->fault), ERR_OK);
}

/* More folders than the list holds: still all synced. */
static void
test_many_folders(void **state)
{
	struct vault *v = *state;
	auto_free struct place_dirs *dirs = xcalloc(1, sizeof(*dirs));
	char name[PLACE_NAME_BYTES];

	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "blobs/%d", i);
		place_dirs_add(dirs, name);
		place_dirs_add(dirs, name);
		assert_int_equal(dirs->count,
		    i < (int)PLACE_DIRS_MAX ? i + 1 : (int)PLACE_DIRS_MAX);
	}
	assert_true(dirs->is_full);
	/* None of them is there, but the file system is. */
	assert_int_equal(place_sync_all(v->place, dirs), ERR_OK);
	dirs->is_full = false;
	assert_int_equal(place_sync_all(v->place, dirs), ERR_SYS);
}

static void
test_faults(void **state)
{
	struct vault *v = *state;

	errno = ENOSPC;
	assert_int_equal(fault_sys(&v->fault, "writing"), ERR_NO_SPACE);
	errno = EDQUOT;
	assert_int_equal(fault_sys(&v->fault, "writing"), ERR_NO_SPACE);
	errno = EIO;
	assert_int_equal(fault_sys(&v->fault, "writing"), ERR_UNAVAILABLE);
	assert_non_null(strstr(v->fault.why, "Input/output error"));
	errno = 4095;
	assert_int_equal(fault_sys(&v->fault, "writing"), ERR_UNAVAILABLE);
}

#define TEST(fn) \
 cmocka_unit_test_setup_teardown(fn, vault_setup, vault_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_link),
	    TEST(test_missing_folder_is_not_made),
	    TEST(test_check),
	    TEST(test_lock),
	    TEST(test_sweeps),
	    TEST(test_many_folders),
	    TEST(test_faults),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
