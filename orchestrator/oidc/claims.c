/* SPDX-License-Identifier: Apache-2.0 */
/* claims.c - what an ID token says, checked. */
#include "oidc/claims.h"

#include "lib/base64.h"
#include "lib/json.h"
#include "lib/jws.h"
#include "lib/own.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX     8
#define AUDIENCES_MAX 16
/* Beyond it a number is no time. */
#define TIME_MAX 1e12

static int
refuse(struct claims *claims, int err, const char *why)
{
	(void)snprintf(claims->why, sizeof(claims->why), "%s", why);
	return err;
}

/* A time in seconds; a fraction is dropped. */
static bool
read_time(const json_t *document, const char *name, int64_t *ret_time)
{
	const json_t *value = json_object_get(document, name);
	double number;

	if (!json_is_number(value))
		return false;
	number = json_number_value(value);
	if (!(number >= 0 && number <= TIME_MAX))
		return false;
	*ret_time = (int64_t)number;
	return true;
}

/* For us; and where it is for others, too, made for us (azp). */
static bool
is_for_us(const json_t *document, const char *client)
{
	const json_t *audience = json_object_get(document, "aud");
	const json_t *party = json_object_get(document, "azp");
	const json_t *one;
	bool is_there = false;
	size_t i;

	if (party != NULL && (!json_is_string(party) ||
				 strcmp(json_string_value(party), client) != 0))
		return false;
	if (json_is_string(audience))
		return strcmp(json_string_value(audience), client) == 0;
	if (!json_is_array(audience) ||
	    json_array_size(audience) > AUDIENCES_MAX)
		return false;
	json_array_foreach(audience, i, one)
	{
		if (!json_is_string(one))
			return false;
		is_there |= strcmp(json_string_value(one), client) == 0;
	}
	return is_there && (json_array_size(audience) == 1 || party != NULL);
}

static int
check_times(const json_t *document, bool is_end_needed, int64_t now,
    struct claims *claims)
{
	bool has_end =
	    is_end_needed || json_object_get(document, "exp") != NULL;
	int64_t issued, expires = INT64_MAX, from;

	if ((has_end && !read_time(document, "exp", &expires)) ||
	    !read_time(document, "iat", &issued))
		return refuse(claims, ERR_FORMAT, "it has no times");
	if (expires <= now - CLAIMS_SKEW_S)
		return refuse(claims, ERR_DENIED, "it has expired");
	if (issued > now + CLAIMS_SKEW_S)
		return refuse(claims, ERR_DENIED, "it is from the future");
	if (issued < now - CLAIMS_AGE_S)
		return refuse(claims, ERR_DENIED, "it is old");
	if (json_object_get(document, "nbf") == NULL)
		return ERR_OK;
	if (!read_time(document, "nbf", &from) || from > now + CLAIMS_SKEW_S)
		return refuse(claims, ERR_DENIED, "it is not good yet");
	return ERR_OK;
}

/* Core section 2: at most 255 characters of ASCII. */
static bool
copy_name(
    const json_t *document, const char *member, char dst[CLAIMS_SUBJECT_BYTES])
{
	const char *name = json_member_text(document, member, "");
	size_t len = strlen(name);

	if (len == 0 || len >= CLAIMS_SUBJECT_BYTES)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < ' ' || name[i] > '~')
			return false;
	}
	memcpy(dst, name, len + 1);
	return true;
}

static bool
is_word(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return text[0] != '\0';
}

/* What is no word there is left out: it can satisfy nothing. */
static void
copy_words(const json_t *document, struct claims *claims)
{
	const char *acr = json_member_text(document, "acr", "");
	const json_t *list = json_object_get(document, "amr");
	const json_t *one;
	size_t i;

	if (is_word(acr) && strlen(acr) < sizeof(claims->acr))
		(void)snprintf(claims->acr, sizeof(claims->acr), "%s", acr);
	json_array_foreach(list, i, one)
	{
		const char *word =
		    json_is_string(one) ? json_string_value(one) : "";
		size_t len = strlen(claims->amr);

		if (is_word(word) &&
		    strlen(word) < sizeof(claims->amr) - len - 1)
			(void)snprintf(claims->amr + len,
			    sizeof(claims->amr) - len, "%s%s",
			    len > 0 ? " " : "", word);
	}
}

/* Both kinds: of this provider, for us. */
static int
read_document(const void *p, size_t len, const struct claims_expected *expected,
    struct claims *claims, json_t **ret_document)
{
	*claims = (struct claims){.subject = ""};
	if (json_parse(p, len, JWS_BYTES_MAX, DEPTH_MAX, ret_document) !=
		ERR_OK ||
	    !json_is_object(*ret_document))
		return refuse(claims, ERR_FORMAT, "it is no JSON");
	if (strcmp(json_member_text(*ret_document, "iss", ""),
		expected->issuer) != 0)
		return refuse(claims, ERR_DENIED, "another issued it");
	if (!is_for_us(*ret_document, expected->client))
		return refuse(claims, ERR_DENIED, "it is not for us");
	return ERR_OK;
}

int
claims_check(const void *p, size_t len, const struct claims_expected *expected,
    struct claims *ret_claims)
{
	auto_json json_t *document = NULL;
	int err = read_document(p, len, expected, ret_claims, &document);

	if (err != ERR_OK)
		return err;
	if (expected->nonce[0] == '\0' ||
	    strcmp(json_member_text(document, "nonce", ""), expected->nonce) !=
		0)
		return refuse(
		    ret_claims, ERR_DENIED, "it is of another sign-in");
	err = check_times(document, true, expected->now_s, ret_claims);
	if (err != ERR_OK)
		return err;
	if (!copy_name(document, "sub", ret_claims->subject))
		return refuse(ret_claims, ERR_FORMAT, "it names nobody");
	(void)copy_name(document, "sid", ret_claims->sid);
	copy_words(document, ret_claims);
	if (!read_time(document, "auth_time", &ret_claims->auth_time_s))
		ret_claims->auth_time_s = 0;
	return ERR_OK;
}

int
claims_check_logout(const void *p, size_t len,
    const struct claims_expected *expected, struct claims *ret_claims)
{
	auto_json json_t *document = NULL;
	const json_t *event;
	bool has_name;
	int err = read_document(p, len, expected, ret_claims, &document);

	if (err != ERR_OK)
		return err;
	event = json_object_get(json_object_get(document, "events"),
	    "http://schemas.openid.net/event/backchannel-logout");
	/* A nonce: an ID token that somebody passes off as this. */
	if (!json_is_object(event) ||
	    json_object_get(document, "nonce") != NULL)
		return refuse(ret_claims, ERR_DENIED, "it ends no session");
	/* Providers from before the final version say no end. */
	err = check_times(document, false, expected->now_s, ret_claims);
	if (err != ERR_OK)
		return err;
	if (!copy_name(document, "jti", ret_claims->id))
		return refuse(ret_claims, ERR_FORMAT, "it has no id");
	has_name = copy_name(document, "sub", ret_claims->subject);
	has_name |= copy_name(document, "sid", ret_claims->sid);
	return has_name ? ERR_OK
			: refuse(ret_claims, ERR_FORMAT, "it names nobody");
}

int
claims_issuer(
    const char *token, size_t len, char ret_issuer[CLAIMS_ISSUER_BYTES])
{
	const char *begin = memchr(token, '.', len);
	const char *end = NULL;
	auto_json json_t *document = NULL;
	auto_free uint8_t *payload = NULL;
	const char *issuer;
	size_t payload_len;

	ret_issuer[0] = '\0';
	if (begin != NULL && len <= JWS_BYTES_MAX) {
		begin++;
		end = memchr(begin, '.', len - (size_t)(begin - token));
	}
	if (end == NULL ||
	    base64url_decode(begin, (size_t)(end - begin), &payload,
		&payload_len) != ERR_OK ||
	    json_parse(payload, payload_len, JWS_BYTES_MAX, DEPTH_MAX,
		&document) != ERR_OK)
		return ERR_FORMAT;
	issuer = json_member_text(document, "iss", "");
	if (issuer[0] == '\0' || strlen(issuer) >= CLAIMS_ISSUER_BYTES)
		return ERR_FORMAT;
	(void)snprintf(ret_issuer, CLAIMS_ISSUER_BYTES, "%s", issuer);
	return ERR_OK;
}
