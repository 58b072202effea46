/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - questions: what is asked decides where it is looked for. */
#include "store/search.h"

#include "lib/json.h"
#include "lib/own.h"
#include "lib/tlshdiff.h"
#include "lib/xalloc.h"
#include "store/handlers.h"

#include <ctype.h>

#define QUERY_BYTES_MAX 512
#define TERMS_MAX	8
/* Digests that are compared in one turn of the loop: about a millisecond. */
#define SLICE 2048
/* What is farther away is no relative. */
#define DISTANCE_MAX 100
#define NEAR_MAX     200

/* --- words --- */

/*
 * The question as FTS5 has it: each word a phrase of its own, the last one the
 * beginning of one, all within the principal's scope.  "" where no word is in
 * it.  kind NULL = all.
 */
static char *
match_words(const struct request *r, const char *q, const char *kind)
{
	size_t size = 2 * strlen(q) + 256;
	char *text = xmalloc(size);
	size_t at = 0, terms = 0;
	const char *p = q;

	if (r->principal.sees_all) {
		at = (size_t)snprintf(text, size, "%s%s%s",
		    kind ? "scope: k" : "", kind ? kind : "",
		    kind ? " AND " : "");
	} else {
		at = (size_t)snprintf(text, size, "scope: (o");
		for (const char *c = r->principal.org_id; *c != '\0'; c++) {
			if (*c != '-')
				text[at++] = *c;
		}
		at += (size_t)snprintf(text + at, size - at,
		    " AND shown%s%s) AND ", kind ? " AND k" : "",
		    kind ? kind : "");
	}
	at += (size_t)snprintf(text + at, size - at, "body: (");
	while (*p != '\0' && terms < TERMS_MAX) {
		size_t len = strcspn(p, " \t\r\n");
		bool has_word = false;

		for (size_t i = 0; i < len; i++)
			has_word |= isalnum((unsigned char)p[i]) ||
				    (unsigned char)p[i] >= 0x80;
		if (has_word) {
			at += (size_t)snprintf(text + at, size - at, "%s\"",
			    terms > 0 ? " AND " : "");
			for (size_t i = 0; i < len; i++) {
				/* A quotation mark is no part of a word. */
				text[at++] = p[i] == '"' ? ' ' : p[i];
			}
			at += (size_t)snprintf(text + at, size - at, "\"");
			terms++;
		}
		p += len;
		p += strspn(p, " \t\r\n");
	}
	(void)snprintf(text + at, size - at, " *)");
	if (terms == 0)
		text[0] = '\0';
	return text;
}

static int
find_words(struct request *r, const char *q, const char *kind, int64_t limit)
{
	auto_free char *match = match_words(r, q, kind);

	if (match[0] == '\0')
		return ERR_OK;
	return request_rows(r, STMT_SEARCH_TEXT,
	    ARGS(WHO(r), val_text(match), val_int(limit)), false);
}

static int
find_cases(struct request *r, const char *q, int64_t limit)
{
	auto_free char *quoted = xstrdup(q);
	auto_free char *match = NULL;

	for (char *p = quoted; *p != '\0'; p++) {
		if (*p == '"')
			*p = ' ';
	}
	if (quoted[strspn(quoted, " \t\r\n-_.,;:/\\()*'")] == '\0')
		return ERR_OK;
	match = xasprintf("{title number}: \"%s\" *", quoted);
	return request_rows(r, STMT_SEARCH_CASES,
	    ARGS(WHO(r), val_text(match), val_int(limit)), false);
}

/* --- hashes --- */

static int
find_hash(struct request *r, const char *q, int64_t limit)
{
	uint8_t digest[SHA256_BYTES];
	size_t len = strlen(q) / 2;
	enum stmt stmt = STMT_SEARCH_SHA256;

	if (len == 20)
		stmt = STMT_SEARCH_SHA1;
	else if (len == 16)
		stmt = STMT_SEARCH_MD5;
	else if (len != SHA256_BYTES)
		return ERR_OK;
	if (strlen(q) % 2 != 0 || hex_decode(q, digest, len) != ERR_OK)
		return ERR_OK;
	return request_rows(r, stmt,
	    ARGS(WHO(r), val_bytes(digest, len), val_int(limit)), false);
}

/* --- likeness --- */

struct near {
	int distance;
	char artefact[UUID_BYTES];
};

/* A walk over all digests, a slice a turn. */
struct walk {
	struct request *r;
	uint8_t digest[TLSHDIFF_BYTES];
	char self[UUID_BYTES]; /* not one of the answers; or "" */
	int64_t last;
	size_t limit;
	size_t count;
	struct near found[NEAR_MAX]; /* the nearest first */
};

static void walk_on(void *arg);

static void
keep(struct walk *w, int distance, const char *artefact)
{
	size_t at = w->count;

	if (w->count == w->limit &&
	    (w->limit == 0 || distance >= w->found[w->count - 1].distance))
		return;
	while (at > 0 && w->found[at - 1].distance > distance)
		at--;
	if (w->count < w->limit)
		w->count++;
	memmove(&w->found[at + 1], &w->found[at],
	    (w->count - 1 - at) * sizeof(w->found[0]));
	w->found[at].distance = distance;
	(void)snprintf(w->found[at].artefact, UUID_BYTES, "%s", artefact);
}

/* True where there may be more. */
static int
look_at_slice(struct walk *w, bool *ret_more)
{
	struct request *r = w->r;
	AUTO(query) q = {0};
	size_t rows = 0, len;
	int err = query_start(&q, r->store->db, STMT_SEARCH_TLSH_SLICE,
	    ARGS(WHO(r), val_int(w->last), val_int(SLICE)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		const uint8_t *digest = query_bytes(&q, 2, &len);
		int distance;

		rows++;
		w->last = query_int(&q, 0);
		if (query_int(&q, 3) == 0 || len != TLSHDIFF_BYTES ||
		    strcmp(query_text(&q, 1), w->self) == 0)
			continue;
		distance = tlshdiff(w->digest, digest);
		if (distance <= DISTANCE_MAX)
			keep(w, distance, query_text(&q, 1));
	}
	*ret_more = rows == SLICE;
	return err == ERR_EOF ? (int)ERR_OK : err;
}

static int
answer_near(struct walk *w)
{
	int err = ERR_OK;

	for (size_t i = 0; err == ERR_OK && i < w->count; i++)
		err = request_rows(w->r, STMT_SEARCH_TLSH_ROW,
		    ARGS(WHO(w->r), val_text(w->found[i].artefact),
			val_int(w->found[i].distance)),
		    false);
	return err;
}

static void
walk_on(void *arg)
{
	struct walk *w = arg;
	struct request *r = w->r;
	bool more = false;
	int err = r->is_cancelled ? (int)ERR_UNAVAILABLE : request_begin(r);

	if (err != ERR_OK) {
		free(w);
		request_end(r, (enum err)err, NULL, -1);
		return;
	}
	err = look_at_slice(w, &more);
	if (err == ERR_OK && more) {
		tx_end(r->store, true);
		(void)loop_timer(r->store->loop, 0, walk_on, w);
		return;
	}
	if (err == ERR_OK)
		err = answer_near(w);
	free(w);
	request_finish(r, err, -1);
}

/* ERR_AGAIN: the answer comes later. */
static int
find_near(
    struct request *r, const uint8_t *digest, const char *self, int64_t limit)
{
	struct walk *w = xcalloc(1, sizeof(*w));

	w->r = r;
	memcpy(w->digest, digest, sizeof(w->digest));
	(void)snprintf(w->self, sizeof(w->self), "%s", self);
	w->limit = limit < NEAR_MAX ? (size_t)limit : NEAR_MAX;
	(void)loop_timer(r->store->loop, 0, walk_on, w);
	return ERR_AGAIN;
}

/* --- the operations --- */

static int
find_rule(struct request *r, const char *q, int64_t limit)
{
	AUTO(query) some = {0};
	int err = query_one(&some, r->store->db, STMT_SEARCH_RULE,
	    ARGS(WHO(r), val_text(q), val_int(1)));

	query_release(&some);
	/* Nobody remembers capitals: then words of findings. */
	if (err == ERR_NOT_FOUND)
		return find_words(r, q, "finding", limit);
	if (err != ERR_OK)
		return err;
	return request_rows(r, STMT_SEARCH_RULE,
	    ARGS(WHO(r), val_text(q), val_int(limit)), false);
}

static int
find_any(struct request *r, const char *q, int64_t limit)
{
	int err = find_hash(r, q, limit);

	if (err == ERR_OK)
		err = request_rows(r, STMT_SEARCH_RULE,
		    ARGS(WHO(r), val_text(q), val_int(limit)), false);
	if (err == ERR_OK)
		err = find_cases(r, q, limit);
	if (err == ERR_OK)
		err = find_words(r, q, NULL, limit);
	return err;
}

int
search(struct request *r)
{
	const char *q = param_text(r, 0);
	const char *kind = param_text(r, 1);
	int64_t limit = param_limit(r, 2);
	uint8_t digest[TLSHDIFF_BYTES];

	q += strspn(q, " \t\r\n");
	if (q[0] == '\0' || strlen(q) > QUERY_BYTES_MAX)
		return request_why(r, ERR_FORMAT,
		    "\"q\" is what to look for: 1 to %d bytes",
		    QUERY_BYTES_MAX);
	if (strcmp(kind, "hash") == 0)
		return find_hash(r, q, limit);
	if (strcmp(kind, "rule") == 0)
		return find_rule(r, q, limit);
	if (strcmp(kind, "indicator") == 0)
		return find_words(r, q, "finding", limit);
	if (strcmp(kind, "name") == 0)
		return find_words(r, q, "artefact", limit);
	if (strcmp(kind, "text") == 0)
		return find_words(r, q, NULL, limit);
	if (strcmp(kind, "any") != 0 && strcmp(kind, "tlsh") != 0)
		return request_why(r, ERR_FORMAT,
		    "\"kind\" is any, hash, tlsh, rule, indicator, name or "
		    "text");
	if (tlshdiff_parse(q, strlen(q), digest) == ERR_OK)
		return find_near(r, digest, "", limit);
	if (strcmp(kind, "tlsh") == 0)
		return request_why(r, ERR_FORMAT,
		    "a TLSH digest has 70 hexadecimal digits, with or without "
		    "T1 before them");
	return find_any(r, q, limit);
}

int
artefact_related(struct request *r)
{
	const char *id = param_text(r, 0);
	int64_t limit = param_limit(r, 1);
	uint8_t digest[TLSHDIFF_BYTES], sha256[SHA256_BYTES];
	AUTO(query) q = {0};
	const uint8_t *p;
	bool has_tlsh;
	size_t len;
	int err = query_one(&q, r->store->db, STMT_SEARCH_OF_ARTEFACT,
	    ARGS(WHO(r), val_text(id)));

	if (err != ERR_OK)
		return err;
	p = query_bytes(&q, 0, &len);
	memcpy(sha256, p, len < SHA256_BYTES ? len : SHA256_BYTES);
	has_tlsh = tlshdiff_parse(query_text(&q, 1), strlen(query_text(&q, 1)),
		       digest) == ERR_OK;
	query_release(&q);
	err = request_rows(r, STMT_SEARCH_SAME,
	    ARGS(WHO(r), val_bytes(sha256, SHA256_BYTES), val_int(limit),
		val_text(id)),
	    false);
	if (err == ERR_OK && has_tlsh)
		return find_near(r, digest, id, limit);
	return err;
}
