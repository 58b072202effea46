/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention.c - what the policy says shall become of evidence and of cases
 * some days after they were closed.
 *
 *	artefact  delete   erased, with a certificate
 *		  archive  kept for good; nothing is added or run any more
 *	case	  delete   all of it is erased
 *		  anonymise  what names people goes (texts, names, reports,
 *			   who looked); digests, findings, verdicts and dates stay
 *		  archive  kept as it is
 *
 * A legal hold comes before all of it.
 */
#include "store/audit.h"
#include "store/erase.h"
#include "store/history.h"
#include "store/timewatch.h"

#define ROWS_MAX 64
/* Cases that one tick looks at: some milliseconds. */
#define CASES_MAX 256
#define DAY_US	  ((int64_t)24 * 3600 * 1000000)

struct due {
	char case_id[UUID_BYTES];
	char submission[UUID_BYTES]; /* "" = the case as a whole */
	char then[16];
	char org[UUID_BYTES];
};

static void
copy(char *dst, size_t size, const struct query *q, int column)
{
	(void)snprintf(dst, size, "%s", query_text(q, column));
}

/* The cases that this tick looks at. */
struct slice {
	char last[UUID_BYTES];
	bool is_last; /* there are none behind them */
};

static int
find_slice(struct store *store, struct slice *ret_slice)
{
	AUTO(query) q = {0};
	int err = query_one(&q, store->db, STMT_RETENTION_SLICE,
	    ARGS(val_text(store->retention_from), val_int(CASES_MAX)));

	if (err != ERR_OK)
		return err;
	ret_slice->is_last = query_int(&q, 0) < CASES_MAX;
	copy(ret_slice->last, sizeof(ret_slice->last), &q, 1);
	return ERR_OK;
}

/* Those that are due, read before the first of them changes anything. */
static size_t
find(struct store *store, enum stmt stmt, const struct slice *slice,
    int64_t now, struct due *due)
{
	AUTO(query) q = {0};
	size_t count = 0;
	int err = query_start(&q, store->db, stmt,
	    ARGS(val_int(now), val_int(ROWS_MAX),
		val_text(store->retention_from), val_text(slice->last)));

	while (err == ERR_OK && count < ROWS_MAX && query_next(&q) == ERR_OK) {
		struct due *d = &due[count++];

		copy(d->case_id, sizeof(d->case_id), &q, 0);
		copy(d->submission, sizeof(d->submission), &q, 1);
		copy(d->then, sizeof(d->then), &q, 2);
		copy(d->org, sizeof(d->org), &q, 3);
	}
	return count;
}

static int
archive(struct store *store, const struct due *d, int64_t now)
{
	const bool is_case = d->submission[0] == '\0';
	struct audit_object object = {is_case ? "case" : "submission",
	    is_case ? d->case_id : d->submission, d->org};
	int err = is_case ? db_do(store->db, STMT_RETENTION_ARCHIVE_CASE,
				ARGS(val_text(d->case_id), val_int(now)), NULL)
			  : db_do(store->db, STMT_RETENTION_ARCHIVE,
				ARGS(val_text(d->submission)), NULL);

	if (err == ERR_OK)
		err =
		    history_own(store, d->case_id, "archived", "", HISTORY_ALL);
	if (err == ERR_OK)
		err = audit_own(store, "retention.archived", &object,
		    json_pack("{s:s}", "case", d->case_id));
	return err;
}

static int
apply(struct store *store, const struct due *d, int64_t now)
{
	const struct erase_new what = {
	    .kind = "retention",
	    .case_id = d->case_id,
	    .submission = d->submission,
	    .reason = "retention",
	    .is_running = true,
	    .is_words = strcmp(d->then, "anonymise") == 0,
	};
	char id[UUID_BYTES];

	if (strcmp(d->then, "archive") == 0)
		return archive(store, d, now);
	return erase_add(store, &what, id);
}

void
erase_retention(struct store *store)
{
	static const enum stmt kinds[] = {
	    STMT_RETENTION_DUE, STMT_RETENTION_CASES_DUE};
	static struct due due[ROWS_MAX];
	const int64_t now = loop_wall_us();
	struct slice slice = {.is_last = true};
	bool is_more = false;
	int err;

	if (now < store->retention_at || !timewatch_is_calm(store) ||
	    tx_begin(store, ROLE_STORE) != ERR_OK)
		return;
	err = find_slice(store, &slice);
	for (size_t k = 0;
	     err == ERR_OK && k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		size_t count = find(store, kinds[k], &slice, now, due);

		for (size_t i = 0; err == ERR_OK && i < count; i++)
			err = apply(store, &due[i], now);
		/* A case waits until its evidence is done with. */
		is_more = is_more || count == ROWS_MAX;
		if (count > 0)
			break;
	}
	tx_end(store, err == ERR_OK);
	if (is_more)
		return;
	/* Onwards with the next tick; once a day over all of them. */
	(void)snprintf(store->retention_from, sizeof(store->retention_from),
	    "%s", slice.is_last ? "" : slice.last);
	if (store->retention_from[0] == '\0')
		store->retention_at = now + DAY_US;
}
