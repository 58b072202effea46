/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - finding things again: by hash, likeness, rule, name and words.
 *
 * Names and findings get into it from behind, in slices, while nothing else
 * is to be done; messages and notes with their own transaction.
 */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include "store/store.h"

/* What a document is. */
struct search_doc {
	const char *kind; /* artefact finding message note */
	const char *case_id;
	const char *org;
	const char *artefact; /* or NULL */
	int64_t finding;      /* or 0 */
	bool is_shown;	      /* its submitter may find it */
};

/* Adds one, in the transaction that is open; body need not be UTF-8. */
int must_check search_add(struct store *store, const struct search_doc *doc,
    const void *body, size_t len);
/* A slice of what is not in it yet; from the tick. */
void search_feed(struct store *store);

#endif
