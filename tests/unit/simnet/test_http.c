/* SPDX-License-Identifier: Apache-2.0 */
/* test_http.c - request heads and answers; TLS hellos. */
#include "simnet/http.h"
#include "simnet/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int
parse(const char *text, struct http_request *r)
{
	return http_parse((const uint8_t *)text, strlen(text), r);
}

static void
assert_text(struct http_text text, const char *want)
{
	assert_int_equal(text.len, strlen(want));
	assert_memory_equal(text.p, want, text.len);
}

static void
test_a_request(void **state)
{
	struct http_request r;

	(void)state;
	assert_int_equal(
	    parse("POST /a/b?x=1 HTTP/1.1\r\nHost: evil.example\r\n"
		  "User-Agent:  bot/1.0 \r\nContent-Length: 12\r\n\r\nbody",
		&r),
	    ERR_OK);
	assert_text(r.method, "POST");
	assert_text(r.path, "/a/b?x=1");
	assert_text(r.host, "evil.example");
	assert_text(r.agent, "bot/1.0");
	assert_int_equal(r.body_bytes, 12);
	assert_false(r.wants_close);
}

static void
test_absolute_target_and_old_version(void **state)
{
	struct http_request r;

	(void)state;
	assert_int_equal(
	    parse("GET http://h.example:81/p HTTP/1.0\n\n", &r), ERR_OK);
	assert_text(r.host, "h.example:81");
	assert_text(r.path, "/p");
	assert_true(r.wants_close);
	assert_int_equal(parse("GET http://bare HTTP/1.1\r\n\r\n", &r), ERR_OK);
	assert_text(r.host, "bare");
	assert_text(r.path, "/");
}

static void
test_incomplete_and_nonsense(void **state)
{
	struct http_request r;
	static uint8_t big[HTTP_HEAD_BYTES + 2];

	(void)state;
	assert_int_equal(parse("GET / HTTP/1.1\r\nHost: a\r\n", &r), ERR_AGAIN);
	assert_int_equal(parse("\r\n\r\n", &r), ERR_FORMAT);
	assert_int_equal(parse("GET\r\n\r\n", &r), ERR_FORMAT);
	memset(big, 'A', sizeof(big));
	assert_int_equal(http_parse(big, sizeof(big), &r), ERR_FORMAT);
	assert_int_equal(parse("GET / HTTP/1.1\r\nContent-Length: "
			       "99999999999999999999999\r\n\r\n",
			     &r),
	    ERR_OK);
	assert_true(r.body_bytes == UINT64_MAX);
}

static void
test_likely(void **state)
{
	(void)state;
	assert_true(http_is_likely((const uint8_t *)"GET /", 5));
	assert_true(http_is_likely((const uint8_t *)"GE", 2));
	assert_true(http_is_likely((const uint8_t *)"CONNECT a:443", 13));
	assert_false(http_is_likely((const uint8_t *)"NICK bot\r\n", 10) &&
		     http_is_likely((const uint8_t *)"\x16\x03", 2));
	assert_false(http_is_likely((const uint8_t *)"\x05\x01", 2));
	assert_false(
	    http_is_likely((const uint8_t *)"ABCDEFGHIJKLMNOPQRSTUVW", 23));
}

static size_t
answer(const char *text, char *dst, unsigned int *status)
{
	struct http_request r;

	assert_int_equal(parse(text, &r), ERR_OK);
	return http_answer(&r, dst, status);
}

static void
test_answers_by_path(void **state)
{
	char a[HTTP_ANSWER_BYTES + 1];
	unsigned int status;
	size_t len;

	(void)state;
	len = answer("GET /x.exe?y HTTP/1.1\r\nHost: h\r\n\r\n", a, &status);
	a[len] = '\0';
	assert_int_equal(status, 200);
	assert_non_null(strstr(a, "application/x-msdownload"));
	assert_non_null(memmem(a, len, "\r\n\r\nMZ", 6));
	len = answer("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", a, &status);
	a[len] = '\0';
	assert_string_equal(a + len - 4, "\r\n\r\n");
	len =
	    answer("GET / HTTP/1.1\r\nHost: api.ipify.org\r\n\r\n", a, &status);
	a[len] = '\0';
	assert_non_null(strstr(a, "\r\n\r\n203.0.113.77"));
	(void)answer(
	    "GET /generate_204 HTTP/1.1\r\nHost: g\r\n\r\n", a, &status);
	assert_int_equal(status, 204);
}

/* A TLS 1.2 hello with one extension: the name "a.example". */
static const uint8_t hello[] = {0x16, 3, 1, 0, 67, 1, 0, 0, 63, 3, 3, 1, 2, 3,
    4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 27, 28, 29, 30, 31, 32, 0, 0, 2, 0x13, 1, 1, 0, 0, 18, 0, 0, 0,
    14, 0, 12, 0, 0, 9, 'a', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0};

static void
test_server_name(void **state)
{
	char name[TLS_NAME_BYTES];

	(void)state;
	assert_int_equal(tls_hello(hello, sizeof(hello), name), ERR_OK);
	assert_string_equal(name, "a.example");
	for (size_t cut = 0; cut < sizeof(hello); cut++)
		assert_int_not_equal(tls_hello(hello, cut, name), ERR_OK);
}

static void
test_server_name_damage(void **state)
{
	uint8_t copy[sizeof(hello)];
	char name[TLS_NAME_BYTES];

	(void)state;
	/* Every byte, every bit: an answer or a refusal, no more. */
	for (size_t bit = 0; bit < sizeof(hello) * 8; bit++) {
		memcpy(copy, hello, sizeof(copy));
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		(void)!tls_hello(copy, sizeof(copy), name);
		assert_true(strlen(name) < sizeof(name));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_request),
	    cmocka_unit_test(test_absolute_target_and_old_version),
	    cmocka_unit_test(test_incomplete_and_nonsense),
	    cmocka_unit_test(test_likely),
	    cmocka_unit_test(test_answers_by_path),
	    cmocka_unit_test(test_server_name),
	    cmocka_unit_test(test_server_name_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
