/* SPDX-License-Identifier: Apache-2.0 */
/* claims.c - what an ID token says, checked. */
#include "oidc/claims.h"

#include "lib/json.h"
#include "lib/jws.h"

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
check_times(const json_t *document, int64_t now, struct claims *claims)
{
	int64_t issued, expires, from;

	if (!read_time(document, "exp", &expires) ||
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
copy_subject(const json_t *document, struct claims *claims)
{
	const char *subject = json_member_text(document, "sub", "");
	size_t len = strlen(subject);

	if (len == 0 || len >= sizeof(claims->subject))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (subject[i] < ' ' || subject[i] > '~')
			return false;
	}
	memcpy(claims->subject, subject, len + 1);
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

int
claims_check(const void *p, size_t len, const struct claims_expected *expected,
    struct claims *ret_claims)
{
	auto_json json_t *document = NULL;
	int err;

	*ret_claims = (struct claims){.subject = ""};
	if (json_parse(p, len, JWS_BYTES_MAX, DEPTH_MAX, &document) != ERR_OK ||
	    !json_is_object(document))
		return refuse(ret_claims, ERR_FORMAT, "it is no JSON");
	if (strcmp(json_member_text(document, "iss", ""), expected->issuer) !=
	    0)
		return refuse(ret_claims, ERR_DENIED, "another issued it");
	if (!is_for_us(document, expected->client))
		return refuse(ret_claims, ERR_DENIED, "it is not for us");
	if (expected->nonce[0] == '\0' ||
	    strcmp(json_member_text(document, "nonce", ""), expected->nonce) !=
		0)
		return refuse(
		    ret_claims, ERR_DENIED, "it is of another sign-in");
	err = check_times(document, expected->now_s, ret_claims);
	if (err != ERR_OK)
		return err;
	if (!copy_subject(document, ret_claims))
		return refuse(ret_claims, ERR_FORMAT, "it names nobody");
	copy_words(document, ret_claims);
	return ERR_OK;
}
