/* SPDX-License-Identifier: Apache-2.0 */
/* test_rows.c - values as JSON text. */
#include "lib/json.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/problem.h"
#include "web/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct wire_out out;

static void
shows(char type, struct value v, const char *expected)
{
	wire_out_init(&out, LIMIT_MSG_BYTES);
	rows_put_value(&out, type, &v);
	wire_put_u8(&out, 0);
	assert_false(out.is_failed);
	assert_string_equal((const char *)out.buf, expected);
	wire_out_release(&out);
}

static struct value
text(const char *s)
{
	return (struct value){VALUE_TEXT, 0, (const uint8_t *)s, strlen(s)};
}

static struct value
integer(int64_t i)
{
	return (struct value){.type = VALUE_INT, .i = i};
}

static void
test_values(void **state)
{
	(void)state;
	shows('i', integer(INT64_MAX), "9223372036854775807");
	shows('i', integer(INT64_MIN), "-9223372036854775808");
	shows('f', integer(1), "true");
	shows('f', integer(0), "false");
	shows('t', integer(1), "\"1970-01-01T00:00:00.000001Z\"");
	shows('s', (struct value){0}, "null");
	shows('j', (struct value){0}, "null");
	shows('h', text("\x01\xff"), "\"01ff\"");
	shows('h', text(""), "\"\"");
}

static void
test_texts(void **state)
{
	(void)state;
	shows('s', text(""), "\"\"");
	shows('s', text("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
	shows('s', text("\b\f\n\r\t\x1b\x7f"),
	    "\"\\b\\f\\n\\r\\t\\u001b\\u007f\"");
	shows('s', text("\xe2\x82\xac\xff\xed\xa0\x80z"),
	    "\"\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	    "z\"");
	shows('n', (struct value){VALUE_BYTES, 0, (const uint8_t *)"a\0b", 3},
	    "\"a\\u0000b\"");
}

/* What is not JSON shows, but as a text: the answer stays JSON. */
static void
test_json(void **state)
{
	(void)state;
	shows('j', text("{\"a\": [1, null]}"), "{\"a\": [1, null]}");
	shows('j', text("7"), "7");
	shows('j', text("\"x\""), "\"x\"");
	shows('j', text(""), "\"\"");
	shows('j', text("{"), "\"{\"");
	shows('j', text("1,2"), "\"1,2\"");
	shows('j', text("1],[2"), "\"1],[2\"");
	shows('j', text("1}"), "\"1}\"");
}

static void
test_deep_json(void **state)
{
	auto_free char *deep = xcalloc(1, 2 * 5000 + 1);

	(void)state;
	memset(deep, '[', 5000);
	memset(deep + 5000, ']', 5000);
	wire_out_init(&out, LIMIT_MSG_BYTES);
	rows_put_value(&out, 'j',
	    &(struct value){VALUE_TEXT, 0, (const uint8_t *)deep, 10000});
	assert_int_equal(out.buf[0], '"');
	assert_int_equal(out.len, 10002);
	wire_out_release(&out);
}

static void
test_members(void **state)
{
	static const struct call_field name = {"name", 'n', false};

	(void)state;
	wire_out_init(&out, LIMIT_MSG_BYTES);
	rows_put_member(&out, &name,
	    &(struct value){VALUE_BYTES, 0, (const uint8_t *)"a\xff", 2});
	wire_put_u8(&out, 0);
	assert_string_equal((const char *)out.buf,
	    "\"name\":\"a\xef\xbf\xbd\",\"name_hex\":\"61ff\"");
	wire_out_release(&out);
}

static void
test_object(void **state)
{
	auto_json json_t *json = NULL;
	struct values row;

	(void)state;
	/* id name class state created cases cursor */
	values_init(&row);
	values_add_text(&row, "o1");
	values_add_text(&row, "Ministry \"of\" \x01");
	values_add_text(&row, "C1");
	values_add_text(&row, "active");
	values_add_int(&row, 0);
	values_add_int(&row, INT64_MAX);
	values_add_text(&row, "secret-cursor");
	assert_int_equal(call_check(CALL_ORG_LIST, &row, true), ERR_OK);
	wire_out_init(&out, LIMIT_MSG_BYTES);
	rows_put_object(&out, CALL_ORG_LIST, &row);
	assert_int_equal(json_parse(out.buf, out.len, MIB, 4, &json), ERR_OK);
	assert_int_equal(json_object_size(json), 6);
	assert_null(json_object_get(json, "cursor"));
	assert_string_equal(
	    json_member_text(json, "name", ""), "Ministry \"of\" \x01");
	assert_true(json_member_int(json, "cases", 0) == INT64_MAX);
	wire_out_release(&out);
	assert_int_equal(rows_cursor_column(CALL_ORG_LIST), 6);
	assert_int_equal(rows_cursor_column(CALL_AUDIT_LIST), 0);
	assert_int_equal(rows_cursor_column(CALL_SLOT_LIST), -1);
}

static void
test_problem(void **state)
{
	(void)state;
	for (int err = ERR_SYS; err < ERR_COUNT; err++) {
		auto_json json_t *json = NULL;
		unsigned int status = problem_status((enum err)err);

		assert_true(status >= 400 && status < 600);
		wire_out_init(&out, PROBLEM_BYTES);
		problem_put(&out, status, "bad \"\x1b\xff", "id-1");
		assert_int_equal(
		    json_parse(out.buf, out.len, MIB, 2, &json), ERR_OK);
		assert_int_equal(json_member_int(json, "status", 0), status);
		assert_int_equal(json_object_size(json), 5);
		assert_string_equal(json_member_text(json, "detail", ""),
		    "bad \"\x1b\xef\xbf\xbd");
		wire_out_release(&out);
	}
	assert_int_equal(problem_status(ERR_NOT_FOUND), 404);
	assert_int_equal(problem_status(ERR_DENIED), 403);
	assert_int_equal(problem_status(ERR_FORMAT), 400);
	assert_int_equal(problem_status(ERR_CONFLICT), 409);
	assert_int_equal(problem_status(ERR_LIMIT), 413);
	assert_int_equal(problem_status(ERR_UNAVAILABLE), 503);
	assert_int_equal(problem_status(ERR_NO_SPACE), 507);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_deep_json),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_object),
	    cmocka_unit_test(test_problem),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
