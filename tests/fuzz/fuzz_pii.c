/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pii.c - personal data in foreign text, and what is the submitter's: the
 * first line is a scope, the rest is the text.
 * fuzz-links:
 */
#include "lib/own.h"
#include "lib/pii_redact.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Hits rise, stay inside, and cut no character in two. */
static void
check_hits(const struct pii_own *own, const char *text, size_t len)
{
	bool is_utf8 = utf8_is_valid(text, len);
	struct pii_hit hit;
	size_t at = 0, end = 0;

	while (pii_next(text, len, own, &at, &hit)) {
		if (hit.offset < end || hit.len == 0 || hit.offset > len ||
		    hit.len > len - hit.offset || hit.type >= PII_TYPES)
			abort();
		end = hit.offset + hit.len;
		if (is_utf8 && !utf8_is_valid(text + hit.offset, hit.len))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = xstrndup((const char *)data, size);
	auto_free char *marked = NULL;
	char *line = strchr(text, '\n');
	struct pii_redactor r;

	pii_redactor_init(&r);
	if (line != NULL) {
		*line = '\0';
		pii_own_scope(&r.own, text);
		pii_own_word(&r.own, text);
	}
	line = line == NULL ? text : line + 1;
	check_hits(&r.own, line, strlen(line));
	check_hits(NULL, (const char *)data, size);
	marked = pii_redact(&r, line);
	if (utf8_is_valid(line, strlen(line)) &&
	    !utf8_is_valid(marked, strlen(marked)))
		abort();
	pii_redactor_release(&r);
	return 0;
}
