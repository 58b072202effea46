/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - questions: what is asked decides where it is looked for. */
#include "store/search.h"

#include "lib/json.h"
#include "lib/own.h"
#include "lib/tlshdiff.h"
#include "lib/xalloc.h"
#include "store/handlers.h"
#include "store/search_place.h"

#include <ctype.h>

#define QUERY_BYTES_MAX 512
#define TERMS_MAX	8

static const char bad_cursor[] =
    "\"cursor\" is the \"next\" of a page before, for the same question";

/* A question on its way through the places where its answer may be. */
struct asked {
	struct request *r;
	const char *q;
	struct search_place from; /* the page goes on behind it */
	int64_t left;		  /* rows that still fit into the page */
};

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
				text[at++] = (char)(p[i] == '"' ? ' ' : p[i]);
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

/* Has the page begun behind all that this kind of place gives? */
static bool
is_behind(const struct asked *a, enum search_stage stage)
{
	return a->from.stage > stage;
}

static int
put_rows(
    struct asked *a, enum stmt stmt, const struct value *args, size_t count)
{
	int64_t rows = 0;
	int err;

	if (a->left <= 0)
		return ERR_OK;
	err = request_count_rows(a->r, stmt, args, count, &rows);
	a->left -= rows;
	return err;
}

static int
find_words(struct asked *a, const char *kind)
{
	auto_free char *match = match_words(a->r, a->q, kind);

	if (match[0] == '\0')
		return ERR_OK;
	return put_rows(a, STMT_SEARCH_TEXT,
	    ARGS(WHO(a->r), val_text(match), val_int(a->left),
		val_int(search_place_before(&a->from, SEARCH_WORDS))));
}

static int
find_cases(struct asked *a)
{
	auto_free char *quoted = xstrdup(a->q);
	auto_free char *match = NULL;

	for (char *p = quoted; *p != '\0'; p++) {
		if (*p == '"')
			*p = ' ';
	}
	if (is_behind(a, SEARCH_CASES) ||
	    quoted[strspn(quoted, " \t\r\n-_.,;:/\\()*'")] == '\0')
		return ERR_OK;
	match = xasprintf("{title number}: \"%s\" *", quoted);
	return put_rows(a, STMT_SEARCH_CASES,
	    ARGS(WHO(a->r), val_text(match), val_int(a->left),
		val_int(search_place_before(&a->from, SEARCH_CASES))));
}

static int
find_hash(struct asked *a)
{
	uint8_t digest[SHA256_BYTES];
	size_t len = strlen(a->q) / 2;
	enum stmt stmt = STMT_SEARCH_SHA256;

	if (is_behind(a, SEARCH_HASH))
		return ERR_OK;
	if (len == 20)
		stmt = STMT_SEARCH_SHA1;
	else if (len == 16)
		stmt = STMT_SEARCH_MD5;
	else if (len != SHA256_BYTES)
		return ERR_OK;
	if (strlen(a->q) % 2 != 0 || hex_decode(a->q, digest, len) != ERR_OK)
		return ERR_OK;
	return put_rows(a, stmt,
	    ARGS(WHO(a->r), val_bytes(digest, len), val_int(a->left),
		val_text(a->from.org), val_text(a->from.artefact)));
}

static int
find_rules(struct asked *a)
{
	bool is_first = a->from.stage != SEARCH_RULES;
	const char *name = is_first ? a->q : a->from.name;
	int err;

	if (is_behind(a, SEARCH_RULES))
		return ERR_OK;
	if (strcmp(name, a->q) < 0)
		return request_why(a->r, ERR_FORMAT, "%s", bad_cursor);
	err = put_rows(a, STMT_SEARCH_RULE_SAME,
	    ARGS(WHO(a->r), val_text(a->q), val_int(a->left), val_text(name),
		val_text(a->from.namespace), val_int(a->from.number)));
	if (err != ERR_OK)
		return err;
	return put_rows(a, STMT_SEARCH_RULE,
	    ARGS(WHO(a->r), val_text(a->q), val_int(a->left), val_text(name),
		val_text(a->from.namespace)));
}

/* --- the operations --- */

static int
find_rule(struct asked *a)
{
	int64_t limit = a->left;
	int err = find_rules(a);

	/* Nobody remembers capitals: then words of findings. */
	if (err == ERR_OK && a->left == limit && a->from.stage != SEARCH_RULES)
		err = find_words(a, "finding");
	return err;
}

static int
find_any(struct asked *a)
{
	int err = find_hash(a);

	if (err == ERR_OK)
		err = find_rules(a);
	if (err == ERR_OK)
		err = find_cases(a);
	if (err == ERR_OK)
		err = find_words(a, NULL);
	return err;
}

static int
find_kind(struct asked *a, const char *kind)
{
	uint8_t digest[TLSHDIFF_BYTES];

	if (strcmp(kind, "hash") == 0)
		return find_hash(a);
	if (strcmp(kind, "rule") == 0)
		return find_rule(a);
	if (strcmp(kind, "indicator") == 0)
		return find_words(a, "finding");
	if (strcmp(kind, "name") == 0)
		return find_words(a, "artefact");
	if (strcmp(kind, "text") == 0)
		return find_words(a, NULL);
	if (strcmp(kind, "any") != 0 && strcmp(kind, "tlsh") != 0)
		return request_why(a->r, ERR_FORMAT,
		    "\"kind\" is any, hash, tlsh, rule, indicator, name or "
		    "text");
	if (tlshdiff_parse(a->q, strlen(a->q), digest) == ERR_OK)
		return search_near(a->r, digest, "", &a->from, a->left);
	if (strcmp(kind, "tlsh") == 0)
		return request_why(a->r, ERR_FORMAT,
		    "a TLSH digest has 70 hexadecimal digits, with or without "
		    "T1 before them");
	return find_any(a);
}

int
search(struct request *r)
{
	struct asked a = {
	    .r = r, .q = param_text(r, 0), .left = param_limit(r, 2)};

	a.q += strspn(a.q, " \t\r\n");
	if (a.q[0] == '\0' || strlen(a.q) > QUERY_BYTES_MAX)
		return request_why(r, ERR_FORMAT,
		    "\"q\" is what to look for: 1 to %d bytes",
		    QUERY_BYTES_MAX);
	if (search_place_parse(param_text(r, 3), &a.from) != ERR_OK)
		return request_why(r, ERR_FORMAT, "%s", bad_cursor);
	return find_kind(&a, param_text(r, 1));
}

int
artefact_related(struct request *r)
{
	const char *id = param_text(r, 0);
	struct asked a = {.r = r, .left = param_limit(r, 1)};
	uint8_t digest[TLSHDIFF_BYTES], sha256[SHA256_BYTES];
	AUTO(query) q = {0};
	const uint8_t *p;
	bool has_tlsh;
	size_t len;
	int err = query_one(&q, r->store->db, STMT_SEARCH_OF_ARTEFACT,
	    ARGS(WHO(r), val_text(id)));

	if (err != ERR_OK)
		return err;
	if (search_place_parse(param_text(r, 2), &a.from) != ERR_OK)
		return request_why(r, ERR_FORMAT, "%s", bad_cursor);
	p = query_bytes(&q, 0, &len);
	memcpy(sha256, p, len < SHA256_BYTES ? len : SHA256_BYTES);
	has_tlsh = tlshdiff_parse(query_text(&q, 1), strlen(query_text(&q, 1)),
		       digest) == ERR_OK;
	query_release(&q);
	if (!is_behind(&a, SEARCH_HASH))
		err = put_rows(&a, STMT_SEARCH_SAME,
		    ARGS(WHO(r), val_bytes(sha256, SHA256_BYTES),
			val_int(a.left), val_text(a.from.org),
			val_text(a.from.artefact), val_text(id)));
	if (err == ERR_OK && has_tlsh && a.left > 0)
		return search_near(r, digest, id, &a.from, a.left);
	return err;
}
