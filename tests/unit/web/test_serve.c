/* SPDX-License-Identifier: Apache-2.0 */
/* test_serve.c - the API of the real loep-web: requests and their answers. */
#include "tests/unit/web/harness.h"
#include "web/openapi.h"
#include "web/route.h"

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

static void
test_headers(void **state)
{
	struct answer a = ask("GET", "/api/v1/cases/1", "", NULL);
	static const char *const wanted[] = {"X-Request-Id: ",
	    "X-Content-Type-Options: nosniff", "Cache-Control: no-store",
	    "Content-Security-Policy: default-src 'none'",
	    "Content-Type: application/json", "ETag: \""};

	(void)state;
	assert_int_equal(a.status, 200);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_non_null(strstr(a.text, wanted[i]));
	/* All 64 bits: a double would end in ...992. */
	assert_non_null(strstr(a.body, "\"score\":9007199254740993"));
	free(a.text);
	expect(ask("GET", "/api/v1/whoami", "", NULL), 200,
	    "{\"account\":\"account-1\",\"name\":\"tester\"");
	assert_int_equal(counter("bad_principal"), 0);
}

/* What a POST must say at least. */
static const char *
body_for(enum call_op op)
{
	switch (op) {
	case CALL_REPORT_EDIT:
		return "{\"version\":1,\"language\":\"nl\"}";
	case CALL_REPORT_RETURN:
		return "{\"comment\":\"a\"}";
	case CALL_REPORT_RECALL:
	case CALL_ARTEFACT_DOWNLOAD:
	case CALL_SUBMISSION_WITHDRAW:
	case CALL_DELETION_CREATE:
	case CALL_DELETION_REFUSE:
	case CALL_KEY_RETIRE:
		return "{\"reason\":\"a\"}";
	case CALL_RECIPIENT_CREATE:
		return "{\"kind\":\"partner\",\"name\":\"a\"}";
	case CALL_RECIPIENT_SET:
	case CALL_PII_REVIEW:
		return "{\"version\":1}";
	case CALL_EXPORT_CREATE:
		return "{\"recipient\":\"a\",\"format\":\"csv\",\"purpose\":"
		       "\"b\"}";
	case CALL_EXPORT_CONSENT:
		return "{\"answer\":\"no\"}";
	case CALL_EXPORT_DENY:
		return "{\"reason\":\"a\"}";
	case CALL_CASE_HOLD:
		return "{\"on\":true,\"reason\":\"a\"}";
	case CALL_ORG_SET:
		return "{\"version\":1,\"rank\":2}";
	case CALL_POLICY_CREATE:
		return "{\"document\":{\"a\":1}}";
	case CALL_EXCEPTION_CREATE:
		return "{\"org\":\"a\",\"reason\":\"b\"}";
	case CALL_MODE_PROPOSE:
		return "{\"mode\":\"normal\",\"reason\":\"b\"}";
	case CALL_ORG_CREATE:
		return "{\"name\":\"a\",\"class\":\"C1\"}";
	case CALL_ACCOUNT_CREATE:
		return "{\"name\":\"a\",\"uid\":-1}";
	case CALL_LOGIN:
		return "{\"login\":\"a\",\"password\":\"b\"}";
	case CALL_INVITE_ACCEPT:
		return "{\"invitation\":\"a\",\"password\":\"b\"}";
	case CALL_ARTEFACT_RESTRICT:
		return "{\"restriction\":\"sealed\",\"reason\":\"a\"}";
	case CALL_OIDC_SIGNED_OUT:
		return "logout_token=a&more=b+c";
	case CALL_OIDC_INVITED:
		return "{\"invitation\":\"a\"}";
	case CALL_PASSWORD_SET:
		return "{\"new\":\"a\"}";
	case CALL_KEY_ADD:
		return "{\"key\":\"a\"}";
	case CALL_KEY_VERIFY:
		return "{\"fpr\":\"a\",\"how\":\"b\"}";
	case CALL_TOTP_CONFIRM:
	case CALL_TOTP_REMOVE:
	case CALL_OIDC_CODE:
	case CALL_OIDC_LINK:
	case CALL_STRANGER_REFUSE:
		return "{\"code\":\"a\"}";
	case CALL_STRANGER_ACCEPT:
		return "{\"code\":\"a\",\"name\":\"b\"}";
	case CALL_TOKEN_CREATE:
		return "{\"name\":\"a\"}";
	case CALL_POOL_ORDER:
	case CALL_RESCAN_ORDER:
		return "{\"order\":\"check\"}";
	case CALL_RESCAN_CREATE:
		return "{\"kind\":\"preview\",\"version\":1}";
	case CALL_CASE_HANDOVER:
		return "{\"to\":\"a\",\"note\":\"b\"}";
	case CALL_CASE_STAGE:
		return "{\"stage\":\"closed\",\"reason\":\"b\"}";
	case CALL_MESSAGE_ADD:
	case CALL_NOTE_ADD:
	case CALL_TASK_ADD:
		return "{\"text\":\"a\"}";
	case CALL_TASK_SET:
		return "{\"state\":\"done\"}";
	case CALL_VERDICT_ADD:
		return "{\"value\":\"benign\",\"confidence\":\"low\","
		       "\"reason\":\"a\"}";
	case CALL_BACKUP_END:
		return "{\"outcome\":\"done\"}";
	case CALL_CASE_SET:
		return "{\"version\":1}";
	case CALL_RULES_SET:
		return "{\"rules\":[]}";
	case CALL_UNSEAL_CREATE:
		return "{\"necessity\":\"a\"}";
	case CALL_HOOK_CREATE:
		return "{\"url\":\"https://a.example/\",\"events\":[]}";
	case CALL_RULES_REJECT:
	case CALL_UNSEAL_REFUSE:
	case CALL_HOOK_REFUSE:
	case CALL_HOOK_DISABLE:
		return "{\"reason\":\"a\"}";
	case CALL_CASE_MERGE:
		return "{\"into\":\"a\",\"reason\":\"b\"}";
	case CALL_CASE_SPLIT:
		return "{\"artefacts\":[\"a\"],\"reason\":\"b\"}";
	case CALL_RULES_ACTIVATE:
		return "{\"active\":0}";
	default:
		return "{}";
	}
}

/* Who asks over the Unix socket is somebody already. */
static bool
is_way_in(enum route_kind kind)
{
	switch (kind) {
	case ROUTE_LOGIN:
	case ROUTE_ACCEPT:
	case ROUTE_OIDC_START:
	case ROUTE_OIDC_BACK:
	case ROUTE_OIDC_CODE:
	case ROUTE_OIDC_INVITED:
	case ROUTE_OIDC_LINK:
	case ROUTE_PROVE:
	case ROUTE_OIDC_LEAVE:
	case ROUTE_OIDC_OVER:
		return true;
	default:
		return false;
	}
}

static void
test_every_route(void **state)
{
	size_t count;
	const struct route *routes = route_all(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct route *r = &routes[i];
		bool is_post = r->method == ROUTE_METHOD_POST;

		/* Those have words of their own: tests/integration/t1010-tus.sh. */
		if (r->kind == ROUTE_TUS)
			continue;
		const char *body = is_post ? body_for(r->op) : NULL;
		char target[256] = "";
		struct answer a;

		for (const char *p = r->path; *p != '\0';) {
			size_t len = strcspn(p, "{");

			(void)snprintf(target + strlen(target),
			    sizeof(target) - strlen(target), "%.*s%s", (int)len,
			    p, p[len] == '{' ? "7" : "");
			p += len;
			p += p[0] == '{' ? strcspn(p, "}") + 1 : 0;
		}
		if (r->kind == ROUTE_DOWNLOAD && r->op != CALL_RULES_EXPORT)
			(void)snprintf(
			    target + strlen(target), 32, "?purpose=test");
		if (r->kind == ROUTE_UPLOAD)
			(void)snprintf(
			    target + strlen(target), 32, "?filename=a");
		if (r->op == CALL_RULES_RULE || r->op == CALL_RESCAN_PROOF ||
		    r->op == CALL_RULES_SELECTIVITY)
			(void)snprintf(
			    target + strlen(target), 32, "?rule=n:a/b");
		if (r->op == CALL_SEARCH)
			(void)snprintf(target + strlen(target), 32, "?q=a");
		a = ask(is_post ? "POST" : "GET", target,
		    r->kind == ROUTE_UPLOAD	 ? FILE_TYPE
		    : r->kind == ROUTE_OIDC_OVER ? FORM
		    : is_post			 ? JSON
						 : "",
		    body);
		if (is_way_in(r->kind))
			assert_true(a.status == 409 || a.status == 401);
		else if (a.status < 200 || a.status > 299)
			fail_msg("%s: %s", target, a.text);
		assert_non_null(strstr(a.text, "X-Request-Id: "));
		free(a.text);
	}
}

static void
test_paging(void **state)
{
	(void)state;
	expect(ask("GET", "/api/v1/cases?limit=2", "", NULL), 200,
	    "\"next\":\"cursor-1\"}");
	expect(ask("GET", "/api/v1/cases?limit=100&cursor=cursor-50", "", NULL),
	    200, "\"next\":null}");
	expect(ask("GET", "/api/v1/cases", "", NULL), 200,
	    "\"next\":\"cursor-49\"}");
	expect(ask("GET", "/api/v1/cases?limit=0", "", NULL), 400, "1 to 500");
	expect(
	    ask("GET", "/api/v1/cases?limit=501", "", NULL), 400, "1 to 500");
	expect(ask("GET", "/api/v1/cases?limit=x", "", NULL), 400,
	    "must be an integer");
	expect(ask("GET", "/api/v1/vm/slots?limit=5", "", NULL), 200, "items");
	expect(ask("GET", "/api/v1/cases?limt=1", "", NULL), 400,
	    "is not a query parameter");
}

static void
test_refusals(void **state)
{
	(void)state;
	expect(ask("GET", "/api/v1/nothing", "", NULL), 404, "no such path");
	expect(ask("GET", "/", "", NULL), 404, "no such path");
	expect(ask("GET", "/api/v1/cases/%2e%2e", "", NULL), 404, "no such");
	expect(ask("GET", "/api/v1/cases/a%2Fb", "", NULL), 404, "no such");
	expect(ask("GET", "/api/v1/cases/a%00b", "", NULL), 404, "no such");
	expect(ask("GET", "/api/v1/../../etc/passwd", "", NULL), 404, "no su");
	expect(ask("GET", "/api/v1/cases/%zz", "", NULL), 400, "escape");
	expect(ask("GET", "/api/v1/cases?state=%ff", "", NULL), 400, "UTF-8");
	expect(ask("GET", "/api/v1/cases?state=a%00", "", NULL), 400, "NUL");
	expect(ask("DELETE", "/api/v1/cases", "", NULL), 405,
	    "Allow: GET, HEAD, POST, OPTIONS");
	expect(ask("FROBNICATE", "/api/v1/verify", "", NULL), 405,
	    "Allow: POST, OPTIONS");
	expect(ask("HEAD", "/api/v1/rules/versions/1/bundle", "", NULL), 405,
	    "Allow: GET, POST, OPTIONS");
	expect(
	    ask("GET", "/api/v1/cases/missing", "", NULL), 404, "no such case");
	expect(
	    ask("GET", "/api/v1/cases/denied", "", NULL), 403, "not for you");
	expect(ask("GET", "/api/v1/rules/versions/1/bundle", "", NULL), 400,
	    "\\\"purpose\\\" is missing");
	expect(ask("GET", "/api/v1/cases/slow", "", NULL), 503,
	    "did not answer in time");
}

static void
test_methods(void **state)
{
	struct answer a;

	(void)state;
	a = ask("OPTIONS", "/api/v1/cases/1", "", NULL);
	assert_int_equal(a.status, 204);
	assert_non_null(strstr(a.text, "Allow: GET, HEAD, POST, OPTIONS"));
	assert_int_equal(a.body_len, 0);
	free(a.text);
	a = ask("OPTIONS", "*", "", NULL);
	assert_int_equal(a.status, 204);
	free(a.text);
	a = ask("HEAD", "/api/v1/cases/1", "", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_len, 0);
	assert_null(strstr(a.text, "Content-Length: 0"));
	free(a.text);
	expect(ask("GET", "http://elsewhere/api/v1/cases/1", "", NULL), 200,
	    "jobs_open");
}

static void
test_json_bodies(void **state)
{
	auto_free char *deep = xcalloc(1, 200001);
	auto_free char *long_body = xcalloc(1, 400001);
	const char *target = "/api/v1/cases";

	(void)state;
	memset(deep, '[', 200000);
	memset(long_body, ' ', 400000);
	expect(ask("POST", target, JSON, "{\"title\":\"a\"}"), 201,
	    "Location: /api/v1/cases/number-");
	expect(ask("POST", target, JSON, "{\"title\":\n  nul}"), 400,
	    "line 2, column");
	expect(ask("POST", target, JSON, "[]"), 400, "must be a JSON object");
	expect(ask("POST", target, JSON, "{\"headline\":\"a\"}"), 400,
	    "is not a member");
	expect(
	    ask("POST", target, JSON, "{\"title\":7}"), 400, "must be a text");
	expect(ask("POST", target, JSON, "{\"title\":\"a\\u0000b\"}"), 400,
	    "not JSON");
	expect(ask("POST", target, JSON, "{\"title\":1,\"title\":2}"), 400,
	    "not JSON");
	expect(ask("POST", target, JSON, deep), 413, "nested deeper");
	expect(ask("POST", target, JSON, long_body), 413, "256 KiB");
	expect(ask("POST", target, "Content-Type: text/plain\r\n", "{}"), 415,
	    "application/json");
	expect(ask("POST", target, "", "{}"), 415, "application/json");
	expect(ask("GET", target, JSON, "{}"), 400, "takes no body");
	expect(ask("POST", "/api/v1/cases/1/submissions", JSON,
		   "{\"passwords\":[\"a\"],\"collected\":"
		   "\"2026-02-28T23:00:00+01:00\"}"),
	    201, "\"id\":");
	expect(ask("POST", "/api/v1/cases/1/submissions", JSON,
		   "{\"collected\":\"yesterday\"}"),
	    400, "must be a time");
}

/* A million levels, in chunks, so that no length warns. */
static void
test_nested_json(void **state)
{
	static const char head[] =
	    "POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	    "Content-Type: application/json\r\n"
	    "Transfer-Encoding: chunked\r\n\r\nF4240\r\n";
	auto_free char *request = xmalloc(sizeof(head) + 1000000);

	(void)state;
	memcpy(request, head, sizeof(head) - 1);
	memset(request + sizeof(head) - 1, '[', 1000000);
	expect(talk(request, sizeof(head) - 1 + 1000000), 413, "256 KiB");
}

static void
test_etag(void **state)
{
	struct answer a = ask("GET", "/api/v1/cases/1", "", NULL);
	const char *at = strstr(a.text, "ETag: ");
	auto_free char *header = NULL;

	(void)state;
	assert_non_null(at);
	header = xasprintf("If-None-Match: %.*s\r\n", 34, at + 6);
	free(a.text);
	a = ask("GET", "/api/v1/cases/1", header, NULL);
	assert_int_equal(a.status, 304);
	assert_int_equal(a.body_len, 0);
	free(a.text);
	a = ask("GET", "/api/v1/cases/2", header, NULL);
	assert_int_equal(a.status, 200);
	free(a.text);
}

static void
test_idempotency(void **state)
{
	const char *key = JSON "Idempotency-Key: k1\r\n";
	struct answer a, b;
	int64_t made = counter("made");

	(void)state;
	a = ask("POST", "/api/v1/cases", key, "{\"title\":\"x\"}");
	b = ask("POST", "/api/v1/cases", key, "{\"title\":\"x\"}");
	assert_int_equal(a.status, 201);
	assert_int_equal(b.status, 201);
	assert_string_equal(a.body, b.body);
	assert_null(strstr(a.text, "Idempotent-Replayed"));
	assert_non_null(strstr(b.text, "Idempotent-Replayed: true"));
	assert_non_null(strstr(b.text, "Location: /api/v1/cases/number-"));
	free(a.text);
	free(b.text);
	assert_int_equal(counter("made"), made + 1);
	expect(ask("POST", "/api/v1/cases", key, "{\"title\":\"y\"}"), 422,
	    "another request");
	expect(ask("POST", "/api/v1/submissions/1/files?filename=a",
		   FILE_TYPE "Idempotency-Key: k2\r\n", "x"),
	    400, "not supported here");
}

static void
test_names(void **state)
{
	struct answer a = ask("GET", "/api/v1/artefacts/5", "", NULL);

	(void)state;
	assert_non_null(strstr(a.body,
	    "\"name\":\"in\\\"voice\\u001b[31m<b>\xef\xbf\xbd.exe\","
	    "\"name_hex\":\"696e22766f6963651b5b33316d3c623eff2e657865\""));
	assert_non_null(
	    strstr(a.body, "\"created\":\"2023-11-14T22:13:20.123456Z\""));
	assert_non_null(strstr(a.body, "\"parent\":null"));
	free(a.text);
	a = ask("GET", "/api/v1/rules/versions/10/bundle?purpose=analysis", "",
	    NULL);
	assert_int_equal(a.status, 200);
	assert_non_null(
	    strstr(a.text, "Content-Disposition: attachment; "
			   "filename=\"in_voice__31m_b__.exe.sample\""));
	assert_non_null(
	    strstr(a.text, "Content-Type: application/octet-stream"));
	assert_int_equal(a.body_len, 10);
	free(a.text);
	a = ask("GET", "/api/v1/cases/9/reports/1?format=html", "", NULL);
	assert_non_null(strstr(a.text, "Content-Type: text/html"));
	assert_non_null(strstr(a.text, "sandbox"));
	free(a.text);
}

static void
test_download(void **state)
{
	struct answer a = ask(
	    "GET", "/api/v1/rules/versions/9000001/bundle?purpose=x", "", NULL);

	(void)state;
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_len, 9000001);
	for (size_t i = 0; i < a.body_len; i++) {
		if ((uint8_t)a.body[i] != i % 251)
			fail_msg("byte %zu is wrong", i);
	}
	free(a.text);
	/* A source that ends early must not look like a whole file. */
	a = ask(
	    "GET", "/api/v1/rules/versions/1000000/bundle?purpose=x", "", NULL);
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.text, "Content-Length: 1000000"));
	assert_true(a.body_len < 1000000);
	free(a.text);
}

static void
test_pipelining(void **state)
{
	auto_close int fd = dial();
	auto_free char *request =
	    xstrdup("GET /api/v1/cases/a1 HTTP/1.1\r\nHost: x\r\n\r\n"
		    "POST /api/v1/cases HTTP/1.1\r\nHost: x\r\n" JSON
		    "Content-Length: 13\r\n\r\n{\"title\":\"q\"}"
		    "POST /api/v1/nothing HTTP/1.1\r\nHost: x\r\n" JSON
		    "Content-Length: 13\r\n\r\n{\"title\":\"q\"}"
		    "GET /api/v1/cases/a2 HTTP/1.1\r\nHost: x\r\n"
		    "Connection: close\r\n\r\n");
	struct answer a;
	const char *p;
	int64_t calls;

	(void)state;
	send_all(fd, request, strlen(request));
	read_answer(fd, &a);
	p = strstr(a.text, "\"id\":\"a1\"");
	assert_non_null(p);
	p = strstr(p, "HTTP/1.1 201");
	assert_non_null(p);
	p = strstr(p, "HTTP/1.1 404");
	assert_non_null(p);
	p = strstr(p, "\"id\":\"a2\"");
	assert_non_null(p);
	free(a.text);
	/* One connection asks once who it is: three calls here and, for the
	 * counting connections, one more each. */
	calls = counter("calls");
	assert_true(counter("calls") - calls <= 3);
}

static void
test_progress(void **state)
{
	struct answer a;
	const char *p;

	(void)state;
	expect(ask("GET", "/api/v1/cases/5/progress", "", NULL), 200,
	    "\"jobs_open\":0");
	expect(ask("GET", "/api/v1/cases/missing/progress/stream", "", NULL),
	    404, "no such case");
	a = ask("GET", "/api/v1/cases/live/progress/stream", "", NULL);
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.text, "Content-Type: text/event-stream"));
	p = a.body;
	for (int i = 3; i >= 0; i--) {
		char wanted[32];

		p = strstr(p, "event: progress\ndata: {");
		assert_non_null(p);
		(void)snprintf(wanted, sizeof(wanted), "\"jobs_open\":%d,", i);
		p = strstr(p, wanted);
		assert_non_null(p);
	}
	assert_non_null(strstr(p, "event: end\ndata: {"));
	free(a.text);
}

static void
test_rows(void **state)
{
	struct answer a = ask("POST", "/api/v1/verify", JSON, "{}");
	size_t lines = 0;

	(void)state;
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.body, "\n],\"done\":true,\"count\":5}\n"));
	for (const char *p = a.body; (p = strstr(p, "\"artefact\"")) != NULL;
	     p++)
		lines++;
	assert_int_equal(lines, 5);
	free(a.text);
}

static void
test_openapi(void **state)
{
	struct answer a = ask("GET", "/api/v1/openapi.yaml", "", NULL);
	size_t len;
	const char *text = openapi_text(&len);

	(void)state;
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_len, len);
	assert_memory_equal(a.body, text, len);
	assert_non_null(strstr(a.body, "openapi: 3.1"));
	free(a.text);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_every_route),
	    cmocka_unit_test(test_paging),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_methods),
	    cmocka_unit_test(test_json_bodies),
	    cmocka_unit_test(test_nested_json),
	    cmocka_unit_test(test_etag),
	    cmocka_unit_test(test_idempotency),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_download),
	    cmocka_unit_test(test_pipelining),
	    cmocka_unit_test(test_progress),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_openapi),
	};

	(void)argc;
	harness_find(argv[0]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, harness_start, harness_stop);
}
