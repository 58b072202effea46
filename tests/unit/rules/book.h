/* SPDX-License-Identifier: Apache-2.0 */
/* book.h - a bundle of one text, linked and sealed, for tests. */
#ifndef TESTS_RULES_BOOK_H
#define TESTS_RULES_BOOK_H

#include "lib/json.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/closure.h"
#include "rules/explain.h"

struct book {
	struct bundle *bundle;
	struct closures *closures;
};

static const char *const book_externals[] = {
    "filename", "filepath", "extension", "filetype", "owner"};

static inline void
book_open_lines(struct book *book, const char *lines, size_t len)
{
	book->bundle = bundle_read(lines, len);
	book->closures =
	    closures_new(book->bundle, "engine 1", book_externals, 5);
	for (size_t i = 0; i < book->bundle->rule_count; i++)
		closures_link(book->closures, i);
	for (size_t i = 0; i < book->bundle->rule_count; i++)
		closures_seal(book->closures, i);
}

static inline void
book_open(struct book *book, const char *text)
{
	auto_json json_t *file = json_pack("{s:s, s:s, s:s, s:s}", "source",
	    "test", "namespace", "test", "path", "a.yar", "text", text);
	auto_free char *line = json_canonical(file);
	auto_free char *lines = xasprintf("{\"loep_bundle\": 1}\n%s\n", line);

	book_open_lines(book, lines, strlen(lines));
}

static inline void
book_close(struct book *book)
{
	closures_free(book->closures);
	bundle_free(book->bundle);
}

static inline size_t
book_rule(const struct book *book, const char *name)
{
	return bundle_find(book->bundle, 0, name, strlen(name));
}

#endif
