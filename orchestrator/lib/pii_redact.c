/* SPDX-License-Identifier: Apache-2.0 */
/* pii_redact.c - texts with a mark in the place of personal data. */
#include "lib/pii_redact.h"

#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#include <stdio.h>
#include <string.h>

void
pii_redactor_init(struct pii_redactor *r)
{
	memset(r, 0, sizeof(*r));
	r->marks = json_object();
}

void
pii_redactor_release(struct pii_redactor *r)
{
	json_release(&r->marks);
}

/* Names are compared as Windows and mail do: without regard to case. */
static size_t
number_of(struct pii_redactor *r, enum pii_type type, const char *p, size_t len)
{
	const char *name = pii_type_name(type);
	size_t prefix = strlen(name) + 1;
	auto_free char *key = xmalloc(prefix + len + 1);
	json_int_t number;

	(void)snprintf(key, prefix + 1, "%s:", name);
	for (size_t i = 0; i < len; i++) {
		char c = p[i];

		key[prefix + i] =
		    c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	key[prefix + len] = '\0';
	number = json_member_int(r->marks, key, 0);
	if (number > 0)
		return (size_t)number;
	r->counts[type]++;
	(void)json_object_set_new(
	    r->marks, key, json_integer((json_int_t)r->counts[type]));
	return r->counts[type];
}

static void
put(char **to, size_t *len, const char *p, size_t n)
{
	*to = xrealloc(*to, *len + n + 1);
	memcpy(*to + *len, p, n);
	*len += n;
	(*to)[*len] = '\0';
}

char *
pii_redact(struct pii_redactor *r, const char *text)
{
	size_t len = strlen(text), at = 0, done = 0, out_len = 0;
	char *out = NULL;
	struct pii_hit hit;

	while (pii_next(text, len, &r->own, &at, &hit)) {
		char mark[48];
		int n = snprintf(mark, sizeof(mark), "%s#%zu",
		    pii_type_name(hit.type),
		    number_of(r, hit.type, text + hit.offset, hit.len));

		put(&out, &out_len, text + done, hit.offset - done);
		put(&out, &out_len, mark, (size_t)n);
		done = hit.offset + hit.len;
	}
	put(&out, &out_len, text + done, len - done);
	return out;
}

bool
pii_is_in(const struct pii_redactor *r, const char *text)
{
	struct pii_hit hit;
	size_t at = 0;

	return pii_next(text, strlen(text), &r->own, &at, &hit);
}
