/* SPDX-License-Identifier: Apache-2.0 */
/* credential.c - cookies, tokens, and where a request comes from. */
#include "web/credential.h"

#include <string.h>
#include <strings.h>

/* Longer headers are not ours. */
#define COOKIES_BYTES_MAX ((size_t)16384)

static int
parse_token(const char *text, struct credential *c)
{
	static const char scheme[] = "Bearer ";
	size_t prefix = strlen(SECRET_TOKEN_PREFIX);

	if (strncasecmp(text, scheme, strlen(scheme)) != 0)
		return ERR_FORMAT;
	text += strlen(scheme);
	text += strspn(text, " ");
	if (strncmp(text, SECRET_TOKEN_PREFIX, prefix) != 0)
		return ERR_FORMAT;
	text += prefix;
	c->kind = CREDENTIAL_TOKEN;
	return secret_decode(text, strlen(text), c->secret);
}

/* One "name=value" of the header; true where it has that name. */
static bool
has_name(const char *p, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	return len > name_len && p[name_len] == '=' &&
	       memcmp(p, name, name_len) == 0;
}

int
credential_cookie(
    const char *text, const char *name, uint8_t ret_secret[SECRET_BYTES])
{
	size_t skip = strlen(name) + 1;
	size_t found = 0;
	int err = ERR_NOT_FOUND;

	if (text == NULL || strlen(text) > COOKIES_BYTES_MAX)
		return ERR_NOT_FOUND;
	while (*text != '\0') {
		size_t len;

		text += strspn(text, " \t;");
		len = strcspn(text, ";");
		if (has_name(text, len, name)) {
			size_t value = len - skip;

			while (value > 0 && text[skip + value - 1] == ' ')
				value--;
			if (found++ > 0)
				return ERR_FORMAT;
			if (secret_decode(text + skip, value, ret_secret) ==
			    ERR_OK)
				err = ERR_OK;
		}
		text += len;
	}
	return err;
}

static int
parse_cookies(const char *text, struct credential *c)
{
	int err = credential_cookie(text, CREDENTIAL_COOKIE, c->secret);

	if (err == ERR_OK)
		c->kind = CREDENTIAL_SESSION;
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

int
credential_parse(
    const char *authorization, const char *cookie, struct credential *c)
{
	int err = ERR_OK;

	*c = (struct credential){.kind = CREDENTIAL_NONE};
	if (authorization != NULL)
		err = parse_token(authorization, c);
	else if (cookie != NULL)
		err = parse_cookies(cookie, c);
	if (err != ERR_OK)
		*c = (struct credential){.kind = CREDENTIAL_NONE};
	return err;
}

void
credential_csrf(
    const uint8_t secret[SECRET_BYTES], char ret_text[CREDENTIAL_CSRF_BYTES])
{
	static const char purpose[] = "loep csrf";
	uint8_t digest[SHA256_BYTES];
	struct sha256 *ctx = sha256_new();

	sha256_update(ctx, purpose, sizeof(purpose));
	sha256_update(ctx, secret, SECRET_BYTES);
	sha256_final(ctx, digest);
	sha256_free(ctx);
	hex_encode(ret_text, digest, (CREDENTIAL_CSRF_BYTES - 1) / 2);
}

/* "https://HOST" and nothing more. */
static bool
is_origin(const char *origin, const char *host)
{
	static const char scheme[] = "https://";

	return host != NULL &&
	       strncasecmp(origin, scheme, strlen(scheme)) == 0 &&
	       strcasecmp(origin + strlen(scheme), host) == 0;
}

/* In a time that depends on the lengths alone. */
static bool
is_same(const char *a, const char *b)
{
	size_t len = strlen(a);
	unsigned int differs = 0;

	if (strlen(b) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		differs |= (unsigned int)(a[i] ^ b[i]);
	return differs == 0;
}

bool
credential_is_own(const struct credential *credential,
    const char *const headers[4], const char **ret_why)
{
	const char *origin = headers[CREDENTIAL_ORIGIN];
	const char *site = headers[CREDENTIAL_SITE];
	const char *csrf = headers[CREDENTIAL_CSRF];
	char expected[CREDENTIAL_CSRF_BYTES];

	credential_csrf(credential->secret, expected);
	*ret_why = "the request comes from another site";
	if (origin != NULL && !is_origin(origin, headers[CREDENTIAL_HOST]))
		return false;
	if (site != NULL && strcmp(site, "same-origin") != 0 &&
	    strcmp(site, "none") != 0)
		return false;
	*ret_why = "the header X-CSRF-Token must hold what the log-in, or "
		   "/api/v1/whoami, answered in it";
	return csrf != NULL && is_same(csrf, expected);
}
