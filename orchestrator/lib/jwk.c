/* SPDX-License-Identifier: Apache-2.0 */
/* jwk.c - the public keys that somebody signs with. */
#include "lib/jwk.h"

#include "lib/base64.h"
#include "lib/json.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#define DEPTH_MAX     6
#define RSA_BITS_MIN  2048
#define RSA_BYTES_MAX 1024
/* Larger ones only make verifying slow. */
#define EXPONENT_BYTES_MAX 8
#define POINT_BYTES	   32

struct bytes {
	uint8_t *p;
	size_t len;
};

/* A member in base64url of 1 to max bytes; the caller frees. */
static int
read_bytes(
    const json_t *jwk, const char *name, size_t max, struct bytes *ret_bytes)
{
	const char *text = json_member_text(jwk, name, "");
	int err = base64url_decode(
	    text, strlen(text), &ret_bytes->p, &ret_bytes->len);

	if (err == ERR_OK && (ret_bytes->len == 0 || ret_bytes->len > max)) {
		free(ret_bytes->p);
		ret_bytes->p = NULL;
		err = ERR_FORMAT;
	}
	return err;
}

/* Makes a key and checks it: a point that is on no curve is none. */
static EVP_PKEY *
make_key(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY_CTX *check = NULL;
	EVP_PKEY *key = NULL;

	if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	if (key != NULL)
		check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (key != NULL &&
	    (check == NULL || EVP_PKEY_public_check(check) != 1)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	EVP_PKEY_CTX_free(check);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *
make_rsa(const struct bytes *modulus, const struct bytes *exponent)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(modulus->p, (int)modulus->len, NULL);
	BIGNUM *e = BN_bin2bn(exponent->p, (int)exponent->len, NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (build != NULL && n != NULL && e != NULL &&
	    BN_num_bits(n) >= RSA_BITS_MIN && BN_is_odd(n) && BN_is_odd(e) &&
	    !BN_is_one(e) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params != NULL)
		key = make_key("RSA", params);
	BN_free(n);
	BN_free(e);
	OSSL_PARAM_BLD_free(build);
	return key;
}

static EVP_PKEY *
read_rsa(const json_t *jwk)
{
	struct bytes n = {0}, e = {0};
	EVP_PKEY *key = NULL;

	if (read_bytes(jwk, "n", RSA_BYTES_MAX, &n) == ERR_OK &&
	    read_bytes(jwk, "e", EXPONENT_BYTES_MAX, &e) == ERR_OK)
		key = make_rsa(&n, &e);
	free(n.p);
	free(e.p);
	return key;
}

/* SEC 1 section 2.3.3, uncompressed. */
static EVP_PKEY *
make_p256(const uint8_t point[1 + 2 * POINT_BYTES])
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (build != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(
		build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
		point, 1 + 2 * POINT_BYTES) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params != NULL)
		key = make_key("EC", params);
	OSSL_PARAM_BLD_free(build);
	return key;
}

static EVP_PKEY *
read_p256(const json_t *jwk)
{
	uint8_t point[1 + 2 * POINT_BYTES] = {4};
	struct bytes x = {0}, y = {0};
	EVP_PKEY *key = NULL;

	/* RFC 7518 section 6.2.1.2: always the whole length. */
	if (strcmp(json_member_text(jwk, "crv", ""), "P-256") == 0 &&
	    read_bytes(jwk, "x", POINT_BYTES, &x) == ERR_OK &&
	    read_bytes(jwk, "y", POINT_BYTES, &y) == ERR_OK &&
	    x.len == POINT_BYTES && y.len == POINT_BYTES) {
		memcpy(point + 1, x.p, POINT_BYTES);
		memcpy(point + 1 + POINT_BYTES, y.p, POINT_BYTES);
		key = make_p256(point);
	}
	free(x.p);
	free(y.p);
	return key;
}

static EVP_PKEY *
read_ed25519(const json_t *jwk)
{
	struct bytes x = {0};
	EVP_PKEY *key = NULL;

	if (strcmp(json_member_text(jwk, "crv", ""), "Ed25519") == 0 &&
	    read_bytes(jwk, "x", POINT_BYTES, &x) == ERR_OK &&
	    x.len == POINT_BYTES)
		key = EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, x.p, x.len);
	free(x.p);
	return key;
}

/* May a signature be verified with it (RFC 7517 sections 4.2 and 4.3)? */
static bool
is_for_signatures(const json_t *jwk)
{
	const json_t *uses = json_object_get(jwk, "key_ops");
	const char *use = json_member_text(jwk, "use", "sig");
	const json_t *one;
	size_t i;

	if (strcmp(use, "sig") != 0)
		return false;
	if (uses == NULL)
		return true;
	json_array_foreach(uses, i, one)
	{
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), "verify") == 0)
			return true;
	}
	return false;
}

static bool
read_key(const json_t *jwk, struct jwk *ret_jwk)
{
	const char *type = json_member_text(jwk, "kty", "");
	const char *id = json_member_text(jwk, "kid", "");
	const char *alg = json_member_text(jwk, "alg", "");

	if (strlen(id) >= sizeof(ret_jwk->id) ||
	    strlen(alg) >= sizeof(ret_jwk->alg) || !is_for_signatures(jwk))
		return false;
	if (strcmp(type, "RSA") == 0) {
		ret_jwk->type = JWK_RSA;
		ret_jwk->key = read_rsa(jwk);
	} else if (strcmp(type, "EC") == 0) {
		ret_jwk->type = JWK_P256;
		ret_jwk->key = read_p256(jwk);
	} else if (strcmp(type, "OKP") == 0) {
		ret_jwk->type = JWK_ED25519;
		ret_jwk->key = read_ed25519(jwk);
	} else {
		return false;
	}
	if (ret_jwk->key == NULL)
		return false;
	(void)snprintf(ret_jwk->id, sizeof(ret_jwk->id), "%s", id);
	(void)snprintf(ret_jwk->alg, sizeof(ret_jwk->alg), "%s", alg);
	return true;
}

int
jwks_parse(const void *p, size_t len, struct jwks **ret_jwks)
{
	auto_json json_t *document = NULL;
	const json_t *list, *jwk;
	struct jwks *jwks;
	size_t i;
	int err = json_parse(p, len, JWKS_BYTES_MAX, DEPTH_MAX, &document);

	if (err != ERR_OK)
		return err;
	list = json_object_get(document, "keys");
	if (!json_is_array(list))
		return ERR_FORMAT;
	if (json_array_size(list) > JWKS_KEYS_MAX)
		return ERR_LIMIT;
	jwks = xcalloc(1, sizeof(*jwks));
	json_array_foreach(list, i, jwk)
	{
		if (read_key(jwk, &jwks->keys[jwks->count]))
			jwks->count++;
	}
	*ret_jwks = jwks;
	return ERR_OK;
}

void
jwks_free(struct jwks *jwks)
{
	if (jwks == NULL)
		return;
	for (size_t i = 0; i < jwks->count; i++)
		EVP_PKEY_free(jwks->keys[i].key);
	free(jwks);
}
