/* SPDX-License-Identifier: Apache-2.0 */
/* test_listing.c - pages of what an organisation has in the vault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drive.h"

#define BLOBS 40

static uint8_t stored[BLOBS][SHA256_BYTES];

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_BYTES);
}

/* All pages; how many digests there are in list (in order), and pages. */
static size_t
list_all(struct drive *d, const char *org, uint64_t age_s,
    uint8_t list[][SHA256_BYTES], size_t *ret_pages)
{
	uint8_t behind[SHA256_BYTES] = {0};
	bool is_end = false;
	size_t count = 0;

	for (*ret_pages = 0; !is_end && *ret_pages < 100; ++*ret_pages) {
		const uint8_t *p;
		size_t len;

		wire_out_reset(&d->body);
		wire_put_str(&d->body, org);
		wire_put_bytes(&d->body, behind, sizeof(behind));
		wire_put_u64(&d->body, age_s);
		(void)drive_send(d, MSG_BLOB_LIST);
		drive_recv(d);
		assert_int_equal(d->msg.type, MSG_BLOB_LISTED);
		p = wire_get_bytes(&d->msg.in, &len);
		assert_int_equal(len % SHA256_BYTES, 0);
		assert_true(count + len / SHA256_BYTES <= BLOBS);
		if (len > 0)
			memcpy(list[count], p, len);
		count += len / SHA256_BYTES;
		p = wire_get_bytes(&d->msg.in, &len);
		assert_int_equal(len, SHA256_BYTES);
		assert_true(compare(p, behind) > 0);
		memcpy(behind, p, len);
		is_end = wire_get_u8(&d->msg.in) != 0;
	}
	assert_true(is_end);
	return count;
}

static void
test_pages(void **state)
{
	static uint8_t list[BLOBS][SHA256_BYTES];
	struct drive *d = drive_new();
	auto_free char *stray = NULL;
	char why[256], text[32];
	size_t pages;

	(void)state;
	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_A, NULL, why), ERR_OK);
	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_B, NULL, why), ERR_OK);
	assert_int_equal(list_all(d, DRIVE_ORG_A, 0, list, &pages), 0);
	for (size_t i = 0; i < BLOBS; i++) {
		struct drive_stored s;

		(void)snprintf(text, sizeof(text), "blob %zu", i);
		s = drive_store(d, DRIVE_ORG_A, text, strlen(text));
		assert_int_equal(s.err, ERR_OK);
		memcpy(stored[i], s.sha256, SHA256_BYTES);
	}
	assert_int_equal(
	    drive_store(d, DRIVE_ORG_B, "of another", 10).err, ERR_OK);
	/* What is no blob is not told of. */
	stray = drive_blob_path(d, DRIVE_ORG_A, stored[0]);
	(void)snprintf(strrchr(stray, '/'), 8, "/README");
	(void)close(open(stray, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	(void)usleep(1100000);
	assert_int_equal(list_all(d, DRIVE_ORG_A, 0, list, &pages), BLOBS);
	assert_true(pages > 1);
	qsort(stored, BLOBS, SHA256_BYTES, compare);
	assert_memory_equal(list, stored, sizeof(stored));
	assert_int_equal(list_all(d, DRIVE_ORG_A, 3600, list, &pages), 0);
	assert_int_equal(list_all(d, DRIVE_ORG_B, 0, list, &pages), 1);
	drive_free(d);
}

static void
test_folder_gone(void **state)
{
	struct drive *d = drive_new();
	auto_free char *from = xasprintf("%s/vault", d->state);
	auto_free char *to = xasprintf("%s/elsewhere", d->state);
	uint8_t behind[SHA256_BYTES] = {0};
	char why[256];

	(void)state;
	assert_int_equal(rename(from, to), 0);
	wire_out_reset(&d->body);
	wire_put_str(&d->body, DRIVE_ORG_A);
	wire_put_bytes(&d->body, behind, sizeof(behind));
	wire_put_u64(&d->body, 0);
	(void)drive_send(d, MSG_BLOB_LIST);
	drive_recv(d);
	assert_int_equal(drive_err(d, why, sizeof(why)), ERR_UNAVAILABLE);
	drive_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pages),
	    cmocka_unit_test(test_folder_gone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
