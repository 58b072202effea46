/* SPDX-License-Identifier: Apache-2.0 */
/* test_json.c - bounded parsing and the canonical form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/json.h"
#include "lib/own.h"

static int
parse(const char *text, json_t **ret_json)
{
	return json_parse(text, strlen(text), 64, 3, ret_json);
}

static void
test_parses_what_is_json(void **state)
{
	auto_json json_t *json = NULL;

	(void)state;
	assert_int_equal(
	    parse("{\"a\":[1,\"x\"],\"b\":\"\\u00e9\"}", &json), ERR_OK);
	assert_int_equal(json_array_size(json_object_get(json, "a")), 2);
	assert_string_equal(json_member_text(json, "b", ""), "\xc3\xa9");
	assert_string_equal(json_member_text(json, "a", "none"), "none");
	assert_int_equal(json_member_int(json, "none", 7), 7);
}

static void
check_refused(const char *text, int err)
{
	json_t *untouched = NULL;

	assert_int_equal(parse(text, &untouched), err);
	assert_null(untouched);
}

static void
test_refuses_what_is_not(void **state)
{
	(void)state;
	check_refused("", ERR_FORMAT);
	check_refused("{", ERR_FORMAT);
	check_refused("{} x", ERR_FORMAT);
	check_refused("1", ERR_FORMAT);
	check_refused("{\"a\":1,\"a\":2}", ERR_FORMAT);
	check_refused("{\"a\":\"\\u0000\"}", ERR_FORMAT);
	check_refused("{\"a\":\"\xff\"}", ERR_FORMAT);
	check_refused("{\"a\":\"\\ud800\"}", ERR_FORMAT);
	check_refused("{\"a\":NaN}", ERR_FORMAT);
	check_refused("{\"a\":99999999999999999999}", ERR_FORMAT);
	check_refused("[1,]", ERR_FORMAT);
}

static void
test_bounds_come_before_parsing(void **state)
{
	char text[70];
	json_t *json = NULL;

	(void)state;
	check_refused("[[[[1]]]]", ERR_LIMIT);
	assert_int_equal(parse("[[[1]]]", &json), ERR_OK);
	json_release(&json);
	/* Brackets inside of texts are not levels. */
	assert_int_equal(parse("[\"[[[[\\\"[[\"]", &json), ERR_OK);
	json_release(&json);
	memset(text, ' ', sizeof(text));
	memcpy(text, "[1]", 3);
	assert_int_equal(json_parse(text, 64, 64, 3, &json), ERR_OK);
	json_release(&json);
	assert_int_equal(json_parse(text, 65, 64, 3, &json), ERR_LIMIT);
	/* What is open at the end counts as well. */
	assert_false(json_is_shallow("[[[[[[", 6, 5));
	assert_true(json_is_shallow("]]]][", 5, 1));
}

static void
test_canonical_is_sorted_and_compact(void **state)
{
	auto_json json_t *json =
	    json_pack("{s:i, s:{s:[i, s]}}", "b", 1, "a", "z", 2, "\n\"");
	auto_free char *text = json_canonical(json);

	(void)state;
	assert_string_equal(text, "{\"a\":{\"z\":[2,\"\\n\\\"\"]},\"b\":1}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parses_what_is_json),
	    cmocka_unit_test(test_refuses_what_is_not),
	    cmocka_unit_test(test_bounds_come_before_parsing),
	    cmocka_unit_test(test_canonical_is_sorted_and_compact),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
