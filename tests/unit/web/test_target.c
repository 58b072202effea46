/* SPDX-License-Identifier: Apache-2.0 */
/* test_target.c - the target of a request taken apart. */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char *why;

static void
has_segment(const struct target *t, size_t at, const char *p, size_t len)
{
	assert_true(at < t->segment_count);
	assert_int_equal(t->segments[at].len, len);
	assert_memory_equal(t->segments[at].p, p, len);
	assert_int_equal(t->segments[at].p[len], '\0');
}

static void
test_path(void **state)
{
	struct target t;

	(void)state;
	assert_int_equal(target_parse(&t, "/", &why), ERR_OK);
	assert_int_equal(t.segment_count, 1);
	has_segment(&t, 0, "", 0);
	target_release(&t);
	assert_int_equal(
	    target_parse(&t, "/a//b%2Fc/%2e%2E/x%00y/", &why), ERR_OK);
	assert_int_equal(t.segment_count, 6);
	has_segment(&t, 0, "a", 1);
	has_segment(&t, 1, "", 0);
	has_segment(&t, 2, "b/c", 3);
	has_segment(&t, 3, "..", 2);
	has_segment(&t, 4, "x\0y", 3);
	has_segment(&t, 5, "", 0);
	target_release(&t);
	/* An escape is not an escape again. */
	assert_int_equal(target_parse(&t, "/%252f", &why), ERR_OK);
	has_segment(&t, 0, "%2f", 3);
	target_release(&t);
	assert_int_equal(target_parse(&t, "HTTP://h:1/a?b", &why), ERR_OK);
	has_segment(&t, 0, "a", 1);
	assert_non_null(target_parameter(&t, "b"));
	target_release(&t);
}

static void
test_query(void **state)
{
	struct target t;
	const struct target_text *v;

	(void)state;
	assert_int_equal(
	    target_parse(&t, "/p?a=1&b=x%26y%3dz&c&&d==&%65=+%ff%00&=n", &why),
	    ERR_OK);
	assert_int_equal(t.parameter_count, 6);
	assert_true(target_text_is(target_parameter(&t, "a"), "1"));
	assert_true(target_text_is(target_parameter(&t, "b"), "x&y=z"));
	assert_true(target_text_is(target_parameter(&t, "c"), ""));
	assert_true(target_text_is(target_parameter(&t, "d"), "="));
	v = target_parameter(&t, "e");
	assert_int_equal(v->len, 3);
	assert_memory_equal(v->p, " \xff\0", 3);
	assert_true(target_text_is(target_parameter(&t, ""), "n"));
	assert_null(target_parameter(&t, "f"));
	target_release(&t);
}

static void
refuses(const char *text, int err)
{
	struct target t;

	why = NULL;
	if (target_parse(&t, text, &why) != err)
		fail_msg("%s", text);
	assert_non_null(why);
	/* Nothing is left to be released. */
	assert_null(t.buf);
}

static void
test_refusals(void **state)
{
	static const char *const bad[] = {"", "a", "*", "host:443", "http://h",
	    "http:/a", "/%", "/%4", "/%4g", "/%g4", "/a?b=%", "/a?%=b", "/a b",
	    "/a\tb", "/a\x7f", "/a#b", "/a?x=1&x=2", "/a?x&%78"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses(bad[i], ERR_FORMAT);
}

static void
test_bounds(void **state)
{
	auto_free char *text = xcalloc(1, TARGET_BYTES_MAX + 2);
	struct target t;

	(void)state;
	memset(text, 'a', TARGET_BYTES_MAX + 1);
	text[0] = '/';
	refuses(text, ERR_LIMIT);
	text[TARGET_BYTES_MAX] = '\0';
	assert_int_equal(target_parse(&t, text, &why), ERR_OK);
	target_release(&t);
	refuses("/1/2/3/4/5/6/7/8/9/10/11/12/13", ERR_LIMIT);
	assert_int_equal(
	    target_parse(&t, "/1/2/3/4/5/6/7/8/9/10/11/12", &why), ERR_OK);
	target_release(&t);
	/* Only names, one letter each: every one needs two NULs. */
	(void)snprintf(text, 64,
	    "/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q&r&s&t&u&"
	    "v&w&x");
	assert_int_equal(target_parse(&t, text, &why), ERR_OK);
	assert_int_equal(t.parameter_count, TARGET_PARAMETERS);
	target_release(&t);
	(void)snprintf(text + strlen(text), 8, "&y");
	refuses(text, ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_path),
	    cmocka_unit_test(test_query),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_bounds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
