/* SPDX-License-Identifier: Apache-2.0 */
/* test_jws.c - signed texts and key sets: the vectors of RFC 7515, 7517 and
 * 8037, our own signatures, and what must be refused. */
#include "lib/base64.h"
#include "lib/jws.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "tests/unit/lib/mutate.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* RFC 7515 appendix A.1, A.2, A.3, A.5: one payload. */
#define PAYLOAD                             \
 "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkz" \
 "ODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define RSA_N                                           \
 "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W2" \
 "6mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SF" \
 "d2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7" \
 "OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo" \
 "7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT" \
 "6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkM" \
 "Ls91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RSA_KEY "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}"
#define RSA_TEXT                                        \
 "eyJhbGciOiJSUzI1NiJ9." PAYLOAD                        \
 ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJ"  \
 "bu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJ" \
 "dbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWz" \
 "O75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN93" \
 "83LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ" \
 "1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWk" \
 "WywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define EC_KEY                                            \
 "{\"kty\":\"EC\",\"crv\":\"P-256\","                     \
 "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
 "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define EC_TEXT                                        \
 "eyJhbGciOiJFUzI1NiJ9." PAYLOAD                       \
 ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjD" \
 "xw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define HMAC_TEXT                                    \
 "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD \
 ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define NONE_TEXT "eyJhbGciOiJub25lIn0." PAYLOAD "."
/* RFC 8037 appendix A.2 and A.4. */
#define ED_KEY                           \
 "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," \
 "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
#define ED_TEXT                                             \
 "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc" \
 ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki" \
 "4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

static struct jwks *
parse(const char *list)
{
	auto_free char *text = xasprintf("{\"keys\":[%s]}", list);
	struct jwks *jwks = NULL;

	assert_int_equal(jwks_parse(text, strlen(text), &jwks), ERR_OK);
	return jwks;
}

static int
check(const char *list, const char *text)
{
	struct jwks *jwks = parse(list);
	struct jws jws;
	int err = jws_verify(jwks, text, strlen(text), &jws);

	assert_true((err == ERR_OK) == (jws.payload != NULL));
	assert_true((err == ERR_OK) == (jws.why[0] == '\0'));
	free(jws.payload);
	jwks_free(jwks);
	return err;
}

static void
test_vectors(void **state)
{
	static const char all[] = RSA_KEY "," EC_KEY "," ED_KEY;
	struct jwks *jwks = parse(all);
	struct jws jws;

	(void)state;
	assert_int_equal(jwks->count, 3);
	assert_int_equal(
	    jws_verify(jwks, ED_TEXT, strlen(ED_TEXT), &jws), ERR_OK);
	assert_int_equal(jws.len, 26);
	assert_memory_equal(jws.payload, "Example of Ed25519 signing", 26);
	free(jws.payload);
	jwks_free(jwks);
	assert_int_equal(check(all, RSA_TEXT), ERR_OK);
	assert_int_equal(check(all, EC_TEXT), ERR_OK);
	/* Refused whatever the key set says. */
	assert_int_equal(check(all, HMAC_TEXT), ERR_FORMAT);
	assert_int_equal(check(all, NONE_TEXT), ERR_FORMAT);
	assert_int_equal(
	    check("{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMko"
		  "qQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}",
		HMAC_TEXT),
	    ERR_FORMAT);
	assert_int_equal(check(EC_KEY "," ED_KEY, RSA_TEXT), ERR_NOT_FOUND);
	assert_int_equal(check("", RSA_TEXT), ERR_NOT_FOUND);
	/* Which of two? */
	assert_int_equal(check(EC_KEY "," EC_KEY, EC_TEXT), ERR_FORMAT);
}

/* RFC 7517 appendix A.1: one for encryption, one for signatures. */
static void
test_sets(void **state)
{
	static const char *const none[] = {
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\",\"kid\":\"1\","
	    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
	    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}",
	    /* not on the curve */
	    "{\"kty\":\"EC\",\"crv\":\"P-256\","
	    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
	    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyN\"}",
	    /* short, of another curve, of a kind that is never public */
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBC\",\"y\":\"4E\"}",
	    "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"MKBC\",\"y\":\"4E\"}",
	    "{\"kty\":\"oct\",\"k\":\"AyM1\"}",
	    "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
	    "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQ\"}",
	    "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAC\"}",
	    "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\"}",
	    "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"key_ops\":[\"encrypt\"],"
	    "\"n\":\"" RSA_N "\"}",
	    "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"MKBC\"}",
	    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"MKBC\"}",
	    "{\"kty\":7}",
	    "[]",
	    "null",
	};
	struct jwks *jwks;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		jwks = parse(none[i]);
		assert_int_equal(jwks->count, 0);
		jwks_free(jwks);
	}
	jwks = parse("{\"kty\":\"RSA\",\"alg\":\"RS256\",\"use\":\"sig\","
		     "\"kid\":\"2011-04-29\",\"e\":\"AQAB\","
		     "\"key_ops\":[\"verify\"],\"n\":\"" RSA_N "\"}," ED_KEY);
	assert_int_equal(jwks->count, 2);
	assert_string_equal(jwks->keys[0].id, "2011-04-29");
	assert_string_equal(jwks->keys[0].alg, "RS256");
	assert_int_equal(jwks->keys[0].type, JWK_RSA);
	assert_int_equal(jwks->keys[1].type, JWK_ED25519);
	jwks_free(jwks);
}

static void
test_no_sets(void **state)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"keys\":{}}",
	    "{\"keys\":[]}x", "{\"keys\":[],\"keys\":[]}", "{\"keys\":["};
	char many[64 + 4 * JWKS_KEYS_MAX] = "{\"keys\":[1";
	struct jwks *jwks = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    jwks_parse(bad[i], strlen(bad[i]), &jwks), ERR_FORMAT);
	for (size_t i = 0; i < JWKS_KEYS_MAX; i++)
		memcpy(many + strlen(many), ",1", 3);
	memcpy(many + strlen(many), "]}", 3);
	assert_int_equal(jwks_parse(many, strlen(many), &jwks), ERR_LIMIT);
	assert_null(jwks);
}

/* --- our own signatures --- */

static char *
sign(EVP_PKEY *key, const char *header, bool is_pss)
{
	auto_free char *head = base64url_encode(header, strlen(header));
	auto_free char *text = xasprintf("%s.%s", head, PAYLOAD);
	auto_free char *tail = NULL;
	uint8_t bytes[1024], both[64];
	size_t len = sizeof(bytes);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;
	const EVP_MD *digest =
	    EVP_PKEY_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();

	assert_int_equal(EVP_DigestSignInit(ctx, &how, digest, NULL, key), 1);
	if (is_pss) {
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING),
		    1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(
				     how, RSA_PSS_SALTLEN_DIGEST),
		    1);
	}
	assert_int_equal(EVP_DigestSign(ctx, bytes, &len, (const uint8_t *)text,
			     strlen(text)),
	    1);
	EVP_MD_CTX_free(ctx);
	if (EVP_PKEY_id(key) == EVP_PKEY_EC) {
		const uint8_t *p = bytes;
		ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);

		assert_int_equal(
		    BN_bn2binpad(ECDSA_SIG_get0_r(sig), both, 32), 32);
		assert_int_equal(
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), both + 32, 32), 32);
		ECDSA_SIG_free(sig);
		memcpy(bytes, both, sizeof(both));
		len = sizeof(both);
	}
	tail = base64url_encode(bytes, len);
	return xasprintf("%s.%s", text, tail);
}

static struct jwks *
make_set(EVP_PKEY *key, enum jwk_type type, const char *id, const char *alg)
{
	struct jwks *jwks = xcalloc(1, sizeof(*jwks));

	jwks->count = 1;
	jwks->keys[0].key = key;
	jwks->keys[0].type = type;
	(void)snprintf(jwks->keys[0].id, JWK_ID_BYTES, "%s", id);
	(void)snprintf(jwks->keys[0].alg, sizeof(jwks->keys[0].alg), "%s", alg);
	return jwks;
}

static int
try_one(const struct jwks *jwks, const char *header, bool is_pss)
{
	auto_free char *text = sign(jwks->keys[0].key, header, is_pss);
	struct jws jws;
	int err = jws_verify(jwks, text, strlen(text), &jws);

	free(jws.payload);
	return err;
}

static void
test_headers(void **state)
{
	struct jwks *jwks = make_set(EVP_RSA_gen(2048), JWK_RSA, "one", "");
	static const struct {
		const char *header;
		bool is_pss;
		int err;
	} cases[] = {
	    {"{\"alg\":\"RS256\"}", false, ERR_OK},
	    {"{\"alg\":\"PS256\"}", true, ERR_OK},
	    {"{\"alg\":\"RS256\",\"kid\":\"one\",\"typ\":\"JWT\"}", false,
		ERR_OK},
	    {"{\"alg\":\"RS256\",\"kid\":\"two\"}", false, ERR_NOT_FOUND},
	    {"{\"alg\":\"RS256\",\"kid\":\"\"}", false, ERR_FORMAT},
	    {"{\"alg\":\"RS256\",\"kid\":7}", false, ERR_FORMAT},
	    /* signed one way, said to be another */
	    {"{\"alg\":\"RS256\"}", true, ERR_DENIED},
	    {"{\"alg\":\"PS256\"}", false, ERR_DENIED},
	    {"{\"alg\":\"ES256\"}", false, ERR_NOT_FOUND},
	    {"{\"alg\":\"EdDSA\"}", false, ERR_NOT_FOUND},
	    {"{\"alg\":\"HS256\"}", false, ERR_FORMAT},
	    {"{\"alg\":\"none\"}", false, ERR_FORMAT},
	    {"{\"alg\":\"rs256\"}", false, ERR_FORMAT},
	    {"{\"alg\":\"RS512\"}", false, ERR_FORMAT},
	    {"{\"alg\":[\"RS256\"]}", false, ERR_FORMAT},
	    {"{}", false, ERR_FORMAT},
	    {"[\"RS256\"]", false, ERR_FORMAT},
	    {"{\"alg\":\"RS256\",\"alg\":\"none\"}", false, ERR_FORMAT},
	    {"{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", false, ERR_FORMAT},
	    {"{\"alg\":\"RS256\",\"b64\":false}", false, ERR_FORMAT},
	    {"{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}", false, ERR_FORMAT},
	    {"{\"alg\":\"RS256\",\"typ\":\"logout+jwt\"}", false, ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    try_one(jwks, cases[i].header, cases[i].is_pss),
		    cases[i].err);
	/* A key that is for one algorithm is for that one. */
	(void)snprintf(jwks->keys[0].alg, sizeof(jwks->keys[0].alg), "PS256");
	assert_int_equal(try_one(jwks, cases[0].header, false), ERR_NOT_FOUND);
	assert_int_equal(try_one(jwks, cases[1].header, true), ERR_OK);
	jwks_free(jwks);
}

static void
test_kinds(void **state)
{
	struct jwks *ec = make_set(EVP_EC_gen("P-256"), JWK_P256, "", "ES256");
	struct jwks *ed = make_set(
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), JWK_ED25519, "", "");

	(void)state;
	for (int i = 0; i < 32; i++)
		assert_int_equal(
		    try_one(ec, "{\"alg\":\"ES256\"}", false), ERR_OK);
	assert_int_equal(try_one(ed, "{\"alg\":\"EdDSA\"}", false), ERR_OK);
	assert_int_equal(
	    try_one(ed, "{\"alg\":\"ES256\"}", false), ERR_NOT_FOUND);
	jwks_free(ec);
	jwks_free(ed);
}

/* --- damage --- */

static bool
is_taken(void *arg, const uint8_t *p, size_t len)
{
	struct jws jws;
	bool is_good = jws_verify(arg, (const char *)p, len, &jws) == ERR_OK;

	free(jws.payload);
	return is_good;
}

static void
test_damage(void **state)
{
	struct jwks *jwks = parse(EC_KEY "," ED_KEY);
	static const char *const texts[] = {EC_TEXT, ED_TEXT};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(texts[i]);

		assert_true(is_taken(jwks, (const uint8_t *)texts[i], len));
		assert_int_equal(
		    mutate_truncate(texts[i], len, is_taken, jwks).taken, 0);
		assert_int_equal(
		    mutate_flip(texts[i], len, is_taken, jwks).taken, 0);
		assert_int_equal(
		    mutate_extend(texts[i], len, is_taken, jwks).taken, 0);
	}
	jwks_free(jwks);
}

static void
test_long(void **state)
{
	auto_free char *text = xmalloc(JWS_BYTES_MAX + 2);
	struct jwks *jwks = parse(EC_KEY);
	struct jws jws;

	(void)state;
	memset(text, 'A', JWS_BYTES_MAX + 1);
	assert_int_equal(
	    jws_verify(jwks, text, JWS_BYTES_MAX + 1, &jws), ERR_LIMIT);
	assert_int_equal(
	    jws_verify(jwks, text, JWS_BYTES_MAX, &jws), ERR_FORMAT);
	memset(text, '.', JWS_BYTES_MAX);
	assert_int_equal(
	    jws_verify(jwks, text, JWS_BYTES_MAX, &jws), ERR_FORMAT);
	assert_int_equal(jws_verify(jwks, "", 0, &jws), ERR_FORMAT);
	jwks_free(jwks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_sets),
	    cmocka_unit_test(test_no_sets),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
