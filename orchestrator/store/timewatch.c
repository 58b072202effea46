/* SPDX-License-Identifier: Apache-2.0 */
/* timewatch.c - whether the clock can be believed. */
#include "store/timewatch.h"

#include "lib/log.h"
#include "store/audit.h"
#include "store/hook.h"

#include <inttypes.h>
#include <time.h>

/* Also while the machine sleeps: both clocks go on then. */
static int64_t
boot_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* How far the clock is from where the audit chain ends; 0 = in order. */
static int64_t
since_last_entry(struct store *store, int64_t wall_us)
{
	AUTO(query) q = {0};
	int64_t away_us;

	store->db->role = ROLE_STORE;
	if (query_start(&q, store->db, STMT_AUDIT_LAST_AT, NULL, 0) != ERR_OK ||
	    query_next(&q) != ERR_OK)
		return 0;
	away_us = wall_us - query_int(&q, 0);
	return away_us > TIMEWATCH_AWAY_US || away_us < -TIMEWATCH_JUMP_US
		   ? away_us
		   : 0;
}

/* What waited for a time that is far ahead now is tried at once. */
static int
bring_forward(struct store *store, int64_t wall_us)
{
	store->sweep.next_at = 0;
	store->retention_at = 0;
	store->outbox_next = 0;
	if (hook_bring_forward(store, wall_us) != ERR_OK)
		return ERR_SYS;
	return db_do(
	    store->db, STMT_OUTBOX_BRING_FORWARD, ARGS(val_int(wall_us)), NULL);
}

static void
note(struct store *store, const char *action, int64_t wall_us, int64_t off_us)
{
	struct audit_object object = {"program", "loep-store", NULL};
	int err = tx_begin(store, ROLE_STORE);

	log_line(LOG_WARN,
	    "msg=\"the clock may be wrong; for a day nothing is deleted or "
	    "given up because of its age\" event=%s seconds=%" PRId64,
	    action, off_us / 1000000);
	if (err != ERR_OK)
		return;
	err = audit_own(store, action, &object,
	    json_pack("{s:I}", "seconds", (json_int_t)(off_us / 1000000)));
	if (err == ERR_OK && off_us < 0)
		err = bring_forward(store, wall_us);
	tx_end(store, err == ERR_OK);
	tx_commit(store);
}

void
timewatch_look(struct store *store, int64_t wall_us, int64_t boot)
{
	struct timewatch *t = &store->timewatch;
	const char *action = "clock.jumped";
	int64_t off_us;

	if (t->is_started) {
		off_us = (wall_us - t->wall_us) - (boot - t->boot_us);
		if (off_us <= TIMEWATCH_JUMP_US && off_us >= -TIMEWATCH_JUMP_US)
			off_us = 0;
	} else {
		action = "clock.doubted";
		off_us = since_last_entry(store, wall_us);
	}
	t->is_started = true;
	t->wall_us = wall_us;
	t->boot_us = boot;
	if (off_us == 0)
		return;
	t->hold_until_us = boot + TIMEWATCH_HOLD_US;
	note(store, action, wall_us, off_us);
}

void
timewatch_tick(struct store *store)
{
	timewatch_look(store, loop_wall_us(), boot_us());
}

bool
timewatch_is_calm(const struct store *store)
{
	return store->timewatch.boot_us >= store->timewatch.hold_until_us;
}
