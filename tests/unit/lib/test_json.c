/* SPDX-License-Identifier: Apache-2.0 */
/* test_json.c - bounded parsing and the canonical form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/own.h"
#include "mutate.h"

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

/* --- without a tree --- */

static void
check_member(const struct json_scan_member *m, const json_t *value)
{
	switch (m->kind) {
	case JSON_SCAN_MISSING:
		assert_null(value);
		return;
	case JSON_SCAN_TEXT:
		assert_int_equal(json_string_length(value), m->len);
		assert_memory_equal(json_string_value(value), m->p, m->len);
		return;
	case JSON_SCAN_ESCAPED:
		assert_true(json_is_string(value));
		return;
	case JSON_SCAN_INT:
		assert_true(json_is_integer(value));
		assert_int_equal(json_integer_value(value), m->integer);
		return;
	case JSON_SCAN_REAL:
		assert_true(json_is_real(value));
		assert_true(json_real_value(value) == m->real);
		return;
	case JSON_SCAN_OTHER:
	default:
		assert_non_null(value);
		assert_false(json_is_string(value) || json_is_number(value));
	}
}

/* What is scanned is what the parser would have found. */
static bool
scan(void *arg, const uint8_t *p, size_t len)
{
	struct json_scan_member m[] = {
	    {.name = "key"}, {.name = "value"}, {.name = "score"}};
	auto_json json_t *json = NULL;

	(void)arg;
	if (!json_scan(p, len, 6, m, 3))
		return false;
	assert_int_equal(json_parse(p, len, len, 6, &json), ERR_OK);
	assert_true(json_is_object(json));
	for (size_t i = 0; i < 3; i++)
		check_member(&m[i], json_object_get(json, m[i].name));
	return true;
}

static void
test_scan_agrees_with_the_parser(void **state)
{
	static const char *const plain[] = {
	    "{}",
	    " { \"key\" : \"size\" , \"value\" : 12 }\n",
	    "{\"key\":\"entropy\",\"value\":7.125,\"score\":-0}",
	    "{\"key\":\"a\\\"b\\n\",\"value\":[1,[],{},{\"a\":[true]}]}",
	    "{\"a\":{\"key\":1,\"b\":{\"c\":[[null]]}},\"key\":\"x\"}",
	    "{\"score\":100,\"rule\":\"r\",\"value\":false}",
	};
	struct mutate_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		const size_t len = strlen(plain[i]);

		assert_true(scan(NULL, (const uint8_t *)plain[i], len));
		result = mutate_truncate(plain[i], len, scan, NULL);
		assert_true(result.taken <= 1);
		(void)mutate_flip(plain[i], len, scan, NULL);
		(void)mutate_extend(plain[i], len, scan, NULL);
	}
}

static void
test_scan_leaves_the_rest_to_the_parser(void **state)
{
	static const char *const others[] = {"", "[]", "1", "{\"a\":1,}",
	    "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"b\":1}}", "{\"a\":01}",
	    "{\"a\":1e5}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":-}",
	    "{\"a\":1234567890123456}", "{\"a\":\"\\u0041\"}", "{\"\\n\":1}",
	    "{\"a\":\"\xc3\xa4\"}", "{\"a\":\"\t\"}", "{\"a\":[1,2}",
	    "{\"a\":[1 2]}", "{\"a\" 1}", "{\"a\":1}}", "{\"a\":nul}", "{a:1}",
	    "{\"a\":[[[[[[1]]]]]]}", "{\"a\":[1,]}"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(
		    json_scan(others[i], strlen(others[i]), 6, NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parses_what_is_json),
	    cmocka_unit_test(test_refuses_what_is_not),
	    cmocka_unit_test(test_bounds_come_before_parsing),
	    cmocka_unit_test(test_canonical_is_sorted_and_compact),
	    cmocka_unit_test(test_scan_agrees_with_the_parser),
	    cmocka_unit_test(test_scan_leaves_the_rest_to_the_parser),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
