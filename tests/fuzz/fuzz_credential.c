/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_credential.c - what a request shows of who sends it: Authorization,
 * Cookie, and the headers that tell a page of our own from another.
 * fuzz-links: web
 *
 * The input is up to six lines: Authorization, Cookie, Origin, Sec-Fetch-Site,
 * Host, X-CSRF-Token; an empty line is no header.
 */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/credential.h"

#define LINES 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken must stand there, in its one spelling. */
static void
check(const struct credential *c, const char *text)
{
	char shown[SECRET_LENGTH + 1];

	secret_encode(shown, c->secret);
	if (text == NULL || strstr(text, shown) == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *copy = xstrndup((const char *)data, size);
	const char *lines[LINES] = {NULL};
	char *rest = copy;
	struct credential c;
	const char *why = NULL;
	char csrf[CREDENTIAL_CSRF_BYTES];
	int err;

	for (size_t i = 0; i < LINES && rest != NULL; i++) {
		lines[i] = strsep(&rest, "\n");
		if (lines[i][0] == '\0')
			lines[i] = NULL;
	}
	err = credential_parse(lines[0], lines[1], &c);
	if (err != ERR_OK && c.kind != CREDENTIAL_NONE)
		abort();
	if (c.kind == CREDENTIAL_TOKEN)
		check(&c, lines[0]);
	if (c.kind == CREDENTIAL_SESSION && (lines[0] != NULL))
		abort();
	if (c.kind == CREDENTIAL_SESSION)
		check(&c, lines[1]);
	/* Without the right token nothing is our own. */
	if (credential_is_own(&c, lines + 2, &why)) {
		credential_csrf(c.secret, csrf);
		if (lines[5] == NULL || strcmp(lines[5], csrf) != 0)
			abort();
	}
	return 0;
}
