/* SPDX-License-Identifier: Apache-2.0 */
/* test_values.c - short lists of typed values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/values.h"
#include "mutate.h"

#include <stdlib.h>
#include <string.h>

static void
put(const struct values *values, struct wire_out *out)
{
	wire_out_init(out, LIMIT_MSG_BYTES);
	values_put(values, out);
}

static bool
get(void *arg, const uint8_t *p, size_t len)
{
	struct values values;
	struct wire_in in;

	(void)arg;
	wire_in_init(&in, p, len);
	return values_get(&values, &in) == ERR_OK && wire_in_is_done(&in);
}

static void
sample(struct values *values)
{
	values_init(values);
	values_add_int(values, -7);
	values_add_text(values, "text");
	values_add_bytes(values, "\0\xff", 2);
	values_add_null(values);
	values_add_text(values, NULL);
	values_add_text_len(values, "cut short", 3);
	values_add_bytes(values, "", 0);
}

static void
test_round_trip(void **state)
{
	struct values values, back;
	struct wire_out out;
	struct wire_in in;
	char text[16];
	char *copy;
	const uint8_t *p;
	size_t len;

	(void)state;
	sample(&values);
	put(&values, &out);
	wire_in_init(&in, out.buf, out.len);
	assert_int_equal(values_get(&back, &in), ERR_OK);
	assert_true(wire_in_is_done(&in));
	assert_int_equal(back.count, 7);
	assert_int_equal(values_int(&back, 0), -7);
	assert_string_equal(values_text(&back, 1, text, sizeof(text)), "text");
	p = values_bytes(&back, 2, &len);
	assert_int_equal(len, 2);
	assert_memory_equal(p, "\0\xff", 2);
	assert_true(values_is_null(&back, 3));
	assert_true(values_is_null(&back, 4));
	copy = values_text_dup(&back, 5);
	assert_string_equal(copy, "cut");
	free(copy);
	(void)values_bytes(&back, 6, &len);
	assert_int_equal(len, 0);
	assert_false(values_is_null(&back, 6));
	wire_out_release(&out);
}

static void
test_mutations(void **state)
{
	struct values values;
	struct wire_out out;

	(void)state;
	sample(&values);
	put(&values, &out);
	assert_int_equal(mutate_truncate(out.buf, out.len, get, NULL).taken, 0);
	assert_int_equal(mutate_extend(out.buf, out.len, get, NULL).taken, 0);
	/* Some flips give other sound lists; none may crash or read on. */
	assert_true(
	    mutate_flip(out.buf, out.len, get, NULL).taken < 8 * out.len);
	wire_out_release(&out);
}

static void
test_wrong_types_give_nothing(void **state)
{
	struct values values;
	char text[4] = "??";
	size_t len = 1;
	char *copy;

	(void)state;
	sample(&values);
	assert_int_equal(values_int(&values, 1), 0);
	assert_int_equal(values_int(&values, 99), 0);
	assert_string_equal(values_text(&values, 0, text, sizeof(text)), "");
	assert_string_equal(values_text(&values, 1, text, sizeof(text)), "tex");
	assert_null(values_bytes(&values, 1, &len));
	assert_int_equal(len, 0);
	assert_true(values_is_null(&values, 99));
	assert_false(values_is_null(&values, 0));
	copy = values_text_dup(&values, 0);
	assert_string_equal(copy, "");
	free(copy);
}

static void
test_too_many(void **state)
{
	struct values values;
	struct wire_out out;
	uint8_t many[2 + LIMIT_VALUES + 1];

	(void)state;
	values_init(&values);
	for (size_t i = 0; i < LIMIT_VALUES; i++)
		values_add_null(&values);
	put(&values, &out);
	assert_false(out.is_failed);
	assert_true(get(NULL, out.buf, out.len));
	wire_out_release(&out);
	values_add_int(&values, 1);
	assert_true(values.is_failed);
	put(&values, &out);
	assert_true(out.is_failed);
	wire_out_release(&out);
	memset(many, 0, sizeof(many));
	many[0] = (uint8_t)(LIMIT_VALUES + 1);
	assert_false(get(NULL, many, sizeof(many)));
}

static void
test_hostile_lists(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
	    {"\1\0\4", 3}, /* a type that is not there */
	    {"\1\0\xff", 3},
	    {"\1\0\2\2\0\0\0a\0", 9},	   /* NUL in a text */
	    {"\1\0\2\xff\xff\xff\xff", 7}, /* a length beyond the end */
	    {"\xff\xff", 2},		   /* a count without values */
	    {"\1\0\1\0\0\0", 6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(
		    get(NULL, (const uint8_t *)bad[i].bytes, bad[i].len));
	assert_true(get(NULL, (const uint8_t *)"\0\0", 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_mutations),
	    cmocka_unit_test(test_wrong_types_give_nothing),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_hostile_lists),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
