/* SPDX-License-Identifier: Apache-2.0 */
/* test_html.c - foreign text stays text in the page. */
#include "report/html.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
expect(const char *text, const char *markup)
{
	struct html html;

	html_init(&html);
	html_text(&html, text);
	wire_put_u8(&html.out, 0);
	assert_string_equal((const char *)html.out.buf, markup);
	html_release(&html);
}

static void
test_markup_is_escaped(void **unused)
{
	(void)unused;
	expect("<script>alert(1)</script>",
	    "&lt;script&gt;alert(1)&lt;/script&gt;");
	expect("\" onload='x' &", "&quot; onload=&#39;x&#39; &amp;");
	expect("plain \xc3\xa9", "plain \xc3\xa9");
}

static void
test_hidden_characters_are_shown(void **unused)
{
	(void)unused;
	expect("\033[31m", "<span class=\"hidden\">\\x1b</span>[31m");
	expect("a\xe2\x80\xae"
	       "b",
	    "a<span class=\"hidden\">\\xe2\\x80\\xae</span>b");
	expect("\xc2\x85", "<span class=\"hidden\">\\xc2\\x85</span>");
	expect("a\nb", "a\nb");
}

static void
test_values(void **unused)
{
	struct html html;
	json_t *object = json_pack("{s:s}", "k", "<b>");

	(void)unused;
	html_init(&html);
	html_value(&html, object);
	wire_put_u8(&html.out, 0);
	assert_string_equal((const char *)html.out.buf,
	    "{&quot;k&quot;:&quot;&lt;b&gt;&quot;}");
	html_release(&html);
	json_decref(object);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_markup_is_escaped),
	    cmocka_unit_test(test_hidden_characters_are_shown),
	    cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
