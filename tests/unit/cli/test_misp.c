/* SPDX-License-Identifier: Apache-2.0 */
/* test_misp.c - YARA rules out of MISP exports. */
#include "cli/misp.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct found {
	char text[512]; /* "path=rule " ... */
	size_t count;
	size_t stop_at; /* 0 = never */
};

static int
on_rule(void *arg, const char *path, const char *text, size_t len)
{
	struct found *found = arg;
	size_t used = strlen(found->text);

	assert_int_equal(len, strlen(text));
	found->count++;
	(void)snprintf(found->text + used, sizeof(found->text) - used, "%s=%s ",
	    path, text);
	return found->count == found->stop_at ? ERR_LIMIT : ERR_OK;
}

static struct found
read_text(const char *json, int err)
{
	struct found found = {.count = 0};

	assert_int_equal(misp_read(json, strlen(json), on_rule, &found), err);
	return found;
}

#define UUID "5a5a5a5a-1111-2222-3333-444444444444"

static void
test_shapes_of_exports(void **state)
{
	static const char *const shapes[] = {"{\"Event\":{\"Attribute\":[%s]}}",
	    "{\"response\":[{\"Event\":{\"Attribute\":[%s]}}]}",
	    "{\"response\":{\"Attribute\":[%s]}}",
	    ("[{\"Event\":{\"Object\":[{\"name\":\"yara\","
	     "\"Attribute\":[%s]}]}}]"),
	    "[%s]", "%s"};
	static const char attribute[] =
	    "{\"type\":\"yara\",\"uuid\":\"" UUID "\",\"value\":\"rule a {}\"}";

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const char *place = strstr(shapes[i], "%s");
		auto_free char *json = xasprintf("%.*s%s%s",
		    (int)(place - shapes[i]), shapes[i], attribute, place + 2);
		struct found found = read_text(json, ERR_OK);

		assert_string_equal(found.text, UUID ".yar=rule a {} ");
	}
}

static void
test_others_are_passed_over(void **state)
{
	struct found found;

	(void)state;
	found = read_text(
	    "{\"Attribute\":["
	    "{\"type\":\"md5\",\"value\":\"rule x {}\"},"
	    "{\"type\":\"yara\",\"value\":\"rule d {}\",\"deleted\":true},"
	    "{\"type\":\"yara\",\"value\":\"rule e {}\",\"deleted\":\"1\"},"
	    "{\"type\":\"yara\",\"value\":\"rule f {}\",\"deleted\":1},"
	    "{\"type\":\"yara\",\"value\":7},{\"type\":\"yara\"},"
	    "{\"type\":\"yara\",\"value\":\"rule a {}\",\"deleted\":false,"
	    "\"uuid\":\"../../etc/x\"},"
	    "{\"type\":\"yara\",\"value\":\"rule b {}\"}]}",
	    ERR_OK);
	/* A UUID that is none makes no path. */
	assert_string_equal(
	    found.text, "attribute-1.yar=rule a {} attribute-2.yar=rule b {} ");
}

static void
test_what_is_no_export(void **state)
{
	auto_free char *deep = xmalloc(201);

	(void)state;
	assert_int_equal(read_text("{}", ERR_OK).count, 0);
	assert_int_equal(read_text("[]", ERR_OK).count, 0);
	assert_int_equal(read_text("7", ERR_FORMAT).count, 0);
	(void)read_text("", ERR_FORMAT);
	(void)read_text("{\"Event\":", ERR_FORMAT);
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	deep[200] = '\0';
	(void)read_text(deep, ERR_LIMIT);
}

static void
test_the_caller_stops_it(void **state)
{
	static const char json[] = "[{\"type\":\"yara\",\"value\":\"1\"},"
				   "{\"type\":\"yara\",\"value\":\"2\"}]";
	struct found found = {.stop_at = 1};

	(void)state;
	assert_int_equal(
	    misp_read(json, sizeof(json) - 1, on_rule, &found), ERR_LIMIT);
	assert_int_equal(found.count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shapes_of_exports),
	    cmocka_unit_test(test_others_are_passed_over),
	    cmocka_unit_test(test_what_is_no_export),
	    cmocka_unit_test(test_the_caller_stops_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
