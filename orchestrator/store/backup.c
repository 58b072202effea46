/* SPDX-License-Identifier: Apache-2.0 */
/* backup.c - a copy of the database while the service goes on. */
#include "store/backup.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"

#include <sqlite3.h>
#include <unistd.h>

/* Pages of one turn (4 KiB each), and the pause behind them: requests come
 * first, and 100 MB still take a few seconds only. */
#define STEP_PAGES 512
#define STEP_MS	   5
/* Whoever copies asks at least that often. */
#define SILENCE_MS ((uint64_t)10 * 60 * 1000)

enum backup_state {
	BACKUP_COPYING,
	BACKUP_READY,
	BACKUP_FAILED
};

struct backup {
	struct store *store;
	enum backup_state state;
	struct sqlite3 *copy;
	struct sqlite3_backup *steps;
	struct loop_timer *timer;
	int64_t done_pages;
	int64_t total_pages;
	uint64_t asked_ms;
	char *path;
	char why[128];
};

static const char *
state_name(const struct backup *b)
{
	if (b == NULL)
		return "none";
	switch (b->state) {
	case BACKUP_COPYING:
		return "copying";
	case BACKUP_READY:
		return "ready";
	case BACKUP_FAILED:
	default:
		return "failed";
	}
}

static char *
copy_path(const struct store *store)
{
	return xasprintf("%s/backup.db", store->folder);
}

static void
close_copy(struct backup *b)
{
	if (b->timer != NULL)
		loop_timer_cancel(b->timer);
	b->timer = NULL;
	if (b->steps != NULL)
		(void)sqlite3_backup_finish(b->steps);
	b->steps = NULL;
	if (b->copy != NULL)
		(void)sqlite3_close_v2(b->copy);
	b->copy = NULL;
}

static void
remove_copy(const char *path)
{
	(void)unlink(path);
}

void
backup_tidy(const struct store *store)
{
	auto_free char *path = copy_path(store);

	remove_copy(path);
}

bool
backup_is_open(const struct store *store)
{
	return store->backup != NULL;
}

void
backup_free(struct store *store)
{
	struct backup *b = store->backup;

	if (b == NULL)
		return;
	close_copy(b);
	remove_copy(b->path);
	free(b->path);
	free(b);
	store->backup = NULL;
}

void
backup_expire(struct store *store)
{
	if (store->backup == NULL ||
	    loop_now_ms() - store->backup->asked_ms < SILENCE_MS)
		return;
	log_line(LOG_WARN, "msg=\"a backup was left alone and is given up\"");
	backup_free(store);
}

static void
give_up(struct backup *b, int rc)
{
	(void)snprintf(b->why, sizeof(b->why),
	    "the database could not be copied: %s", sqlite3_errstr(rc));
	log_line(LOG_ERROR, "msg=\"backup failed\" reason=\"%s\"", b->why);
	close_copy(b);
	remove_copy(b->path);
	b->state = BACKUP_FAILED;
}

static void
on_step(void *arg)
{
	struct backup *b = arg;
	int rc = SQLITE_OK;

	b->timer = NULL;
	/* The last page is copied between transactions only: what is not
	 * committed is not in the copy. */
	if (!db_is_in_transaction(b->store->db))
		rc = sqlite3_backup_step(b->steps, STEP_PAGES);
	b->total_pages = sqlite3_backup_pagecount(b->steps);
	b->done_pages = b->total_pages - sqlite3_backup_remaining(b->steps);
	if (rc == SQLITE_DONE) {
		rc = sqlite3_backup_finish(b->steps);
		b->steps = NULL;
		if (rc == SQLITE_OK) {
			close_copy(b);
			b->state = BACKUP_READY;
			return;
		}
	}
	if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED) {
		give_up(b, rc);
		return;
	}
	b->timer = loop_timer(b->store->loop, STEP_MS, on_step, b);
}

static int
start(struct store *store)
{
	struct backup *b = xcalloc(1, sizeof(*b));
	int rc;

	b->store = store;
	b->path = copy_path(store);
	b->asked_ms = loop_now_ms();
	store->backup = b;
	remove_copy(b->path);
	rc = sqlite3_open_v2(b->path, &b->copy,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_NOFOLLOW,
	    NULL);
	if (rc == SQLITE_OK) {
		/* Whoever copies it makes that copy durable; a torn one is
		 * thrown away. */
		(void)sqlite3_exec(b->copy,
		    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL,
		    NULL, NULL);
		b->steps = sqlite3_backup_init(
		    b->copy, "main", store->db->sqlite, "main");
		rc = b->steps ? SQLITE_OK : sqlite3_errcode(b->copy);
	}
	if (rc != SQLITE_OK) {
		backup_free(store);
		return ERR_SYS;
	}
	b->timer = loop_timer(store->loop, STEP_MS, on_step, b);
	return ERR_OK;
}

static int
answer(struct request *r)
{
	const struct backup *b = r->store->backup;
	struct values row;

	values_init(&row);
	values_add_text(&row, state_name(b));
	values_add_int(&row, b ? b->done_pages : 0);
	values_add_int(&row, b ? b->total_pages : 0);
	values_add_text(&row, b ? b->why : "");
	request_row(r, &row);
	return ERR_OK;
}

int
backup_begin(struct request *r)
{
	struct audit_object object = {"service", "", ""};
	int err;

	if (backup_is_open(r->store))
		return request_why(r, ERR_CONFLICT,
		    "a backup is being made already; end that one first");
	err = audit_by(r, "backup.begun", &object, NULL);
	if (err == ERR_OK && start(r->store) != ERR_OK)
		err = request_why(
		    r, ERR_SYS, "the copy of the database cannot be made");
	return err == ERR_OK ? answer(r) : err;
}

int
backup_get(struct request *r)
{
	if (r->store->backup != NULL)
		r->store->backup->asked_ms = loop_now_ms();
	return answer(r);
}

int
backup_end(struct request *r)
{
	struct audit_object object = {"service", "", ""};
	const char *outcome = param_text(r, 0);

	if (strcmp(outcome, "done") != 0 && strcmp(outcome, "failed") != 0)
		return request_why(
		    r, ERR_FORMAT, "\"outcome\" is done or failed");
	if (!backup_is_open(r->store))
		return request_why(r, ERR_CONFLICT,
		    "no backup is being made; was the service restarted?");
	backup_free(r->store);
	return audit_by(
	    r, "backup.ended", &object, json_pack("{s:s}", "outcome", outcome));
}
