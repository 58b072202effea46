/* SPDX-License-Identifier: Apache-2.0 */
/* test_tus_head.c - the headers of tus: numbers, checksums, metadata. */
#include "web/tus_head.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_number(void **state)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x10",
	    "1e3", "1.0", "one", "\xd9\xa1", "1,2"};
	int64_t n = 7;

	(void)state;
	assert_int_equal(tus_number("0", &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(tus_number("00012", &n), ERR_OK);
	assert_int_equal(n, 12);
	assert_int_equal(tus_number("9223372036854775807", &n), ERR_OK);
	assert_true(n == INT64_MAX);
	assert_int_equal(tus_number("9223372036854775808", &n), ERR_LIMIT);
	assert_int_equal(
	    tus_number("99999999999999999999999999", &n), ERR_LIMIT);
	/* What is both too long and no number is no number. */
	assert_int_equal(
	    tus_number("99999999999999999999999999x", &n), ERR_FORMAT);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (tus_number(bad[i], &n) != ERR_FORMAT)
			fail_msg("\"%s\"", bad[i]);
	}
}

static void
check_sum(const char *text, const char *of)
{
	struct tus_checksum sum;
	struct checksum *running;
	uint8_t bytes[CHECKSUM_BYTES_MAX];

	assert_int_equal(tus_checksum(text, &sum), ERR_OK);
	running = checksum_new(sum.kind);
	/* In two pieces. */
	checksum_update(running, of, 4);
	checksum_update(running, of + 4, strlen(of) - 4);
	checksum_final(running, bytes);
	checksum_free(running);
	assert_memory_equal(bytes, sum.bytes, checksum_bytes(sum.kind));
}

static void
test_checksum(void **state)
{
	static const char *const bad[] = {"", "sha1", "sha1 ", " sha1 AAAA",
	    "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0",
	    "sha1  Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
	    "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0= ",
	    "sha1 Kq5sNclPz7QV2-lfQIuc6R7oRu0=",
	    "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu1=",
	    "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "crc32 AAAAAA",
	    "crc32 AAAAAAA=", "sha1 ====", "sha1 A==="};
	struct tus_checksum sum;

	(void)state;
	/* The examples of the protocol, and the check value of CRC-32. */
	check_sum("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "hello world");
	check_sum("sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
	    "hello world");
	check_sum("crc32 y/Q5Jg==", "123456789");
	assert_int_equal(tus_checksum("md5 AAAA", &sum), ERR_NOT_FOUND);
	assert_int_equal(tus_checksum("SHA1 AAAA", &sum), ERR_NOT_FOUND);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (tus_checksum(bad[i], &sum) != ERR_FORMAT)
			fail_msg("\"%s\"", bad[i]);
	}
}

static void
test_metadata(void **state)
{
	static const char *const bad[] = {"filename e",
	    "filename eA=", "filename eB==", "filename eA==,filename eA==", ",",
	    "a eA==,",
	    ",a eA==", " eA==", "a\teA==", "a eA== ", "kind RklMRQ==",
	    "kind AA==", "sha256 eA==", "\xc3\xa9 eA==", "a,,b", "a eA==,a"};
	struct tus_metadata m;
	const char *why;

	(void)state;
	assert_int_equal(tus_metadata("", &m, &why), ERR_OK);
	assert_int_equal(m.filename_len, 0);
	assert_int_equal(
	    tus_metadata("filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,"
			 "is_confidential",
		&m, &why),
	    ERR_OK);
	assert_int_equal(m.filename_len, 25);
	assert_memory_equal(m.filename, "world_domination_plan.pdf", 25);
	assert_string_equal(m.kind, "");
	assert_false(m.has_sha256);
	assert_int_equal(
	    tus_metadata(
		"kind ZGlza19pbWFnZQ==, filename /w==, case x===", &m, &why),
	    ERR_FORMAT);
	assert_int_equal(
	    tus_metadata(
		"kind ZGlza19pbWFnZQ==, filename /w==, empty ", &m, &why),
	    ERR_OK);
	assert_string_equal(m.kind, "disk_image");
	assert_int_equal(m.filename[0], 0xff);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		why = NULL;
		if (tus_metadata(bad[i], &m, &why) != ERR_FORMAT)
			fail_msg("\"%s\"", bad[i]);
		assert_non_null(why);
	}
}

static void
test_metadata_bounds(void **state)
{
	auto_free char *text = xcalloc(1, 3 * TUS_METADATA_BYTES);
	struct tus_metadata m;
	const char *why;
	size_t at;

	(void)state;
	for (size_t i = 0; i < TUS_PAIRS_MAX + 1; i++) {
		assert_int_equal(tus_metadata(text, &m, &why), ERR_OK);
		(void)snprintf(
		    text + strlen(text), 16, "%sk%zu", i == 0 ? "" : ",", i);
	}
	assert_int_equal(tus_metadata(text, &m, &why), ERR_LIMIT);
	/* A name of the longest length, and one byte more. */
	for (size_t len = LIMIT_NAME_BYTES; len <= LIMIT_NAME_BYTES + 1;
	     len++) {
		at = (size_t)snprintf(text, 16, "filename ");
		for (size_t i = 0; i < len / 3 * 4; i++)
			text[at++] = 'A';
		(void)snprintf(
		    text + at, 8, "%s", len % 3 == 1 ? "AA==" : "AAA=");
		assert_int_equal(tus_metadata(text, &m, &why),
		    len == LIMIT_NAME_BYTES ? ERR_OK : ERR_LIMIT);
	}
	memset(text, 'a', TUS_METADATA_BYTES);
	text[TUS_METADATA_BYTES] = '\0';
	assert_int_equal(tus_metadata(text, &m, &why), ERR_OK);
	text[TUS_METADATA_BYTES] = 'a';
	text[TUS_METADATA_BYTES + 1] = '\0';
	assert_int_equal(tus_metadata(text, &m, &why), ERR_LIMIT);
}

static void
test_date(void **state)
{
	char date[TUS_DATE_BYTES];

	(void)state;
	/* The example of RFC 9110. */
	assert_string_equal(tus_date(date, INT64_C(784111777000000)),
	    "Sun, 06 Nov 1994 08:49:37 GMT");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_number),
	    cmocka_unit_test(test_checksum),
	    cmocka_unit_test(test_metadata),
	    cmocka_unit_test(test_metadata_bounds),
	    cmocka_unit_test(test_date),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
