/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_oidc.c - what an identity provider answers: its description, a code's
 * exchange, an ID token's claims, addresses.  The first byte says which.
 * fuzz-links: oidc transfer
 */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "oidc/claims.h"
#include "oidc/document.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_description(const char *text, size_t len)
{
	struct discovery d;
	struct place place;

	if (discovery_read(text, len, "https://id.example", &d) != ERR_OK)
		return;
	if (place_read(d.authorization, &place) != ERR_OK ||
	    place_read(d.token, &place) != ERR_OK ||
	    place_read(d.keys, &place) != ERR_OK)
		abort();
}

static void
try_answer(const char *text, size_t len)
{
	struct answer answer;

	if (answer_read(text, len, &answer) != ERR_OK)
		return;
	if ((answer.token == NULL) == (answer.why[0] == '\0'))
		abort();
	free(answer.token);
}

static void
try_claims(const char *text, size_t len)
{
	const struct claims_expected expected = {
	    .issuer = "https://id.example",
	    .client = "loep",
	    .nonce = "n",
	    .now_s = 1800000000,
	};
	struct claims claims;

	if ((claims_check(text, len, &expected, &claims) == ERR_OK) !=
	    (claims.subject[0] != '\0'))
		abort();
	if ((claims_check_logout(text, len, &expected, &claims) == ERR_OK) !=
	    (claims.subject[0] != '\0' || claims.sid[0] != '\0'))
		abort();
}

/* Nothing but https, and what is http is on loopback. */
static void
try_place(const char *text)
{
	struct place place;

	if (place_read(text, &place) == ERR_OK &&
	    (place.host[0] == '\0' || strchr(text, '@') == text + 8 ||
		(!place.is_tls && !place.is_loopback)))
		abort();
	(void)!place_read_host(text, &place);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = NULL;

	if (size == 0)
		return 0;
	text = xstrndup((const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'd':
		try_description(text, size - 1);
		break;
	case 'a':
		try_answer(text, size - 1);
		break;
	case 'c':
		try_claims(text, size - 1);
		break;
	default:
		try_place(text);
	}
	return 0;
}
