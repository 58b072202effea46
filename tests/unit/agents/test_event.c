/* SPDX-License-Identifier: Apache-2.0 */
/* test_event.c - events made from the records of the BPF programs. */
#include "agents/linux/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static union {
	struct record record;
	uint8_t bytes[65536];
} in;
static size_t size;
static uint8_t out[WIRE_FRAME_BYTES];
static struct gwire_frame frame;

static void
begin(unsigned short kind)
{
	memset(&in, 0, sizeof(in));
	in.record.kind = kind;
	in.record.pid = 10;
	in.record.mono_ns = 1000;
	memcpy(in.record.comm, "sixteen-bytes-xx", 16);
	size = sizeof(in.record);
}

static void
add(enum record_text which, const void *text, unsigned int n)
{
	memcpy(in.bytes + size, text, n);
	in.record.text_bytes[which] = n;
	size += n;
}

static bool
convert(void)
{
	static struct gwire_decoder dec;
	struct gwire_builder b;
	size_t n;

	gwire_begin(&b, out, sizeof(out), WIRE_EVENT);
	if (!event_put(&b, &in.record, size, 5))
		return false;
	n = gwire_end(&b, 0);
	memset(&dec, 0, sizeof(dec));
	assert_int_equal(gwire_push(&dec, out, n), n);
	assert_true(gwire_next(&dec, &frame));
	assert_true(gwire_is_intact(&frame));
	return true;
}

static void
text_is(enum gwire_key key, const char *expected, size_t expected_size)
{
	size_t n;
	const uint8_t *p = gwire_bytes(&frame, key, &n);

	assert_non_null(p);
	assert_int_equal(n, expected_size);
	assert_memory_equal(p, expected, n);
}

static void
test_exec(void **state)
{
	(void)state;
	begin(WIRE_EV_EXEC);
	in.record.flags = WIRE_F_SAMPLE;
	in.record.number[1] = 77;
	add(TEXT_PATH, "sh\0bin\0usr\0", 11);
	add(TEXT_CWD, "root\0", 5);
	add(TEXT_ARGV, "sh\0-c\0", 6);
	add(TEXT_ENVP, "A=1\0", 4);
	add(TEXT_NAME, "/bin/sh", 7);
	assert_true(convert());
	text_is(WIRE_K_PATH, "/usr/bin/sh", 11);
	text_is(WIRE_K_CWD, "/root", 5);
	text_is(WIRE_K_ARGV, "sh\0-c\0", 6);
	text_is(WIRE_K_ENVP, "A=1\0", 4);
	text_is(WIRE_K_NAME, "/bin/sh", 7);
	text_is(WIRE_K_COMM, "sixteen-bytes-xx", 16);
	assert_int_equal(gwire_number(&frame, WIRE_K_INODE, 0), 77);
	assert_int_equal(gwire_number(&frame, WIRE_K_FLAGS, 0), WIRE_F_SAMPLE);
	assert_int_equal(gwire_number(&frame, WIRE_K_WALL_NS, 0), 1005);
}

static void
test_root_and_cut_paths(void **state)
{
	(void)state;
	begin(WIRE_EV_MOUNT);
	assert_true(convert());
	text_is(WIRE_K_PATH, "/", 1);
	begin(WIRE_EV_FILE_DELETE);
	in.record.flags = WIRE_F_CUT_PATH;
	add(TEXT_PATH, "b\0a\0", 4);
	assert_true(convert());
	text_is(WIRE_K_PATH, "a/b", 3);
}

/* More components than the buffer holds: bounded, not overrun. */
static void
test_path_is_bounded(void **state)
{
	static uint8_t text[20000];
	static char path[EVENT_PATH_BYTES];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		text[i] = i % 2 == 0 ? 'x' : '\0';
	n = event_path(text, sizeof(text), false, path);
	assert_true(n < EVENT_PATH_BYTES);
	assert_int_equal(strlen(path), n);
}

static void
test_lying_sizes_are_refused(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < TEXT_COUNT; i++) {
		begin(WIRE_EV_EXEC);
		add(TEXT_PATH, "a\0", 2);
		in.record.text_bytes[i] = i == TEXT_PATH ? 3 : 1;
		assert_false(convert());
		in.record.text_bytes[i] = 0xffffffff;
		assert_false(convert());
	}
	begin(WIRE_EV_EXEC);
	size = sizeof(in.record) - 1;
	assert_false(convert());
}

static void
test_network(void **state)
{
	(void)state;
	begin(WIRE_EV_CONNECT);
	in.record.number[0] = 2;
	in.record.number[1] = 6;
	in.record.number[3] = 443;
	add(TEXT_TARGET, "\300\0\2\1", 4);
	assert_true(convert());
	text_is(WIRE_K_REMOTE_ADDRESS, "\300\0\2\1", 4);
	assert_int_equal(gwire_number(&frame, WIRE_K_REMOTE_PORT, 0), 443);
	/* What follows a Unix path's zero is not part of it. */
	begin(WIRE_EV_CONNECT);
	in.record.number[0] = 1;
	add(TEXT_NAME, "/run/x\0junk", 11);
	assert_true(convert());
	text_is(WIRE_K_NAME, "/run/x", 6);
	begin(WIRE_EV_BIND);
	add(TEXT_NAME, "\0abstract", 9);
	assert_true(convert());
	text_is(WIRE_K_NAME, "\0abstract", 9);
}

static void
test_dns(void **state)
{
	static const char query[] = "\1\2\1\0\0\1\0\0\0\0\0\0\4evil\4test\0"
				    "\0\1\0";

	(void)state;
	begin(WIRE_EV_DATAGRAM);
	in.record.number[3] = 53;
	add(TEXT_NAME, query, sizeof(query));
	assert_true(convert());
	assert_int_equal(
	    gwire_number(&frame, WIRE_K_EVENT_KIND, 0), WIRE_EV_DNS_QUERY);
	text_is(WIRE_K_DNS_NAME, "evil.test", 9);
	/* Another port, or no question: it stays a datagram. */
	in.record.number[3] = 5300;
	assert_true(convert());
	assert_int_equal(
	    gwire_number(&frame, WIRE_K_EVENT_KIND, 0), WIRE_EV_DATAGRAM);
	begin(WIRE_EV_DATAGRAM);
	in.record.number[3] = 53;
	add(TEXT_NAME, "junk", 4);
	assert_true(convert());
	assert_int_equal(
	    gwire_number(&frame, WIRE_K_EVENT_KIND, 0), WIRE_EV_DATAGRAM);
}

static void
test_largest_record_fits(void **state)
{
	static uint8_t text[RECORD_STRINGS_BYTES];
	unsigned int kind;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (kind = 1; kind < 64; kind++) {
		begin((unsigned short)kind);
		add(TEXT_PATH, text, RECORD_PATH_BYTES);
		add(TEXT_TARGET, text, RECORD_PATH_BYTES);
		add(TEXT_CWD, text, RECORD_PATH_BYTES);
		add(TEXT_ARGV, text, RECORD_STRINGS_BYTES);
		add(TEXT_ENVP, text, RECORD_STRINGS_BYTES);
		add(TEXT_NAME, text, RECORD_NAME_BYTES);
		assert_true(convert());
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exec),
	    cmocka_unit_test(test_root_and_cut_paths),
	    cmocka_unit_test(test_path_is_bounded),
	    cmocka_unit_test(test_lying_sizes_are_refused),
	    cmocka_unit_test(test_network),
	    cmocka_unit_test(test_dns),
	    cmocka_unit_test(test_largest_record_fits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
