/* SPDX-License-Identifier: Apache-2.0 */
/* test_params.c - what a request says as the parameters of a call. */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* One request on its way; freed by drop(). */
struct request {
	struct target target;
	struct route_match match;
	json_t *body;
	struct params params;
	int err;
};

static struct request
fill(const char *method, const char *path, const char *body)
{
	struct request r = {0};
	char allow[ROUTE_ALLOW_BYTES];
	char why[PARAMS_WHY_BYTES];
	const char *target_why;

	assert_int_equal(target_parse(&r.target, path, &target_why), ERR_OK);
	assert_int_equal(
	    route_find(&r.target, method, &r.match, allow), ERR_OK);
	if (body != NULL)
		assert_int_equal(
		    params_parse_body(body, strlen(body), &r.body, why),
		    ERR_OK);
	r.err = params_fill(&r.params, &r.match, &r.target, r.body);
	if (r.err == ERR_OK)
		assert_int_equal(
		    call_check(r.match.route->op, &r.params.values, false),
		    ERR_OK);
	return r;
}

static void
drop(struct request *r)
{
	params_release(&r->params);
	target_release(&r->target);
	json_decref(r->body);
}

static const struct value *
value(struct request *r, const char *name)
{
	const struct value *v =
	    params_value(&r->params, r->match.route->op, name);

	assert_non_null(v);
	return v;
}

static void
is_text(struct request *r, const char *name, const char *expected)
{
	const struct value *v = value(r, name);

	assert_int_equal(v->type, VALUE_TEXT);
	assert_int_equal(v->len, strlen(expected));
	assert_memory_equal(v->p, expected, v->len);
}

static void
refuses(const char *method, const char *path, const char *body, const char *why)
{
	struct request r = fill(method, path, body);

	assert_true(r.err == ERR_FORMAT || r.err == ERR_LIMIT);
	if (strstr(r.params.why, why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", why, r.params.why);
	drop(&r);
}

static void
test_query(void **state)
{
	struct request r = fill("GET",
	    "/api/v1/cases/K7/artefacts?parent=*&limit=500&cursor=%41", NULL);

	(void)state;
	assert_int_equal(r.err, ERR_OK);
	is_text(&r, "case", "K7");
	is_text(&r, "parent", "*");
	is_text(&r, "cursor", "A");
	assert_int_equal(value(&r, "limit")->i, 500);
	drop(&r);
	r = fill("GET", "/api/v1/cases", NULL);
	assert_int_equal(r.err, ERR_OK);
	assert_int_equal(value(&r, "state")->type, VALUE_NULL);
	assert_int_equal(value(&r, "limit")->i, 50);
	is_text(&r, "cursor", "");
	drop(&r);
	/* What comes whole is one page. */
	r = fill("GET", "/api/v1/sessions?limit=5&cursor=a", NULL);
	assert_int_equal(r.err, ERR_OK);
	drop(&r);
	r = fill("GET", "/api/v1/search?q=a&limit=5", NULL);
	assert_int_equal(r.err, ERR_OK);
	drop(&r);
	r = fill("GET", "/api/v1/search?q=a&cursor=a", NULL);
	assert_int_equal(r.err, ERR_OK);
	is_text(&r, "cursor", "a");
	drop(&r);
	/* Renamed, fixed, and from the path. */
	r = fill("GET", "/api/v1/audit?cursor=77", NULL);
	assert_int_equal(r.err, ERR_OK);
	assert_int_equal(value(&r, "after")->i, 77);
	drop(&r);
	r = fill("GET", "/api/v1/cases/1/report?format=html", NULL);
	assert_int_equal(r.err, ERR_OK);
	is_text(&r, "id", "");
	is_text(&r, "format", "html");
	drop(&r);
}

static void
test_query_refusals(void **state)
{
	const char *cases = "/api/v1/cases?";
	static const char *const bad[][2] = {{"limit=", "integer"},
	    {"limit=1x", "integer"}, {"limit=%201", "integer"},
	    {"limit=%2b1", "integer"}, {"limit=-1", "1 to 500"},
	    {"limit=99999999999999999999", "integer"},
	    {"limit=1%00", "integer"}, {"case=1", "not a query parameter"},
	    {"state=%c0", "UTF-8"}, {"cursor=a%00b", "NUL"}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		auto_free char *path = xasprintf("%s%s", cases, bad[i][0]);

		refuses("GET", path, NULL, bad[i][1]);
	}
	/* What the path says cannot be said twice; what is fixed, never. */
	refuses("GET", "/api/v1/cases/1?case=2", NULL, "not a query");
	refuses("GET", "/api/v1/cases/1/report?id=2", NULL, "not a query");
	refuses("POST", "/api/v1/cases?title=x", "{\"title\":\"y\"}",
	    "not a query");
	refuses("POST", "/api/v1/submissions/1/files?filename=a&size=3", NULL,
	    "not a query");
}

static void
test_upload(void **state)
{
	struct request r = fill("POST",
	    "/api/v1/submissions/s1/files?filename=a%00%ff/..%2f&sha256="
	    "AB0000000000000000000000000000000000000000000000000000000000ffff",
	    NULL);

	(void)state;
	assert_int_equal(r.err, ERR_OK);
	assert_int_equal(value(&r, "filename")->type, VALUE_BYTES);
	assert_int_equal(value(&r, "filename")->len, 7);
	assert_memory_equal(value(&r, "filename")->p, "a\0\xff/../", 7);
	assert_int_equal(value(&r, "declared_sha256")->len, 32);
	assert_int_equal(value(&r, "declared_sha256")->p[0], 0xab);
	assert_int_equal(value(&r, "declared_sha256")->p[31], 0xff);
	drop(&r);
	r = fill("POST", "/api/v1/submissions/s1/files?filename=a", NULL);
	assert_int_equal(value(&r, "declared_sha256")->type, VALUE_NULL);
	assert_int_equal(value(&r, "size")->i, -1);
	is_text(&r, "kind", "file");
	drop(&r);
	refuses("POST", "/api/v1/submissions/s1/files?filename=a&sha256=", NULL,
	    "64 hexadecimal");
	refuses("POST",
	    "/api/v1/submissions/s1/files?filename=a&sha256=zz000000000000000"
	    "00000000000000000000000000000000000000000000000",
	    NULL, "64 hexadecimal");
}

static void
test_body(void **state)
{
	struct request r = fill("POST", "/api/v1/cases/1/submissions",
	    "{\"passwords\":[\"b\",\"\\u00e9\"],\"kind\":\"pcap\","
	    "\"collected\":\"1970-01-01T00:00:01Z\",\"run_seconds\":7}");

	(void)state;
	assert_int_equal(r.err, ERR_OK);
	is_text(&r, "passwords", "[\"b\",\"\xc3\xa9\"]");
	is_text(&r, "kind", "pcap");
	is_text(&r, "tlp", "");
	assert_int_equal(value(&r, "collected")->i, 1000000);
	assert_int_equal(value(&r, "run_seconds")->i, 7);
	drop(&r);
	r = fill("POST", "/api/v1/cases/1/submissions", "{\"collected\":null}");
	assert_int_equal(r.err, ERR_OK);
	assert_int_equal(value(&r, "collected")->type, VALUE_NULL);
	is_text(&r, "passwords", "[]");
	drop(&r);
	/* The whole body is one parameter. */
	r = fill("POST", "/api/v1/artefacts/a1/runs",
	    "{\"seconds\":5,\"args\":[\"x\"]}");
	assert_int_equal(r.err, ERR_OK);
	is_text(&r, "options", "{\"args\":[\"x\"],\"seconds\":5}");
	is_text(&r, "artefact", "a1");
	drop(&r);
}

static void
test_body_refusals(void **state)
{
	const char *path = "/api/v1/cases/1/submissions";
	static const char *const bad[][2] = {
	    {"{\"run_seconds\":\"7\"}", "integer"},
	    {"{\"run_seconds\":7.0}", "integer"},
	    {"{\"run_seconds\":null}", "integer"},
	    {"{\"origin\":null}", "must be a text"},
	    {"{\"origin\":[]}", "must be a text"},
	    {"{\"collected\":5}", "must be a text"},
	    {"{\"collected\":\"5\"}", "must be a time"},
	    {"{\"case\":\"2\"}", "not a member"},
	    {"{\"\\u001b[31m\":1}", "\\x1b"},
	};
	auto_free char *text = xasprintf("{\"origin\":\"%08200d\"}", 0);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses("POST", path, bad[i][0], bad[i][1]);
	refuses("POST", path, text, "8192 bytes");
	refuses("POST", "/api/v1/organisations", "{\"name\":\"a\"}",
	    "\"class\" is missing");
}

static void
parse(const char *p, size_t len, int expected, const char *expected_why)
{
	auto_json json_t *body = NULL;
	char why[PARAMS_WHY_BYTES] = "";

	assert_int_equal(params_parse_body(p, len, &body, why), expected);
	if (strstr(why, expected_why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", expected_why, why);
	assert_true((body != NULL) == (expected == ERR_OK));
}

static void
test_parse_body(void **state)
{
	auto_free char *big = xcalloc(1, PARAMS_BODY_BYTES + 1);

	(void)state;
	parse("", 0, ERR_OK, "");
	parse("{}", 2, ERR_OK, "");
	parse("[]", 2, ERR_FORMAT, "must be a JSON object");
	parse("7", 1, ERR_FORMAT, "line 1");
	parse("{\"a\":1}x", 8, ERR_FORMAT, "line 1, column 8");
	parse("{\n\n\"a\" 1}", 10, ERR_FORMAT, "line 3");
	parse("{\"a\":\"\xff\"}", 9, ERR_FORMAT, "not JSON");
	parse("{\"a\":1,\"a\":2}", 13, ERR_FORMAT, "not JSON");
	parse("{\"a\":9223372036854775808}", 25, ERR_FORMAT, "not JSON");
	memset(big, ' ', PARAMS_BODY_BYTES + 1);
	big[0] = '{';
	big[1] = '}';
	parse(big, PARAMS_BODY_BYTES, ERR_OK, "");
	parse(big, PARAMS_BODY_BYTES + 1, ERR_LIMIT, "256 KiB");
	parse("{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}", 36, ERR_OK, "");
	parse("{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", 38, ERR_LIMIT,
	    "deeper than 16");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_query),
	    cmocka_unit_test(test_query_refusals),
	    cmocka_unit_test(test_upload),
	    cmocka_unit_test(test_body),
	    cmocka_unit_test(test_body_refusals),
	    cmocka_unit_test(test_parse_body),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
