/* SPDX-License-Identifier: Apache-2.0 */
/* relay.c - what the configuration says of the relay, taken apart. */
#include "mail/relay.h"

#include "lib/xalloc.h"

#include <string.h>

enum smtp_tls
relay_tls(const char *word, const char *host)
{
	if (strcmp(word, "none") == 0)
		return SMTP_TLS_NONE;
	if (strcmp(word, "try") == 0)
		return SMTP_TLS_TRY;
	/* A relay of one's own machine has no certificate for it. */
	if (strcmp(word, "auto") == 0 &&
	    (strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
		strcmp(host, "::1") == 0))
		return SMTP_TLS_TRY;
	return SMTP_TLS_REQUIRED;
}

char *
relay_split(const char *relay, const char **ret_port)
{
	const char *end = relay[0] == '[' ? strchr(relay, ']') : NULL;
	const char *colon = strrchr(relay, ':');

	*ret_port = "25";
	if (end != NULL) {
		if (end[1] == ':')
			*ret_port = end + 2;
		return xstrndup(relay + 1, (size_t)(end - relay - 1));
	}
	if (colon == NULL)
		return xstrdup(relay);
	*ret_port = colon + 1;
	return xstrndup(relay, (size_t)(colon - relay));
}
