/* SPDX-License-Identifier: Apache-2.0 */
/* search_feed.c - what gets into the search, and out of it again. */
#include "store/search.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/tlshdiff.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"
#include "store/text.h"

/* Of one slice: some milliseconds. */
#define FEED_UNITS    64
#define FEED_FINDINGS 192
#define FEED_MS	      50
/* More changes than that between two looks: others are at work. */
#define BUSY_CHANGES 200
/* But it never waits longer than that for its turn. */
#define PATIENCE_MS ((uint64_t)5000)
/* What was not identified by then, never will be. */
#define IDENTIFY_US ((int64_t)600 * 1000000)
#define BODY_BYTES  4096

/* What is no text becomes a space. */
static char *
clean(const void *body, size_t len)
{
	const uint8_t *p = body;
	size_t max = len < BODY_BYTES ? len : BODY_BYTES;
	char *text = xmalloc(max + 1);
	size_t at = 0;

	while (at < max) {
		size_t n =
		    p[at] < 0x20 ? 0 : utf8_sequence(p + at, max - at, NULL);

		if (n == 0)
			text[at++] = ' ';
		for (size_t i = 0; i < n; i++, at++)
			text[at] = (char)p[at];
	}
	text[at] = '\0';
	return text;
}

int
search_add(struct store *store, const struct search_doc *doc, const void *body,
    size_t len)
{
	auto_free char *text = clean(body, len);
	char scope[2 * UUID_BYTES];
	size_t at = 1;
	int err;

	/* o and the organisation's id without its dashes, as one word. */
	scope[0] = 'o';
	for (const char *p = doc->org; *p != '\0' && at < UUID_BYTES; p++) {
		if (*p != '-')
			scope[at++] = *p;
	}
	(void)snprintf(scope + at, sizeof(scope) - at, " k%s%s", doc->kind,
	    doc->is_shown ? " shown" : "");
	err = db_do(store->db, STMT_SEARCH_DOC_ADD,
	    ARGS(val_text(doc->kind), val_text(doc->case_id),
		val_text(doc->org),
		doc->artefact ? val_text(doc->artefact) : val_null(),
		doc->finding != 0 ? val_int(doc->finding) : val_null(),
		val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_SEARCH_TEXT_ADD,
		    ARGS(val_text(scope), val_text(text)), NULL);
	return err;
}

/* --- artefacts --- */

static int
add_unit(struct store *store, const struct query *q)
{
	struct search_doc doc = {
	    .kind = "artefact",
	    .artefact = query_text(q, 1),
	    .case_id = query_text(q, 2),
	    .org = query_text(q, 3),
	    .is_shown = query_int(q, 8) != 0,
	};
	const char *tlsh = query_text(q, 7);
	uint8_t digest[TLSHDIFF_BYTES];
	size_t len;
	const uint8_t *name = query_bytes(q, 4, &len);
	auto_free char *body = xasprintf("%.*s %s %s", (int)len,
	    (const char *)name, query_text(q, 5), query_text(q, 6));
	int err = search_add(store, &doc, body, strlen(body));

	if (err == ERR_OK &&
	    tlshdiff_parse(tlsh, strlen(tlsh), digest) == ERR_OK)
		err = db_do(store->db, STMT_SEARCH_TLSH_ADD,
		    ARGS(val_int(query_int(q, 0)), val_text(doc.artefact),
			val_text(doc.org), val_bytes(digest, sizeof(digest))),
		    NULL);
	return err;
}

/* *ret_done counts what it got through. */
static int
feed_units(struct store *store, size_t *ret_done)
{
	AUTO(query) q = {0};
	int64_t last = 0;
	int err = query_start(&q, store->db, STMT_SEARCH_FEED_UNITS,
	    ARGS(val_int(FEED_UNITS), val_int(loop_wall_us() - IDENTIFY_US)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		if (query_int(&q, 10) != 0)
			break; /* not identified yet */
		last = query_int(&q, 0);
		if (query_int(&q, 11) != 0)
			err = add_unit(store, &q);
		(*ret_done)++;
	}
	query_release(&q);
	if ((err == ERR_OK || err == ERR_EOF) && last > 0)
		return db_do(
		    store->db, STMT_SEARCH_AT_UNIT, ARGS(val_int(last)), NULL);
	return err == ERR_EOF ? (int)ERR_OK : err;
}

/* --- findings --- */

static int
feed_findings(struct store *store, size_t *ret_done)
{
	AUTO(query) q = {0};
	int64_t last = 0;
	int err = query_start(&q, store->db, STMT_SEARCH_FEED_FINDINGS,
	    ARGS(val_int(FEED_FINDINGS)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		struct search_doc doc = {
		    .kind = "finding",
		    .finding = query_int(&q, 0),
		    .case_id = query_text(&q, 1),
		    .org = query_text(&q, 2),
		    .artefact = query_text(&q, 3),
		};
		const char *body = query_text(&q, 6);

		if (query_int(&q, 4) != 0)
			break; /* may still be swept away */
		last = doc.finding;
		if (doc.artefact[0] == '\0')
			doc.artefact = NULL;
		if (query_int(&q, 5) != 0)
			err = search_add(store, &doc, body, strlen(body));
		(*ret_done)++;
	}
	query_release(&q);
	if ((err == ERR_OK || err == ERR_EOF) && last > 0)
		return db_do(store->db, STMT_SEARCH_AT_FINDING,
		    ARGS(val_int(last)), NULL);
	return err == ERR_EOF ? (int)ERR_OK : err;
}

/* --- when --- */

static void
on_timer(void *arg)
{
	struct store *store = arg;

	store->search.timer = NULL;
	search_feed(store);
}

void
search_feed(struct store *store)
{
	struct search *search = &store->search;
	int64_t changes = db_changes(store->db);
	bool is_busy = changes - search->changes > BUSY_CHANGES;
	size_t done = 0;
	int err;

	/* What is added meanwhile would have to be merged as well. */
	if (search->timer != NULL || store->is_scrubbing)
		return;
	search->changes = changes;
	if (is_busy && loop_now_ms() - search->fed_ms < PATIENCE_MS)
		return;
	if (tx_begin(store, ROLE_STORE) != ERR_OK)
		return;
	err = feed_units(store, &done);
	if (err == ERR_OK)
		err = feed_findings(store, &done);
	tx_end(store, err == ERR_OK);
	tx_commit(store);
	search->fed_ms = loop_now_ms();
	search->changes = db_changes(store->db);
	if (err != ERR_OK)
		log_line(LOG_WARN, "msg=\"search is behind\" reason=\"%s\"",
		    store->db->why);
	else if (done > 0)
		search->timer =
		    loop_timer(store->loop, FEED_MS, on_timer, store);
}
