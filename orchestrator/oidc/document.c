/* SPDX-License-Identifier: Apache-2.0 */
/* document.c - what an identity provider answers. */
#include "oidc/document.h"

#include "lib/json.h"
#include "lib/jws.h"
#include "lib/own.h"
#include "lib/uri.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#include <string.h>

#define DEPTH_MAX 8

static int
refuse(struct discovery *d, const char *why)
{
	(void)snprintf(d->why, sizeof(d->why), "%s", why);
	return ERR_FORMAT;
}

/* Does the list have the word?  fallback where there is no list. */
static bool
has_word(
    const json_t *document, const char *name, const char *word, bool fallback)
{
	const json_t *list = json_object_get(document, name);
	const json_t *one;
	size_t i;

	if (!json_is_array(list))
		return fallback;
	json_array_foreach(list, i, one)
	{
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), word) == 0)
			return true;
	}
	return false;
}

static int
copy_url(const json_t *document, const char *name, char dst[PLACE_URL_BYTES])
{
	const char *url = json_member_text(document, name, "");
	struct place place;

	if (place_read(url, &place) != ERR_OK)
		return ERR_FORMAT;
	(void)snprintf(dst, PLACE_URL_BYTES, "%s", url);
	return ERR_OK;
}

static bool
has_signature_of_ours(const json_t *document)
{
	static const char *const algs[] = {"RS256", "PS256", "ES256", "EdDSA"};

	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		if (has_word(document, "id_token_signing_alg_values_supported",
			algs[i], true))
			return true;
	}
	return false;
}

int
discovery_read(const void *p, size_t len, const char *issuer,
    struct discovery *ret_discovery)
{
	struct discovery *d = ret_discovery;
	auto_json json_t *document = NULL;

	*d = (struct discovery){.has_issuer = false};
	if (json_parse(p, len, DOCUMENT_BYTES_MAX, DEPTH_MAX, &document) !=
		ERR_OK ||
	    !json_is_object(document))
		return refuse(d, "its description is no JSON");
	/* Discovery section 4.3: exactly the same. */
	if (strcmp(json_member_text(document, "issuer", ""), issuer) != 0)
		return refuse(d, "it describes another issuer than [oidc] "
				 "issuer");
	if (copy_url(document, "authorization_endpoint", d->authorization) !=
		ERR_OK ||
	    copy_url(document, "token_endpoint", d->token) != ERR_OK ||
	    copy_url(document, "jwks_uri", d->keys) != ERR_OK)
		return refuse(d, "its description lacks an address, or one is "
				 "not https");
	/* RP-Initiated Logout 1.0 section 2.1. */
	if (copy_url(document, "end_session_endpoint", d->leave) != ERR_OK ||
	    strchr(d->leave, '#') != NULL)
		d->leave[0] = '\0';
	if (strchr(d->authorization, '#') != NULL)
		return refuse(d, "its authorization_endpoint has a fragment");
	if (!has_word(document, "response_types_supported", "code", true))
		return refuse(d, "it does not know response_type code");
	if (!has_word(
		document, "code_challenge_methods_supported", "S256", true))
		return refuse(d, "it does not know PKCE with S256");
	if (!has_signature_of_ours(document))
		return refuse(d, "it signs with none of RS256, PS256, ES256 "
				 "and EdDSA");
	d->has_issuer = json_is_true(json_object_get(
	    document, "authorization_response_iss_parameter_supported"));
	/* Section 3: client_secret_basic, where it does not say. */
	d->is_post =
	    !has_word(document, "token_endpoint_auth_methods_supported",
		"client_secret_basic", true) &&
	    has_word(document, "token_endpoint_auth_methods_supported",
		"client_secret_post", false);
	return ERR_OK;
}

int
answer_read(const void *p, size_t len, struct answer *ret_answer)
{
	auto_json json_t *document = NULL;
	const char *token, *error;

	*ret_answer = (struct answer){.token = NULL};
	if (json_parse(p, len, DOCUMENT_BYTES_MAX, DEPTH_MAX, &document) !=
		ERR_OK ||
	    !json_is_object(document))
		return ERR_FORMAT;
	error = json_member_text(document, "error", "");
	token = json_member_text(document, "id_token", "");
	if (error[0] != '\0') {
		size_t n = 0;

		/* What it says may be anything; the words are of these. */
		for (; *error != '\0' && n + 1 < sizeof(ret_answer->why);
		     error++)
			ret_answer->why[n++] =
			    (*error >= 'a' && *error <= 'z') || *error == '_'
				? *error
				: '?';
		ret_answer->why[n] = '\0';
		return ERR_OK;
	}
	if (token[0] == '\0' || strlen(token) > JWS_BYTES_MAX)
		return ERR_FORMAT;
	ret_answer->token = xstrdup(token);
	return ERR_OK;
}

void
form_put(struct wire_out *out, const char *name, const char *value)
{
	auto_free char *encoded = uri_encode(value);
	auto_free char *text =
	    xasprintf("%s%s=%s", out->len == 0 ? "" : "&", name, encoded);

	wire_put_raw(out, text, strlen(text));
}
