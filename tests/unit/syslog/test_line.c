/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of syslog: their form, what is escaped, how they are framed. */
#include "syslog/line.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct line_from from = {"loep.example", "loep@32473"};

static struct line_row
row(void)
{
	struct line_row r = {
	    .seq = 7,
	    .at = 1614265330000042,
	    .action = "case.opened",
	    .outcome = "ok",
	    .actor_kind = "human",
	    .account = "01900000-0000-7000-8000-000000000001",
	    .object_kind = "case",
	    .object = "01900000-0000-7000-8000-000000000002",
	    .org = "",
	};

	memset(r.hash, 0xab, sizeof(r.hash));
	return r;
}

/* The caller frees. */
static char *
text_of(const struct line_from *f, const struct line_row *r, bool is_framed)
{
	struct wire_out out;
	char *text;

	wire_out_init(&out, 2 * LINE_BYTES_MAX);
	line_put(&out, f, r, is_framed);
	assert_false(out.is_failed);
	text = strndup((const char *)out.buf, out.len);
	wire_out_release(&out);
	return text;
}

static void
test_form(void **state)
{
	struct line_row r = row();
	char *text = text_of(&from, &r, false);

	(void)state;
	assert_string_equal(text,
	    "<110>1 2021-02-25T15:02:10.000042Z loep.example loep - "
	    "case.opened [loep@32473 seq=\"7\" outcome=\"ok\" actor=\"human\" "
	    "account=\"01900000-0000-7000-8000-000000000001\" kind=\"case\" "
	    "object=\"01900000-0000-7000-8000-000000000002\" "
	    "hash=\"abababababababababababababababababababababababababababababab"
	    "abab\"]");
	free(text);
}

static void
test_framed(void **state)
{
	struct line_row r = row();
	char *plain = text_of(&from, &r, false);
	char *framed = text_of(&from, &r, true);
	char *end;

	(void)state;
	assert_int_equal(strtoul(framed, &end, 10), strlen(plain));
	assert_int_equal(*end, ' ');
	assert_string_equal(end + 1, plain);
	free(plain);
	free(framed);
}

static void
test_escaped(void **state)
{
	const struct line_from nobody = {"", "x@1"};
	struct line_row r = row();
	char *text;

	(void)state;
	r.outcome = "a\"b\\c]d\xc3\xa9\n";
	r.action = "two words\n<1>that are much too long for any MSGID";
	text = text_of(&nobody, &r, false);
	/* Not "ok": a warning. */
	assert_int_equal(strncmp(text, "<108>1 ", 7), 0);
	assert_non_null(strstr(text, " outcome=\"a\\\"b\\\\c\\]d???\" "));
	assert_non_null(
	    strstr(text, "Z - loep - two?words?<1>that?are?much?too?l [x@1 "));
	assert_null(strchr(text, '\n'));
	free(text);
}

static void
test_longest(void **state)
{
	static char many[4096];
	const struct line_from f = {many, "x@1"};
	struct line_row r = row();
	char *text;

	(void)state;
	memset(many, ']', sizeof(many) - 1);
	r.action = r.outcome = r.actor_kind = r.account = many;
	r.object_kind = r.object = r.org = many;
	/* Everything at its longest, and everything escaped: cut, and still a
	 * message. */
	text = text_of(&f, &r, true);
	assert_true(strlen(text) <= LINE_BYTES_MAX);
	assert_string_equal(text + strlen(text) - 4, "ab\"]");
	free(text);
}

static void
test_sd_id(void **state)
{
	(void)state;
	assert_true(line_sd_id_is_valid("loep@32473"));
	assert_true(line_sd_id_is_valid("a@1"));
	assert_false(line_sd_id_is_valid(""));
	assert_false(line_sd_id_is_valid("loep"));
	assert_false(line_sd_id_is_valid("@1"));
	assert_false(line_sd_id_is_valid("a@"));
	assert_false(line_sd_id_is_valid("a@1x"));
	assert_false(line_sd_id_is_valid("a b@1"));
	assert_false(line_sd_id_is_valid("a]@1"));
	assert_false(line_sd_id_is_valid("a\"@1"));
	assert_false(line_sd_id_is_valid("a=@1"));
	assert_false(line_sd_id_is_valid("abcdefghijklmnopqrstuvwxyzabcdef@1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_framed),
	    cmocka_unit_test(test_escaped),
	    cmocka_unit_test(test_longest),
	    cmocka_unit_test(test_sd_id),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
