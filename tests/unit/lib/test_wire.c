/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire.c - encoding and decoding with sticky failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/wire.h"
#include "mutate.h"

#include <string.h>

static void
put_all(struct wire_out *out)
{
	wire_out_init(out, 4096);
	wire_put_u8(out, 0xfe);
	wire_put_u16(out, 0x1234);
	wire_put_u32(out, 0xdeadbeef);
	wire_put_u64(out, 0x0123456789abcdef);
	wire_put_i64(out, -2);
	wire_put_str(out, "text");
	wire_put_bytes(out, "\0\1", 2);
	wire_put_raw(out, "raw", 3);
}

static bool
get_all(void *arg, const uint8_t *p, size_t len)
{
	struct wire_in in;
	char text[8];
	size_t n;

	(void)arg;
	wire_in_init(&in, p, len);
	(void)wire_get_u8(&in);
	(void)wire_get_u16(&in);
	(void)wire_get_u32(&in);
	(void)wire_get_u64(&in);
	(void)wire_get_i64(&in);
	wire_get_str(&in, text, sizeof(text));
	(void)wire_get_bytes(&in, &n);
	(void)wire_get_raw(&in, 3);
	return wire_in_is_done(&in);
}

static void
test_round_trip(void **state)
{
	struct wire_out out;
	struct wire_in in;
	char text[8];
	const uint8_t *p;
	size_t n;

	(void)state;
	put_all(&out);
	/* Little-endian, without padding. */
	assert_memory_equal(out.buf, "\xfe\x34\x12\xef\xbe\xad\xde", 7);
	wire_in_init(&in, out.buf, out.len);
	assert_int_equal(wire_get_u8(&in), 0xfe);
	assert_int_equal(wire_get_u16(&in), 0x1234);
	assert_int_equal(wire_get_u32(&in), 0xdeadbeef);
	assert_true(wire_get_u64(&in) == 0x0123456789abcdef);
	assert_true(wire_get_i64(&in) == -2);
	wire_get_str(&in, text, sizeof(text));
	assert_string_equal(text, "text");
	p = wire_get_bytes(&in, &n);
	assert_int_equal(n, 2);
	assert_memory_equal(p, "\0\1", 2);
	assert_memory_equal(wire_get_raw(&in, 3), "raw", 3);
	assert_true(wire_in_is_done(&in));
	wire_out_release(&out);
}

static void
test_mutations(void **state)
{
	struct wire_out out;
	struct mutate_result result;

	(void)state;
	put_all(&out);
	result = mutate_truncate(out.buf, out.len, get_all, NULL);
	assert_int_equal(result.tried, out.len);
	assert_int_equal(result.taken, 0);
	result = mutate_extend(out.buf, out.len, get_all, NULL);
	assert_int_equal(result.taken, 0);
	/* Only the bits of lengths and of the NUL-free text matter. */
	result = mutate_flip(out.buf, out.len, get_all, NULL);
	assert_int_equal(result.tried - result.taken, 2 * 32);
	wire_out_release(&out);
}

static void
test_out_failure_sticks(void **state)
{
	struct wire_out out;

	(void)state;
	wire_out_init(&out, 10);
	wire_put_u64(&out, 1);
	wire_put_u32(&out, 1);
	assert_true(out.is_failed);
	assert_int_equal(out.len, 8);
	/* There would be room for it: still nothing. */
	wire_put_u8(&out, 1);
	assert_int_equal(out.len, 8);
	wire_out_reset(&out);
	assert_false(out.is_failed);
	wire_put_u8(&out, 1);
	assert_int_equal(out.len, 1);
	wire_out_release(&out);
	assert_null(out.buf);
}

static void
test_out_takes_all_of_its_size(void **state)
{
	struct wire_out out;
	uint8_t big[1000] = {0};

	(void)state;
	wire_out_init(&out, sizeof(big));
	wire_put_raw(&out, big, sizeof(big));
	assert_false(out.is_failed);
	wire_put_raw(&out, big, 0);
	assert_false(out.is_failed);
	wire_put_u8(&out, 0);
	assert_true(out.is_failed);
	wire_out_release(&out);
}

static void
test_in_failure_sticks(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct wire_in in;

	(void)state;
	wire_in_init(&in, bytes, sizeof(bytes));
	assert_int_equal(wire_get_u32(&in), 0);
	assert_true(in.is_failed);
	assert_int_equal(wire_get_u8(&in), 0);
	assert_null(wire_get_raw(&in, 0));
	assert_false(wire_in_is_done(&in));
}

static void
test_hostile_lengths(void **state)
{
	static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 'x'};
	static const uint8_t nul[] = {2, 0, 0, 0, 'x', 0};
	struct wire_in in;
	char text[3] = "??";
	size_t len = 7;

	(void)state;
	wire_in_init(&in, huge, sizeof(huge));
	assert_null(wire_get_bytes(&in, &len));
	assert_int_equal(len, 0);
	wire_in_init(&in, huge, sizeof(huge));
	assert_null(wire_get_raw(&in, SIZE_MAX));
	wire_in_init(&in, nul, sizeof(nul));
	wire_get_str(&in, text, sizeof(text));
	assert_true(in.is_failed);
	assert_string_equal(text, "");
	/* It must fit with its terminator. */
	wire_in_init(&in, "\2\0\0\0ab", 6);
	wire_get_str(&in, text, 2);
	assert_true(in.is_failed);
	wire_in_init(&in, "\2\0\0\0ab", 6);
	wire_get_str(&in, text, 3);
	assert_string_equal(text, "ab");
}

static void
test_empty(void **state)
{
	struct wire_in in;
	size_t len;

	(void)state;
	wire_in_init(&in, NULL, 0);
	assert_true(wire_in_is_done(&in));
	assert_non_null(wire_get_raw(&in, 0));
	wire_in_init(&in, "\0\0\0\0", 4);
	assert_non_null(wire_get_bytes(&in, &len));
	assert_int_equal(len, 0);
	assert_true(wire_in_is_done(&in));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_mutations),
	    cmocka_unit_test(test_out_failure_sticks),
	    cmocka_unit_test(test_out_takes_all_of_its_size),
	    cmocka_unit_test(test_in_failure_sticks),
	    cmocka_unit_test(test_hostile_lengths),
	    cmocka_unit_test(test_empty),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
