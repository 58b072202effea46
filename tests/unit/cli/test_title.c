/* SPDX-License-Identifier: Apache-2.0 */
/* test_title.c - the titles of cases whose submitter gave none. */
#include "cli/title.h"
#include "lib/own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
titles(void **state)
{
	static struct {
		char paths[3][32];
		int count;
		const char *title;
	} cases[] = {
	    {{"a.exe"}, 1, "a.exe"},
	    {{"/home/an/evidence/a.exe"}, 1, "a.exe"},
	    {{"evidence//"}, 1, "evidence"},
	    {{"/x/one", "two", "three"}, 3, "one and 2 more"},
	    {{"..."}, 1, "..."},
	    {{".ssh"}, 1, ".ssh"},
	    {{"-"}, 1, ""},
	    {{"."}, 1, ""},
	    {{"../.."}, 1, ""},
	    {{"/"}, 1, ""},
	    {{""}, 1, ""},
	    {{""}, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *paths[3] = {
		    cases[i].paths[0], cases[i].paths[1], cases[i].paths[2]};
		auto_free char *title = title_of_paths(cases[i].count, paths);

		assert_string_equal(title, cases[i].title);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(titles)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
