/* SPDX-License-Identifier: Apache-2.0 */
/* search_near.c - likeness: a walk over all TLSH digests, a slice a turn. */
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/search_place.h"

/* Digests that are compared in one turn of the loop: about a millisecond. */
#define SLICE 2048
/* What is farther away is no relative. */
#define DISTANCE_MAX 100

struct near {
	int64_t distance;
	int64_t unit;
	char artefact[UUID_BYTES];
};

struct walk {
	struct request *r;
	uint8_t digest[TLSHDIFF_BYTES];
	char self[UUID_BYTES]; /* not one of the answers; or "" */
	/* The page begins behind this distance and unit. */
	int64_t from_distance;
	int64_t from_unit;
	int64_t last; /* unit that was looked at */
	size_t limit;
	size_t count;
	struct near found[LIMIT_ROWS]; /* the nearest first */
};

static void walk_on(void *arg);

/* Would it be on the page, as far as is known? */
static bool
is_near(const struct walk *w, int64_t distance, int64_t unit)
{
	if (distance > DISTANCE_MAX || distance < w->from_distance ||
	    (distance == w->from_distance && unit <= w->from_unit))
		return false;
	/* Of the same distance the older ones come first: those are in. */
	return w->count < w->limit ||
	       (w->count > 0 && distance < w->found[w->count - 1].distance);
}

/* A page must not come out shorter than it is: only what may be shown. */
static int
is_shown(struct walk *w, const char *artefact, bool *ret_shown)
{
	struct request *r = w->r;
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_SEARCH_TLSH_SEEN,
	    ARGS(WHO(r), val_text(artefact)));

	*ret_shown = err == ERR_OK;
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}

static void
keep(struct walk *w, const struct near *near)
{
	size_t at = w->count < w->limit ? w->count++ : w->count - 1;

	while (at > 0 && w->found[at - 1].distance > near->distance) {
		w->found[at] = w->found[at - 1];
		at--;
	}
	w->found[at] = *near;
}

static int
look_at(struct walk *w, const struct query *q)
{
	struct near near = {.unit = query_int(q, 0)};
	size_t len;
	const uint8_t *digest = query_bytes(q, 2, &len);
	bool shown;
	int err;

	if (query_int(q, 3) == 0 || len != TLSHDIFF_BYTES ||
	    strcmp(query_text(q, 1), w->self) == 0)
		return ERR_OK;
	near.distance = tlshdiff(w->digest, digest);
	if (!is_near(w, near.distance, near.unit))
		return ERR_OK;
	(void)snprintf(
	    near.artefact, sizeof(near.artefact), "%s", query_text(q, 1));
	err = is_shown(w, near.artefact, &shown);
	if (err == ERR_OK && shown)
		keep(w, &near);
	return err;
}

/* *ret_more: there may be more behind it. */
static int
look_at_slice(struct walk *w, bool *ret_more)
{
	struct request *r = w->r;
	AUTO(query) q = {0};
	size_t rows = 0;
	int err = query_start(&q, r->store->db, STMT_SEARCH_TLSH_SLICE,
	    ARGS(WHO(r), val_int(w->last), val_int(SLICE)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		rows++;
		w->last = query_int(&q, 0);
		err = look_at(w, &q);
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
			val_int(w->found[i].distance),
			val_int(w->found[i].unit)),
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

int
search_near(struct request *r, const uint8_t *digest, const char *self,
    const struct search_place *from, int64_t limit)
{
	struct walk *w = xcalloc(1, sizeof(*w));

	w->r = r;
	memcpy(w->digest, digest, sizeof(w->digest));
	(void)snprintf(w->self, sizeof(w->self), "%s", self);
	w->from_distance = from->stage == SEARCH_NEAR ? from->distance : -1;
	w->from_unit = from->number;
	w->limit = (size_t)limit;
	(void)loop_timer(r->store->loop, 0, walk_on, w);
	return ERR_AGAIN;
}
