/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules_image.c - compiled rules come back as they were, or not at all. */
#include "fake.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMAGE_BYTES ((size_t)3 * 1024 * 1024 + 77)

static char first[SHA256_HEX_BYTES], second[SHA256_HEX_BYTES];

static int
setup(void **state)
{
	memset(first, 'a', sizeof(first) - 1);
	memset(second, 'b', sizeof(second) - 1);
	*state = rig_new();
	return 0;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static int
image_of(unsigned char filler)
{
	auto_free uint8_t *bytes = xmalloc(IMAGE_BYTES);
	int fd = memfd_create("image", MFD_CLOEXEC);

	memset(bytes, filler, IMAGE_BYTES);
	assert_int_equal(
	    pwrite(fd, bytes, IMAGE_BYTES, 0), (ssize_t)IMAGE_BYTES);
	return fd;
}

static enum err
put(struct rig *rig, const char *digest, unsigned char filler)
{
	struct values params;

	values_init(&params);
	values_add_text(&params, digest);
	return ask_fd(rig, CALL_RULESET_IMAGE_PUT, &params, image_of(filler))
	    ->err;
}

static enum err
get(struct rig *rig, const char *digest)
{
	return ask(rig, CALL_RULESET_IMAGE_GET, ARGS(val_text(digest)))->err;
}

static char *
path_of(const struct rig *rig, const char *digest)
{
	auto_free char *sql = xasprintf(
	    "SELECT slot FROM rules_image WHERE digest = '%s'", digest);

	return xasprintf("%s/rules-%d.img", rig->store->folder,
	    (int)sql_int((struct rig *)(uintptr_t)rig, sql));
}

static void
test_same(void **state)
{
	struct rig *rig = *state;
	auto_free char *bytes = NULL;
	size_t len;
	int seals;

	assert_int_equal(get(rig, first), ERR_NOT_FOUND);
	assert_int_equal(put(rig, first, 'x'), ERR_OK);
	assert_int_equal(put(rig, second, 'y'), ERR_OK);
	assert_int_equal(get(rig, first), ERR_OK);
	seals = fcntl(rig->answer.fd, F_GET_SEALS);
	assert_int_equal(seals & F_SEAL_WRITE, F_SEAL_WRITE);
	assert_int_equal(lseek(rig->answer.fd, 0, SEEK_SET), 0);
	bytes = read_all(take_fd(rig->answer.fd), &len);
	assert_int_equal(len, IMAGE_BYTES);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(bytes[i], 'x');
	/* The same set once more takes no other place. */
	assert_int_equal(put(rig, first, 'z'), ERR_OK);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM rules_image"), 2);
	assert_int_equal(get(rig, first), ERR_OK);
}

/* Four are kept: those that were used last. */
static void
test_few(void **state)
{
	struct rig *rig = *state;
	char digest[SHA256_HEX_BYTES] = "";

	for (int i = 0; i < 6; i++) {
		memset(digest, '0' + i, sizeof(digest) - 1);
		assert_int_equal(put(rig, digest, 'q'), ERR_OK);
		if (i >= 1) {
			memset(digest, '1', sizeof(digest) - 1);
			assert_int_equal(get(rig, digest), ERR_OK);
		}
	}
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM rules_image"), 4);
	memset(digest, '1', sizeof(digest) - 1);
	assert_int_equal(get(rig, digest), ERR_OK);
	memset(digest, '2', sizeof(digest) - 1);
	assert_int_equal(get(rig, digest), ERR_NOT_FOUND);
}

static void
change(const char *path, off_t at)
{
	auto_close int fd = open(path, O_RDWR | O_CLOEXEC);
	char byte = '!';

	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* Whatever is in the file, other bytes never leave. */
static void
test_changed(void **state)
{
	struct rig *rig = *state;
	auto_free char *one = NULL, *two = NULL, *spare = NULL;

	assert_int_equal(put(rig, first, 'x'), ERR_OK);
	assert_int_equal(put(rig, second, 'y'), ERR_OK);
	one = path_of(rig, first);
	two = path_of(rig, second);
	spare = xasprintf("%s/spare", rig->store->folder);

	/* That of other rules, signed for those. */
	assert_int_equal(rename(one, spare), 0);
	assert_int_equal(rename(two, one), 0);
	assert_int_equal(get(rig, first), ERR_NOT_FOUND);
	assert_int_equal(rename(one, two), 0);
	assert_int_equal(rename(spare, one), 0);
	assert_int_equal(get(rig, first), ERR_OK);

	sql_run(rig, "UPDATE rules_image SET digest = 'c' || substr(digest, 2) "
		     "WHERE digest LIKE 'b%'");
	second[0] = 'c';
	assert_int_equal(get(rig, second), ERR_NOT_FOUND);

	change(one, 0);
	assert_int_equal(get(rig, first), ERR_NOT_FOUND);
	assert_int_equal(put(rig, first, 'x'), ERR_OK);
	assert_int_equal(get(rig, first), ERR_OK);
	change(one, (off_t)IMAGE_BYTES - 1);
	assert_int_equal(get(rig, first), ERR_NOT_FOUND);
	assert_int_equal(put(rig, first, 'x'), ERR_OK);
	change(one, (off_t)IMAGE_BYTES);
	assert_int_equal(get(rig, first), ERR_NOT_FOUND);
	assert_int_equal(put(rig, first, 'x'), ERR_OK);
	assert_int_equal(truncate(one, 0), 0);
	assert_int_equal(get(rig, first), ERR_NOT_FOUND);
	assert_int_equal(put(rig, first, 'x'), ERR_OK);
	assert_int_equal(unlink(one), 0);
	assert_int_equal(get(rig, first), ERR_NOT_FOUND);
	assert_int_equal(symlink("/dev/zero", one), 0);
	assert_int_equal(get(rig, first), ERR_NOT_FOUND);
	assert_int_equal(put(rig, first, 'x'), ERR_OK);
	assert_int_equal(get(rig, first), ERR_OK);
}

/* Nobody signs: nothing is kept, nothing is believed. */
static void
test_without_vault(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(put(rig, first, 'x'), ERR_OK);
	rig_drop_vault(rig);
	assert_int_equal(put(rig, second, 'y'), ERR_UNAVAILABLE);
	assert_int_equal(get(rig, first), ERR_UNAVAILABLE);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM rules_image"), 1);
	rig_connect_vault(rig);
	assert_int_equal(get(rig, second), ERR_NOT_FOUND);
	assert_int_equal(get(rig, first), ERR_OK);
	rig_stop(rig);
	rig_start(rig);
	assert_int_equal(get(rig, first), ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_same, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_few, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_without_vault, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
