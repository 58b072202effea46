/* SPDX-License-Identifier: Apache-2.0 */
/* rescan.c - drives re-scans. */
#include "sched/rescan.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include "sched/job.h"
#include "sched/worker.h"

#include <fcntl.h>

/* So few rules are compiled while the index still looks. */
#define RULES_FEW ((int64_t)16)
/* Fits in one message beside the call's own fields, and any record fits. */
#define CHUNK_BYTES (56 * KIB)
/* More matches than that wait for the store first. */
#define CHUNKS_MAX ((size_t)64)
/* After trouble that may pass. */
#define BACK_OFF_MS ((uint64_t)1000)
/* A grant that is done waits for those before it, as the checkpoint does:
 * what is lost with a crash. */
#define GRANTS_MAX ((size_t)64)
/* loep-hunt may die over the same rules so often. */
#define LOSSES_MAX ((size_t)5)

static void step(struct rescan *rescan);

static void
on_timer(void *arg)
{
	struct rescan *rescan = arg;

	rescan->timer = NULL;
	step(rescan);
}

static void
set_timer(struct rescan *rescan, uint64_t delay_ms)
{
	if (rescan->timer != NULL && delay_ms > 0)
		return;
	loop_timer_cancel(rescan->timer);
	rescan->timer =
	    loop_timer(rescan->sched->program.loop, delay_ms, on_timer, rescan);
}

void
rescan_init(struct rescan *rescan, struct sched *sched)
{
	*rescan = (struct rescan){
	    .sched = sched,
	    .units_fd = -1,
	    .conditions_fd = -1,
	};
	TAILQ_INIT(&rescan->grants);
	TAILQ_INIT(&rescan->chunks);
}

/* Numbers of one re-scan: that of all its rules, and one a level. */
#define SETS (FIND_LEVELS + 1)

static uint64_t
set_number(const struct rescan *rescan, unsigned int level)
{
	return (uint64_t)rescan->id * SETS + level;
}

unsigned int
rescan_level(const struct rescan *rescan, int64_t unit)
{
	return rescan->is_whole ? 0 : find_level(&rescan->find, unit);
}

uint64_t
rescan_set(const struct rescan *rescan, int64_t unit)
{
	return set_number(rescan, rescan_level(rescan, unit));
}

/* --- forgetting --- */

static void
grant_free(struct rescan_grant *grant)
{
	struct rescan *rescan = grant->rescan;

	rescan_unit_drop(grant);
	TAILQ_REMOVE(&rescan->grants, grant, entry);
	rescan->grant_count--;
	rescan->grants_active -= !grant->is_done;
	free(grant);
}

static void
chunk_free(struct rescan *rescan)
{
	struct rescan_chunk *chunk = TAILQ_FIRST(&rescan->chunks);

	TAILQ_REMOVE(&rescan->chunks, chunk, entry);
	rescan->chunk_count--;
	wire_out_release(&chunk->out);
	free(chunk);
}

/* Back to where nothing is under way; what is answered later is not ours. */
static void
reset(struct rescan *rescan)
{
	while (!TAILQ_EMPTY(&rescan->grants))
		grant_free(TAILQ_FIRST(&rescan->grants));
	while (!TAILQ_EMPTY(&rescan->chunks))
		chunk_free(rescan);
	if (rescan->units_fd != -1)
		(void)close(rescan->units_fd);
	if (rescan->conditions_fd != -1)
		(void)close(rescan->conditions_fd);
	rescan->units_fd = rescan->conditions_fd = -1;
	index_forget(&rescan->sched->index, rescan);
	find_release(&rescan->find);
	rescan->is_finding = rescan->is_indexed = rescan->is_whole = false;
	rescan->loads = 0;
	rescan->epoch++;
	rescan->phase = RESCAN_IDLE;
	rescan->is_result_open = rescan->is_chunk_open = false;
	rescan->is_yielding = false;
	rescan->scanned = rescan->bytes = 0;
	memset(rescan->heads, 0, sizeof(rescan->heads));
	memset(rescan->heads_missed, 0, sizeof(rescan->heads_missed));
}

void
rescan_drop(struct sched *sched)
{
	loop_timer_cancel(sched->rescan.timer);
	sched->rescan.timer = NULL;
	reset(&sched->rescan);
}

void
rescan_soon(struct sched *sched)
{
	struct rescan *rescan = &sched->rescan;

	if (sched->is_stopping)
		return;
	rescan->is_hinted = true;
	set_timer(rescan, 0);
}

void
rescan_trouble(struct rescan *rescan, const char *why)
{
	log_line(LOG_WARN, "msg=\"a re-scan waits\" rescan=%lld reason=\"%s\"",
	    (long long)rescan->id, why);
	reset(rescan);
	rescan->is_hinted = true;
	set_timer(rescan, BACK_OFF_MS);
}

/* --- answers; each knows for which epoch it was asked --- */

struct ask {
	struct rescan *rescan;
	unsigned int epoch;
	char state[16];
	bool is_scanned;
	bool has_row;
	bool is_answer; /* in the place of the index */
};

static struct ask *
ask_new(struct rescan *rescan)
{
	struct ask *ask = xcalloc(1, sizeof(*ask));

	ask->rescan = rescan;
	ask->epoch = rescan->epoch;
	return ask;
}

static bool
is_ours(const struct ask *ask)
{
	return ask->epoch == ask->rescan->epoch;
}

/* --- results --- */

void
rescan_put(
    struct rescan *rescan, unsigned int type, const void *body, size_t len)
{
	struct rescan_chunk *chunk =
	    TAILQ_LAST(&rescan->chunks, rescan_chunk_list);

	if (chunk == NULL ||
	    len + RECORD_HEADER_BYTES > CHUNK_BYTES - chunk->out.len ||
	    (rescan->is_chunk_open && rescan->chunk_count == 1)) {
		chunk = xcalloc(1, sizeof(*chunk));
		wire_out_init(&chunk->out, CHUNK_BYTES);
		TAILQ_INSERT_TAIL(&rescan->chunks, chunk, entry);
		rescan->chunk_count++;
	}
	wire_put_u8(&chunk->out, (uint8_t)type);
	wire_put_bytes(&chunk->out, body, len);
}

static void
on_result_row(void *arg, const struct values *row)
{
	struct ask *ask = arg;

	(void)values_text(row, 0, ask->state, sizeof(ask->state));
}

static void
on_result(void *arg, enum err err, const char *why, int fd)
{
	auto_free struct ask *ask = arg;
	struct rescan *rescan = ask->rescan;

	if (fd != -1)
		(void)close(fd);
	if (!is_ours(ask))
		return;
	rescan->is_result_open = false;
	if (err != ERR_OK) {
		rescan_trouble(rescan, why);
		return;
	}
	if (rescan->is_chunk_open)
		chunk_free(rescan);
	rescan->is_chunk_open = false;
	if (strcmp(ask->state, "running") == 0) {
		step(rescan);
		return;
	}
	/* Done, paused, cancelled: is there another one? */
	log_line(LOG_INFO, "msg=\"re-scan\" rescan=%lld state=%s",
	    (long long)rescan->id, ask->state);
	reset(rescan);
	rescan_soon(rescan->sched);
}

/* Units up to here are done. */
static int64_t
checkpoint(const struct rescan *rescan)
{
	const struct rescan_grant *first = TAILQ_FIRST(&rescan->grants);

	return first == NULL ? rescan->next - 1 : first->first - 1;
}

/* One at a time, in order: the checkpoint goes with the last piece. */
static void
send_result(struct rescan *rescan)
{
	const struct rescan_chunk *chunk = TAILQ_FIRST(&rescan->chunks);
	bool is_last_piece = rescan->chunk_count <= 1;
	int64_t done = is_last_piece ? checkpoint(rescan) : rescan->done;
	bool is_end = is_last_piece && done >= rescan->scope;
	struct values params;

	values_init(&params);
	values_add_int(&params, rescan->id);
	values_add_int(&params, done);
	values_add_int(
	    &params, rescan->find.rules == NULL ? -1 : rescan->find.candidates);
	values_add_int(&params, rescan->is_indexed);
	values_add_int(&params, rescan->scanned);
	values_add_int(&params, rescan->bytes);
	values_add_int(&params, is_end);
	values_add_text(&params, rescan->engine);
	values_add_bytes(&params, chunk == NULL ? NULL : chunk->out.buf,
	    chunk == NULL ? 0 : chunk->out.len);
	rescan->is_result_open = true;
	rescan->is_chunk_open = chunk != NULL;
	rescan->done = done;
	rescan->scanned = rescan->bytes = 0;
	if (is_end)
		rescan->phase = RESCAN_ENDING;
	(void)calls_start(rescan->sched->calls, CALL_RESCAN_RESULT, 0, &params,
	    -1, on_result_row, on_result, ask_new(rescan));
}

/* --- work --- */

/* Places that re-scans may have now. */
static size_t
places(const struct rescan *rescan)
{
	const struct sched *sched = rescan->sched;

	if (sched->held_count > 0 || sched->places_max < 2)
		return 1;
	/* Two more: while they wait for bytes, the others scan. */
	return sched->places_max + 2;
}

/* Hands out the next candidates; where there are none all is done. */
static void
grant(struct rescan *rescan)
{
	struct rescan_grant *grant = xcalloc(1, sizeof(*grant));
	int64_t from = rescan->next;
	int64_t unit;

	grant->rescan = rescan;
	grant->epoch = rescan->epoch;
	grant->first = rescan->next;
	while (grant->count < RESCAN_GRANT_UNITS &&
	       (unit = find_next(&rescan->find, from)) != 0) {
		grant->units[grant->count++] = unit;
		from = unit + 1;
	}
	rescan->next =
	    grant->count < RESCAN_GRANT_UNITS ? rescan->scope + 1 : from;
	if (grant->count == 0) {
		free(grant);
		return;
	}
	TAILQ_INSERT_TAIL(&rescan->grants, grant, entry);
	rescan->grant_count++;
	rescan->grants_active++;
	rescan_unit_begin(grant);
}

void
rescan_grant_done(struct rescan_grant *grant)
{
	struct rescan *rescan = grant->rescan;

	grant->is_done = true;
	rescan->grants_active--;
	while ((grant = TAILQ_FIRST(&rescan->grants)) != NULL && grant->is_done)
		grant_free(grant);
	set_timer(rescan, 0);
}

static void
run(struct rescan *rescan)
{
	unsigned int epoch = rescan->epoch;

	while (!rescan->is_yielding && rescan->next <= rescan->scope &&
	       rescan->grants_active < places(rescan) &&
	       rescan->grant_count < GRANTS_MAX &&
	       rescan->chunk_count < CHUNKS_MAX) {
		grant(rescan);
		if (rescan->epoch != epoch)
			return;
	}
	if (!rescan->is_result_open &&
	    (rescan->chunk_count > 0 || checkpoint(rescan) > rescan->done))
		send_result(rescan);
	if (rescan->is_yielding && TAILQ_EMPTY(&rescan->grants) &&
	    !rescan->is_result_open && rescan->chunk_count == 0) {
		reset(rescan);
		set_timer(rescan, 0);
	}
}

/* --- beginning --- */

static void
on_failed(void *arg, enum err err, const char *why, int fd)
{
	auto_free struct ask *ask = arg;

	(void)err;
	(void)why;
	if (fd != -1)
		(void)close(fd);
	if (is_ours(ask)) {
		reset(ask->rescan);
		rescan_soon(ask->rescan->sched);
	}
}

static void
give_up(struct rescan *rescan, const char *why)
{
	struct values params;

	log_line(LOG_ERROR, "msg=\"re-scan failed\" rescan=%lld reason=\"%s\"",
	    (long long)rescan->id, why);
	values_init(&params);
	values_add_int(&params, rescan->id);
	values_add_text(&params, why);
	rescan->phase = RESCAN_ENDING;
	rescan->is_result_open = true;
	(void)calls_start(rescan->sched->calls, CALL_RESCAN_FAIL, 0, &params,
	    -1, NULL, on_failed, ask_new(rescan));
}

void
rescan_worker_gone(struct sched *sched)
{
	struct rescan *rescan = &sched->rescan;

	if (rescan->phase != RESCAN_PREPARING &&
	    rescan->phase != RESCAN_RUNNING)
		return;
	rescan->losses = rescan->lost_id == rescan->id ? rescan->losses + 1 : 1;
	rescan->lost_id = rescan->id;
	if (rescan->losses < LOSSES_MAX)
		rescan_trouble(rescan, "the scanner is gone");
	else
		give_up(rescan, "the scanner ends again and again over it");
}

void
rescan_loaded(
    struct sched *sched, uint64_t number, unsigned int err, const char *why)
{
	struct rescan *rescan = &sched->rescan;

	/* Also of one that was given up before: the numbers tell. */
	if ((rescan->phase != RESCAN_PREPARING &&
		rescan->phase != RESCAN_RUNNING) ||
	    rescan->loads == 0 || number / SETS != (uint64_t)rescan->id)
		return;
	if (err != ERR_OK) {
		give_up(rescan, why);
		return;
	}
	if (why[0] != '\0')
		log_line(LOG_WARN,
		    "msg=\"not all rules can be scanned with\" rescan=%lld "
		    "reason=\"%s\"",
		    (long long)rescan->id, why);
	rescan->loads--;
	step(rescan);
}

/* Takes fd. */
static void
load_set(
    struct rescan *rescan, struct worker *worker, unsigned int level, int fd)
{
	struct wire_out body;
	char job[24];

	(void)snprintf(job, sizeof(job), "%lld", (long long)rescan->id);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, set_number(rescan, level));
	wire_put_str(&body, job);
	if (chan_send(worker->chan, MSG_RULESET, 0, &body, fd) == ERR_OK)
		rescan->loads++;
	wire_out_release(&body);
}

/*
 * Gives loep-hunt the rules: one set for each level that a unit is on, once
 * that is known.
 */
static void
load(struct rescan *rescan)
{
	struct worker *worker = worker_find(rescan->sched, "hunt");
	int fd = -1;

	if (worker == NULL) {
		rescan_trouble(rescan, "the scanner does not run");
		return;
	}
	(void)snprintf(
	    rescan->engine, sizeof(rescan->engine), "%s", worker->engine);
	rescan->is_whole = rescan->is_finding || rescan->find.units == NULL;
	if (rescan->is_whole) {
		load_set(rescan, worker, 0, take_fd(rescan->units_fd));
		return;
	}
	for (unsigned int level = 1; level <= FIND_LEVELS; level++) {
		if (rescan->find.set_rules[level] == 0)
			continue;
		if (find_split(&rescan->find, rescan->units_fd, level, &fd) !=
		    ERR_OK) {
			give_up(rescan, "its rules cannot be read");
			return;
		}
		load_set(rescan, worker, level, take_fd(fd));
	}
	/* Given once, as the whole is: not again with each answer. */
	(void)close(rescan->units_fd);
	rescan->units_fd = -1;
}

/* --- what is to be looked at --- */

static void
on_found(void *arg, enum err err, const char *why, struct wire_in *in, int fd)
{
	struct rescan *rescan = arg;

	(void)in;
	rescan->is_finding = false;
	if (err == ERR_OK && fd != -1)
		err = (enum err)find_take(&rescan->find, take_fd(fd),
		    (size_t)rescan->rules, rescan->scope);
	else if (fd != -1)
		(void)close(fd);
	rescan->is_indexed = err == ERR_OK;
	/* Without the index everything is looked at: slow, and as exact. */
	if (err != ERR_OK) {
		log_line(LOG_WARN,
		    "msg=\"the index does not tell\" rescan=%lld "
		    "reason=\"%s\"",
		    (long long)rescan->id, why);
		find_everything(
		    &rescan->find, (size_t)rescan->rules, rescan->scope);
	}
	step(rescan);
}

static void
prepare(struct rescan *rescan, bool is_answer)
{
	struct index_link *link = &rescan->sched->index;

	rescan->phase = RESCAN_PREPARING;
	if (is_answer) {
		on_found(
		    rescan, ERR_OK, "", NULL, take_fd(rescan->conditions_fd));
		return;
	}
	rescan->is_finding = index_is_there(link) &&
			     index_query(link, take_fd(rescan->conditions_fd),
				 (uint64_t)rescan->scope, on_found, rescan);
	if (!rescan->is_finding)
		find_everything(
		    &rescan->find, (size_t)rescan->rules, rescan->scope);
	if (rescan->is_finding && rescan->rules <= RULES_FEW)
		load(rescan);
	step(rescan);
}

/* Once it is known what is to be looked at. */
static void
prepared(struct rescan *rescan)
{
	unsigned int epoch = rescan->epoch;

	if (rescan->is_finding)
		return;
	/* Nothing can match: the rules need not be ready for that. */
	if (find_next(&rescan->find, rescan->next) == 0) {
		rescan->next = rescan->scope + 1;
		rescan->phase = RESCAN_RUNNING;
		step(rescan);
		return;
	}
	if (rescan->units_fd != -1)
		load(rescan);
	/* loep-hunt takes orders in turn: what comes behind the rules is
	 * scanned with them, and bytes are opened while it compiles. */
	if (rescan->epoch != epoch || rescan->phase != RESCAN_PREPARING)
		return;
	rescan->phase = RESCAN_RUNNING;
	step(rescan);
}

static void
on_lease_row(void *arg, const struct values *row)
{
	struct ask *ask = arg;
	struct rescan *rescan = ask->rescan;

	if (!is_ours(ask))
		return;
	ask->has_row = true;
	rescan->id = values_int(row, 0);
	rescan->scope = values_int(row, 3);
	rescan->done = values_int(row, 4);
	rescan->next = rescan->done + 1;
	rescan->rules = values_int(row, 5);
	ask->is_scanned = values_int(row, 6) != 0;
}

static void
on_lease(void *arg, enum err err, const char *why, int fd)
{
	auto_free struct ask *ask = arg;
	struct rescan *rescan = ask->rescan;

	if (!is_ours(ask)) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	rescan->units_fd = fd;
	if (err != ERR_OK) {
		rescan_trouble(rescan, why);
		return;
	}
	if (!ask->has_row || fd == -1) {
		reset(rescan);
		if (rescan->is_hinted)
			set_timer(rescan, 0);
		return;
	}
	log_line(LOG_INFO,
	    "msg=\"re-scan\" rescan=%lld rules=%lld from=%lld to=%lld",
	    (long long)rescan->id, (long long)rescan->rules,
	    (long long)rescan->next, (long long)rescan->scope);
	rescan->is_scanned = ask->is_scanned || rescan->next > rescan->scope;
}

static void
on_conditions_row(void *arg, const struct values *row)
{
	struct ask *ask = arg;

	ask->is_answer = values_int(row, 1) != 0;
}

/* The question is asked right behind the lease: this comes second. */
static void
on_conditions(void *arg, enum err err, const char *why, int fd)
{
	auto_free struct ask *ask = arg;
	struct rescan *rescan = ask->rescan;

	if (!is_ours(ask) || rescan->units_fd == -1) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	rescan->conditions_fd = fd;
	if (err != ERR_OK || fd == -1) {
		rescan_trouble(rescan, why);
		return;
	}
	if (rescan->is_scanned) {
		rescan->next = rescan->scope + 1;
		rescan->phase = RESCAN_ENDING;
		step(rescan);
		return;
	}
	prepare(rescan, ask->is_answer);
}

static void
lease(struct rescan *rescan)
{
	struct values params;

	rescan->is_hinted = false;
	rescan->phase = RESCAN_LEASING;
	values_init(&params);
	(void)calls_start(rescan->sched->calls, CALL_RESCAN_LEASE, 0, &params,
	    -1, on_lease_row, on_lease, ask_new(rescan));
	(void)calls_start(rescan->sched->calls, CALL_RESCAN_CONDITIONS, 0,
	    &params, -1, on_conditions_row, on_conditions, ask_new(rescan));
}

/* Whatever can be done now. */
static void
step(struct rescan *rescan)
{
	struct sched *sched = rescan->sched;

	if (sched->is_stopping || !calls_is_connected(sched->calls))
		return;
	switch (rescan->phase) {
	case RESCAN_IDLE:
		if (rescan->is_hinted && worker_find(sched, "hunt") != NULL)
			lease(rescan);
		return;
	case RESCAN_RUNNING:
		rescan->is_yielding |= rescan->is_hinted;
		run(rescan);
		return;
	case RESCAN_ENDING:
		if (!rescan->is_result_open)
			send_result(rescan);
		return;
	case RESCAN_PREPARING:
		prepared(rescan);
		return;
	case RESCAN_LEASING:
	default:
		return;
	}
}
