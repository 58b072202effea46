/* SPDX-License-Identifier: Apache-2.0 */
/* jws.c - signed texts in the compact form of JSON Web Signature. */
#include "lib/jws.h"

#include "lib/base64.h"
#include "lib/json.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>

#define HEADER_BYTES_MAX ((size_t)4096)
#define HEADER_DEPTH_MAX 4
#define HALF		 32 /* of an ES256 signature */

enum algorithm {
	RS256,
	PS256,
	ES256,
	EDDSA,
	ALGORITHMS
};

static const struct {
	const char *name;
	enum jwk_type type;
} algorithms[ALGORITHMS] = {
    [RS256] = {"RS256", JWK_RSA},
    [PS256] = {"PS256", JWK_RSA},
    [ES256] = {"ES256", JWK_P256},
    [EDDSA] = {"EdDSA", JWK_ED25519},
};

/* The three parts, taken apart. */
struct parts {
	const char *text;
	const char *type;  /* that it may be, beside JWT */
	size_t signed_len; /* of text: header and payload */
	enum algorithm algorithm;
	char id[JWK_ID_BYTES];
	uint8_t *signature;
	size_t signature_len;
};

static int
refuse(struct jws *jws, int err, const char *why)
{
	(void)snprintf(jws->why, sizeof(jws->why), "%s", why);
	return err;
}

/* --- the header --- */

static int
find_algorithm(const char *name, enum algorithm *ret_algorithm)
{
	for (int i = 0; i < ALGORITHMS; i++) {
		if (strcmp(algorithms[i].name, name) == 0) {
			*ret_algorithm = (enum algorithm)i;
			return ERR_OK;
		}
	}
	return ERR_FORMAT;
}

static int
check_header(struct parts *parts, const json_t *header, struct jws *jws)
{
	const json_t *id = json_object_get(header, "kid");
	const char *type = json_member_text(header, "typ", "JWT");

	if (!json_is_object(header))
		return refuse(jws, ERR_FORMAT, "its header is no object");
	if (find_algorithm(json_member_text(header, "alg", ""),
		&parts->algorithm) != ERR_OK)
		return refuse(jws, ERR_FORMAT,
		    "it is signed by none of RS256, PS256, ES256 and EdDSA");
	/* RFC 7515 section 4.1.11: we understand no extension. */
	if (json_object_get(header, "crit") != NULL ||
	    json_object_get(header, "b64") != NULL)
		return refuse(jws, ERR_FORMAT, "its header asks for more");
	/* RFC 8725 section 3.11: not a text of another kind. */
	if (strcasecmp(type, "JWT") != 0 && strcasecmp(type, parts->type) != 0)
		return refuse(jws, ERR_FORMAT, "it is of another type");
	if (id != NULL && (!json_is_string(id) || json_string_length(id) == 0 ||
			      json_string_length(id) >= sizeof(parts->id)))
		return refuse(jws, ERR_FORMAT, "its key has no good name");
	(void)snprintf(parts->id, sizeof(parts->id), "%s",
	    id == NULL ? "" : json_string_value(id));
	return ERR_OK;
}

static int
read_header(struct parts *parts, size_t len, struct jws *jws)
{
	auto_free uint8_t *bytes = NULL;
	auto_json json_t *header = NULL;
	size_t count;

	if (base64url_decode(parts->text, len, &bytes, &count) != ERR_OK ||
	    json_parse(bytes, count, HEADER_BYTES_MAX, HEADER_DEPTH_MAX,
		&header) != ERR_OK)
		return refuse(jws, ERR_FORMAT, "its header is no JSON");
	return check_header(parts, header, jws);
}

/* --- the signature --- */

/* r and s, each of its whole length (RFC 7518 section 3.4), as DER. */
static int
make_der(const uint8_t both[2 * HALF], uint8_t **ret_der, size_t *ret_len)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(both, HALF, NULL);
	BIGNUM *s = BN_bin2bn(both + HALF, HALF, NULL);
	uint8_t *der = NULL;
	int len = -1;

	if (sig != NULL && r != NULL && s != NULL &&
	    ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL; /* it has them now */
		len = i2d_ECDSA_SIG(sig, &der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	if (len <= 0)
		return ERR_FORMAT;
	*ret_der = der;
	*ret_len = (size_t)len;
	return ERR_OK;
}

static bool
is_right(EVP_MD_CTX *ctx, const struct jwk *key, const struct parts *parts,
    const uint8_t *signature, size_t len)
{
	const EVP_MD *digest = parts->algorithm == EDDSA ? NULL : EVP_sha256();
	EVP_PKEY_CTX *how = NULL;

	if (ctx == NULL ||
	    EVP_DigestVerifyInit(ctx, &how, digest, NULL, key->key) != 1)
		return false;
	/* RFC 7518 section 3.5: the salt is as long as the digest. */
	if (parts->algorithm == PS256 &&
	    (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
		EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) !=
		    1 ||
		EVP_PKEY_CTX_set_rsa_mgf1_md(how, EVP_sha256()) != 1))
		return false;
	return EVP_DigestVerify(ctx, signature, len,
		   (const uint8_t *)parts->text, parts->signed_len) == 1;
}

static bool
verify(const struct jwk *key, const struct parts *parts)
{
	EVP_MD_CTX *ctx;
	uint8_t *der = NULL;
	const uint8_t *signature = parts->signature;
	size_t len = parts->signature_len;
	bool is_good;

	if (parts->algorithm == ES256) {
		if (len != (size_t)2 * HALF ||
		    make_der(parts->signature, &der, &len) != ERR_OK)
			return false;
		signature = der;
	}
	ctx = EVP_MD_CTX_new();
	is_good = is_right(ctx, key, parts, signature, len);
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	return is_good;
}

/* May this key have made it? */
static bool
is_candidate(const struct jwk *key, const struct parts *parts)
{
	return key->type == algorithms[parts->algorithm].type &&
	       (key->alg[0] == '\0' ||
		   strcmp(key->alg, algorithms[parts->algorithm].name) == 0) &&
	       (parts->id[0] == '\0' || strcmp(parts->id, key->id) == 0);
}

static int
verify_any(const struct jwks *keys, const struct parts *parts, struct jws *jws)
{
	size_t count = 0;
	bool is_good = false;

	for (size_t i = 0; i < keys->count; i++)
		count += is_candidate(&keys->keys[i], parts);
	if (count == 0)
		return refuse(
		    jws, ERR_NOT_FOUND, "it is signed with an unknown key");
	/* OpenID Connect Core section 10.1: with several keys it says which. */
	if (count > 1 && parts->id[0] == '\0')
		return refuse(
		    jws, ERR_FORMAT, "it does not say which key signed it");
	for (size_t i = 0; i < keys->count && !is_good; i++)
		is_good = is_candidate(&keys->keys[i], parts) &&
			  verify(&keys->keys[i], parts);
	return is_good ? ERR_OK
		       : refuse(jws, ERR_DENIED, "its signature is not right");
}

int
jws_verify(
    const struct jwks *keys, const char *text, size_t len, struct jws *ret_jws)
{
	return jws_verify_as(keys, text, len, "JWT", ret_jws);
}

int
jws_verify_as(const struct jwks *keys, const char *text, size_t len,
    const char *type, struct jws *ret_jws)
{
	struct parts parts = {.text = text, .type = type};
	const char *first, *second;
	const char *end = text + len;
	auto_free uint8_t *signature = NULL;
	auto_free uint8_t *payload = NULL;
	size_t payload_len;
	int err;

	*ret_jws = (struct jws){.payload = NULL};
	if (len > JWS_BYTES_MAX)
		return refuse(ret_jws, ERR_LIMIT, "it is too long");
	first = memchr(text, '.', len);
	second = first == NULL
		     ? NULL
		     : memchr(first + 1, '.', (size_t)(end - first - 1));
	if (second == NULL)
		return refuse(ret_jws, ERR_FORMAT, "it has not three parts");
	parts.signed_len = (size_t)(second - text);
	err = read_header(&parts, (size_t)(first - text), ret_jws);
	if (err != ERR_OK)
		return err;
	if (base64url_decode(first + 1, (size_t)(second - first - 1), &payload,
		&payload_len) != ERR_OK ||
	    base64url_decode(second + 1, (size_t)(end - second - 1), &signature,
		&parts.signature_len) != ERR_OK)
		return refuse(
		    ret_jws, ERR_FORMAT, "it is not three parts in base64url");
	parts.signature = signature;
	err = verify_any(keys, &parts, ret_jws);
	if (err != ERR_OK)
		return err;
	ret_jws->payload = take_ptr(payload);
	ret_jws->len = payload_len;
	return ERR_OK;
}
