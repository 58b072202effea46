/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_jws.c - signed texts and key sets of somebody else: a key set, a line
 * end, a signed text; with the keys of that set, and with ours.
 * fuzz-links:
 */
#include "lib/base64.h"
#include "lib/jws.h"
#include "lib/own.h"
#include "lib/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 7515 appendix A.3 and RFC 8037 appendix A.2. */
static const char ours[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static void
try_text(const struct jwks *keys, const char *text, size_t len)
{
	struct jws jws;

	if ((jws_verify(keys, text, len, &jws) == ERR_OK) !=
	    (jws.payload != NULL))
		abort();
	free(jws.payload);
}

/* Whatever decodes has one spelling. */
static void
try_base64url(const char *text, size_t len)
{
	auto_free uint8_t *bytes = NULL;
	auto_free char *again = NULL;
	size_t count;

	if (base64url_decode(text, len, &bytes, &count) != ERR_OK)
		return;
	again = base64url_encode(bytes, count);
	if (strlen(again) != len || memcmp(again, text, len) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct jwks *known;
	const char *text = (const char *)data;
	const char *end = memchr(text, '\n', size);
	size_t first = end == NULL ? size : (size_t)(end - text);
	struct jwks *keys = NULL;

	if (known == NULL &&
	    jwks_parse(ours, sizeof(ours) - 1, &known) != ERR_OK)
		abort();
	try_base64url(text, first);
	if (end == NULL) {
		try_text(known, text, size);
		return 0;
	}
	try_text(known, end + 1, size - first - 1);
	if (jwks_parse(text, first, &keys) != ERR_OK)
		return 0;
	try_text(keys, end + 1, size - first - 1);
	jwks_free(keys);
	return 0;
}
