/* SPDX-License-Identifier: Apache-2.0 */
/* test_claims.c - ID tokens of which one thing is wrong, descriptions of
 * providers, answers to codes, addresses. */
#include "lib/json.h"
#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"
#include "oidc/claims.h"
#include "oidc/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1800000000)

static const struct claims_expected expected = {
    .issuer = "https://id.example",
    .client = "loep",
    .nonce = "n-0S6_WzA2Mj",
    .now_s = NOW,
};

static const char good[] =
    "{\"iss\":\"https://id.example\",\"aud\":\"loep\",\"sub\":\"an\","
    "\"nonce\":\"n-0S6_WzA2Mj\",\"exp\":1800000300,\"iat\":1799999999}";

static int
check(const char *text, struct claims *claims)
{
	return claims_check(text, strlen(text), &expected, claims);
}

/* The good one with members replaced; JSON null takes one away. */
static int
check_with(const char *changes, struct claims *claims)
{
	auto_json json_t *all = NULL, *other = NULL;
	auto_free char *text = NULL;
	const char *name;
	json_t *value;

	assert_int_equal(
	    json_parse(good, strlen(good), 65536, 8, &all), ERR_OK);
	assert_int_equal(
	    json_parse(changes, strlen(changes), 65536, 8, &other), ERR_OK);
	json_object_foreach(other, name, value)
	{
		if (json_is_null(value))
			(void)json_object_del(all, name);
		else
			(void)json_object_set(all, name, value);
	}
	text = json_canonical(all);
	return check(text, claims);
}

static void
test_good(void **state)
{
	static const char *const same[] = {"{}", "{\"aud\":[\"loep\"]}",
	    "{\"azp\":\"loep\"}", "{\"aud\":[\"x\",\"loep\"],\"azp\":\"loep\"}",
	    "{\"nbf\":1800000050}", "{\"iat\":1800000059}",
	    "{\"exp\":1799999941}", "{\"iat\":1799999400}",
	    "{\"exp\":1800000300.5}", "{\"acr\":7,\"amr\":\"x\"}",
	    "{\"email\":\"an@example.org\",\"admin\":true}"};
	struct claims claims;

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(check_with(same[i], &claims), ERR_OK);
		assert_string_equal(claims.subject, "an");
		assert_string_equal(claims.acr, "");
		assert_string_equal(claims.amr, "");
	}
	assert_int_equal(
	    check_with("{\"acr\":\"urn:x\",\"amr\":[\"pwd\",7,\"a b\",\"\","
		       "\"otp\"]}",
		&claims),
	    ERR_OK);
	assert_string_equal(claims.acr, "urn:x");
	assert_string_equal(claims.amr, "pwd otp");
}

static void
test_bad(void **state)
{
	static const char *const bad[] = {
	    "{\"iss\":null}",
	    "{\"iss\":\"https://id.example/\"}",
	    "{\"iss\":\"https://evil.example\"}",
	    "{\"iss\":[\"https://id.example\"]}",
	    "{\"aud\":null}",
	    "{\"aud\":\"other\"}",
	    "{\"aud\":[]}",
	    "{\"aud\":[\"other\"]}",
	    "{\"aud\":[\"loep\",7]}",
	    "{\"aud\":[\"loep\",\"other\"]}",
	    "{\"aud\":{\"loep\":1}}",
	    "{\"azp\":\"other\"}",
	    "{\"azp\":7}",
	    "{\"aud\":[\"loep\",\"other\"],\"azp\":\"other\"}",
	    "{\"nonce\":null}",
	    "{\"nonce\":\"\"}",
	    "{\"nonce\":\"n-0S6_WzA2Mk\"}",
	    "{\"nonce\":7}",
	    "{\"exp\":null}",
	    "{\"exp\":\"1800000300\"}",
	    "{\"exp\":1799999940}",
	    "{\"exp\":-1}",
	    "{\"exp\":1e300}",
	    "{\"iat\":null}",
	    "{\"iat\":1800000061}",
	    "{\"iat\":1799999399}",
	    "{\"nbf\":1800000061}",
	    "{\"nbf\":\"x\"}",
	    "{\"sub\":null}",
	    "{\"sub\":\"\"}",
	    "{\"sub\":7}",
	    "{\"sub\":\"a\\nb\"}",
	    "{\"sub\":\"\\u00e9\"}",
	};
	struct claims claims;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (check_with(bad[i], &claims) == ERR_OK)
			fail_msg("taken: %s", bad[i]);
		assert_true(claims.why[0] != '\0');
		assert_string_equal(claims.subject, "");
	}
	assert_int_equal(check("", &claims), ERR_FORMAT);
	assert_int_equal(check("[]", &claims), ERR_FORMAT);
	assert_int_equal(check("{\"iss\":1,\"iss\":2}", &claims), ERR_FORMAT);
}

#define EVENT "http://schemas.openid.net/event/backchannel-logout"

static int
check_logout(const char *members, struct claims *claims)
{
	auto_free char *text =
	    xasprintf("{\"iss\":\"https://id.example\",\"aud\":\"loep\","
		      "\"iat\":1799999999,\"jti\":\"1\",%s}",
		members);

	return claims_check_logout(text, strlen(text), &expected, claims);
}

static void
test_logout(void **state)
{
	static const char *const bad[] = {
	    "\"events\":{\"" EVENT "\":{}}",
	    "\"sub\":\"an\"",
	    "\"sub\":\"an\",\"events\":{}",
	    "\"sub\":\"an\",\"events\":[\"" EVENT "\"]",
	    "\"sub\":\"an\",\"events\":{\"" EVENT "\":1}",
	    "\"sub\":\"an\",\"nonce\":\"n\",\"events\":{\"" EVENT "\":{}}",
	    "\"sub\":\"an\",\"nonce\":null,\"events\":{\"" EVENT "\":{}}",
	    "\"sub\":\"an\",\"exp\":1799999940,\"events\":{\"" EVENT "\":{}}",
	    "\"sub\":\"an\",\"exp\":\"x\",\"events\":{\"" EVENT "\":{}}",
	    "\"sub\":\"a\\nb\",\"events\":{\"" EVENT "\":{}}",
	    "\"sub\":\"an\",\"jti\":7,\"events\":{\"" EVENT "\":{}}",
	};
	struct claims claims;

	(void)state;
	assert_int_equal(
	    check_logout("\"sub\":\"an\",\"sid\":\"7\",\"exp\":1800000100,"
			 "\"events\":{\"" EVENT "\":{}}",
		&claims),
	    ERR_OK);
	assert_string_equal(claims.subject, "an");
	assert_string_equal(claims.sid, "7");
	assert_int_equal(
	    check_logout(
		"\"sid\":\"7\",\"events\":{\"" EVENT "\":{}}", &claims),
	    ERR_OK);
	assert_string_equal(claims.subject, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (check_logout(bad[i], &claims) == ERR_OK)
			fail_msg("taken: %s", bad[i]);
		assert_true(claims.why[0] != '\0');
	}
	assert_int_not_equal(
	    claims_check_logout(good, strlen(good), &expected, &claims),
	    ERR_OK);
}

static void
test_long_subject(void **state)
{
	char text[400];
	struct claims claims;
	char subject[257];

	(void)state;
	memset(subject, 'a', 256);
	subject[255] = '\0';
	(void)snprintf(text, sizeof(text), "{\"sub\":\"%s\"}", subject);
	assert_int_equal(check_with(text, &claims), ERR_OK);
	assert_string_equal(claims.subject, subject);
	(void)snprintf(text, sizeof(text), "{\"sub\":\"%sa\"}", subject);
	assert_int_equal(check_with(text, &claims), ERR_FORMAT);
}

/* --- descriptions --- */

#define DESCRIPTION(issuer, more)                              \
 "{\"issuer\":\"" issuer "\","                                 \
 "\"authorization_endpoint\":\"https://id.example/auth?x=1\"," \
 "\"token_endpoint\":\"https://id.example/token\","            \
 "\"jwks_uri\":\"https://keys.example/jwks\"" more "}"

static int
read_description(const char *text, struct discovery *d)
{
	return discovery_read(text, strlen(text), "https://id.example", d);
}

static void
test_description(void **state)
{
	static const char *const bad[] = {"", "[]", "{}",
	    DESCRIPTION("https://id.example/", ""),
	    DESCRIPTION("https://evil.example", ""),
	    DESCRIPTION(
		"https://id.example", ",\"response_types_supported\":[\"x\"]"),
	    DESCRIPTION("https://id.example",
		",\"code_challenge_methods_supported\":[\"plain\"]"),
	    DESCRIPTION("https://id.example",
		",\"id_token_signing_alg_values_supported\":[\"HS256\","
		"\"none\"]"),
	    "{\"issuer\":\"https://id.example\","
	    "\"authorization_endpoint\":\"http://id.example/auth\","
	    "\"token_endpoint\":\"https://id.example/token\","
	    "\"jwks_uri\":\"https://id.example/jwks\"}",
	    "{\"issuer\":\"https://id.example\","
	    "\"authorization_endpoint\":\"javascript:alert(1)\","
	    "\"token_endpoint\":\"https://id.example/token\","
	    "\"jwks_uri\":\"https://id.example/jwks\"}",
	    "{\"issuer\":\"https://id.example\","
	    "\"authorization_endpoint\":\"https://id.example/auth\"}"};
	struct discovery d;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_description(bad[i], &d), ERR_FORMAT);
		assert_true(d.why[0] != '\0');
	}
	assert_int_equal(
	    read_description(DESCRIPTION("https://id.example", ""), &d),
	    ERR_OK);
	assert_false(d.has_issuer);
	assert_false(d.is_post);
	assert_string_equal(d.keys, "https://keys.example/jwks");
	assert_int_equal(
	    read_description(
		DESCRIPTION("https://id.example",
		    ",\"authorization_response_iss_parameter_supported\":true,"
		    "\"token_endpoint_auth_methods_supported\":["
		    "\"client_secret_post\"]"),
		&d),
	    ERR_OK);
	assert_true(d.has_issuer);
	assert_true(d.is_post);
}

static void
test_answers(void **state)
{
	struct answer a;
	static const char refused[] =
	    "{\"error\":\"invalid_grant<b>\",\"id_token\":\"a.b.c\"}";

	(void)state;
	assert_int_equal(
	    answer_read("{\"id_token\":\"a.b.c\"}", 20, &a), ERR_OK);
	assert_string_equal(a.token, "a.b.c");
	free(a.token);
	assert_int_equal(answer_read(refused, strlen(refused), &a), ERR_OK);
	assert_null(a.token);
	assert_string_equal(a.why, "invalid_grant?b?");
	assert_int_equal(answer_read("{}", 2, &a), ERR_FORMAT);
	assert_int_equal(answer_read("<html>", 6, &a), ERR_FORMAT);
	assert_int_equal(answer_read("{\"id_token\":7}", 14, &a), ERR_FORMAT);
}

static void
test_places(void **state)
{
	static const struct {
		const char *url, *host, *port;
	} some[] = {
	    {"https://Id.Example", "id.example", "443"},
	    {"https://id.example:8443/a?b=c", "id.example", "8443"},
	    {"https://[2001:DB8::1]:444/", "2001:db8::1", "444"},
	    {"https://[::1]/", "::1", "443"},
	    {"http://127.0.0.1:080/x", "127.0.0.1", "80"},
	    {"http://localhost/", "localhost", "80"},
	};
	static const char *const bad[] = {"", "id.example", "ftp://id.example",
	    "http://id.example", "http://127.0.0.1.evil.example/", "https://",
	    "https:///x", "https://a@b/", "https://a:b@c/", "https://a:0/",
	    "https://a:65536/", "https://a:x/", "https://a:/", "https://[::1/",
	    "https://[::1]x/", "https://a/#b", "https://a/b c", "https://a\\b/",
	    "https://a/\"b", "https://\xc3\xa9/", "HTTPS://a/", "https://a_b/"};
	struct place place;

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		assert_int_equal(place_read(some[i].url, &place), ERR_OK);
		assert_string_equal(place.host, some[i].host);
		assert_string_equal(place.port, some[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (place_read(bad[i], &place) == ERR_OK)
			fail_msg("taken: %s", bad[i]);
	}
	assert_int_equal(place_read_host("keys.example", &place), ERR_OK);
	assert_string_equal(place.port, "443");
	assert_int_equal(place_read_host("keys.example/x", &place), ERR_FORMAT);
}

static void
test_form(void **state)
{
	struct wire_out out;

	(void)state;
	wire_out_init(&out, 1024);
	form_put(&out, "a", "b c&d=e");
	form_put(&out, "f", "\xc3\xa9");
	assert_int_equal(out.len, strlen("a=b%20c%26d%3De&f=%C3%A9"));
	assert_memory_equal(out.buf, "a=b%20c%26d%3De&f=%C3%A9", out.len);
	wire_out_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_logout),
	    cmocka_unit_test(test_long_subject),
	    cmocka_unit_test(test_description),
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
