/* SPDX-License-Identifier: Apache-2.0 */
/* uri.c - texts as parts of addresses. */
#include "lib/uri.h"

#include "lib/xalloc.h"

#include <string.h>

char *
uri_encode(const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *encoded = xmalloc(3 * strlen(text) + 1);
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		    c == '_' || c == '~') {
			encoded[n++] = (char)c;
			continue;
		}
		encoded[n++] = '%';
		encoded[n++] = digits[c >> 4];
		encoded[n++] = digits[c & 15];
	}
	encoded[n] = '\0';
	return encoded;
}
