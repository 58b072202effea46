/* SPDX-License-Identifier: Apache-2.0 */
/* test_route.c - the table of routes, and which one is meant. */
#include "web/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static char allow[ROUTE_ALLOW_BYTES];

static int
find(const char *method, const char *path, struct route_match *ret_match)
{
	struct target t;
	const char *why;
	int err;

	assert_int_equal(target_parse(&t, path, &why), ERR_OK);
	err = route_find(&t, method, ret_match, allow);
	/* Variables lie in the target: look at them before it goes. */
	if (err == ERR_OK && ret_match->count > 0)
		assert_true(ret_match->variables[0].value.len > 0);
	target_release(&t);
	return err;
}

/* Each variable of a path and each word of a route means something. */
static void
test_table(void **state)
{
	size_t count;
	const struct route *routes = route_all(&count);

	(void)state;
	assert_true(count > 30);
	for (size_t i = 0; i < count; i++) {
		const struct route *r = &routes[i];
		const struct call_spec *spec = call_spec(r->op);
		struct route_match match;

		if (r->kind != ROUTE_SECURITY && r->kind != ROUTE_PUBLIC_KEY &&
		    r->kind != ROUTE_HEALTH && r->kind != ROUTE_METRICS)
			assert_int_equal(strncmp(r->path, "/api/v1/", 8), 0);
		if (r->op == CALL_NONE_)
			continue;
		assert_true(spec->roles & ROLE_WEB);
		/* Its own path leads to it: nothing before it hides it. */
		char path[128] = "";

		for (const char *p = r->path; *p != '\0'; p++) {
			if (*p != '{' && *p != '}')
				(void)snprintf(
				    path + strlen(path), 2, "%c", *p);
		}
		assert_int_equal(
		    find(route_method_name(r), path, &match), ERR_OK);
		assert_ptr_equal(match.route, r);
		for (size_t j = 0; j < match.count; j++) {
			bool is_param = false;

			for (size_t k = 0; k < spec->param_count; k++)
				is_param |= strcmp(spec->params[k].name,
						match.variables[j].name) == 0;
			assert_true(is_param);
		}
	}
}

static void
test_find(void **state)
{
	struct route_match match;

	(void)state;
	assert_int_equal(
	    find("GET", "/api/v1/cases/LOEP-2026-1/artefacts?limit=1", &match),
	    ERR_OK);
	assert_int_equal(match.route->op, CALL_ARTEFACT_LIST);
	assert_string_equal(match.variables[0].name, "case");
	assert_int_equal(find("HEAD", "/api/v1/cases", &match), ERR_OK);
	assert_int_equal(match.route->op, CALL_CASE_LIST);
	assert_int_equal(find("POST", "/api/v1/cases", &match), ERR_OK);
	assert_int_equal(match.route->op, CALL_CASE_CREATE);
	assert_int_equal(find("PUT", "/api/v1/cases", &match), ERR_DENIED);
	assert_string_equal(allow, "GET, HEAD, POST, OPTIONS");
	assert_int_equal(
	    find("HEAD", "/api/v1/runs/1/events", &match), ERR_DENIED);
	assert_string_equal(allow, "GET, OPTIONS");
	assert_int_equal(find("get", "/api/v1/cases", &match), ERR_DENIED);
}

static void
test_unknown(void **state)
{
	static const char *const paths[] = {"/", "/api", "/api/v1", "/api/v1/",
	    "/api/v1/cases/", "/api/v1//cases", "/API/v1/cases",
	    "/api/v1/cases/..", "/api/v1/cases/.", "/api/v1/cases/%2e%2e",
	    "/api/v1/cases/a%2fb", "/api/v1/cases/a%00", "/api/v1/cases/a%20b",
	    "/api/v1/cases/%c3%a9", "/api/v1/cases/a/b/c/d/e/f",
	    "/api/v1/cases%00",
	    "/api/v1/cases/"
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "4"};
	struct route_match match;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (find("GET", paths[i], &match) != ERR_NOT_FOUND)
			fail_msg("%s", paths[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_unknown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
