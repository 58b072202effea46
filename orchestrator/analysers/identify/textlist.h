/* SPDX-License-Identifier: Apache-2.0 */
/*
 * textlist.h - libmagic's tests for text, of which few are ever needed.
 *
 * They are tried in libmagic's order, each that may say something by itself:
 * the first that does is what libmagic would have found.
 */
#ifndef IDENTIFY_TEXTLIST_H
#define IDENTIFY_TEXTLIST_H

#include "analysers/identify/handle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What libmagic looks at for text. */
#define TEXTLIST_BYTES ((size_t)65536)

/* What of the tests for text has to be looked at. */
enum text_class {
	TEXT_NONE,  /* surely no text */
	TEXT_KNOWN, /* if it is text, these bytes are tested */
	TEXT_OTHER
};

/* What libmagic makes of a text before it tests it. */
struct text_view {
	const uint8_t *p;
	size_t len;
	const char *charset; /* libmagic's word for it; NULL: not certain */
	bool is_ascii;
};

/* What knows the MIME type. */
struct text_answer {
	magic_t handle;
	const char *mime; /* it is this one; NULL: the handle knows */
};

struct textlist;

/* NULL where libmagic does not take some entries by themselves. */
struct textlist *textlist_new(const struct dbgroups *db);
/* The view is borrowed from p or from the list, until the next call. */
enum text_class textlist_classify(struct textlist *list, const uint8_t *p,
    size_t len, struct text_view *ret_view);
/*
 * libmagic's description of a text that no test for all files says anything
 * of; NULL: ask the whole database.
 */
const char *textlist_look(struct textlist *list, const struct text_view *view,
    const uint8_t *p, size_t len, struct text_answer *ret_answer);
/* The handle with all of them. */
magic_t textlist_every(const struct textlist *list);
/* Asks one handle with the tests for text only. */
const char *textlist_ask(magic_t handle, const void *p, size_t len, int flags);

#endif
