/* SPDX-License-Identifier: Apache-2.0 */
/* rescan_unit.c - one grant: units that are passed over, and one scanned. */
#include "sched/rescan.h"

#include "lib/json.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include "sched/job.h"
#include "sched/worker.h"

#include <errno.h>
#include <fcntl.h>

/* What a scan has to get through in each further second. */
#define BYTES_A_SECOND ((uint64_t)8 * MIB)

struct work {
	struct rescan_grant *grant; /* NULL: nobody waits any more */
	struct errand *errand;
	struct loop_watch *watch;
	struct record_in *in;
	int pipe_fd;
	int input_fd;
	size_t next; /* the first unit that the store did not answer yet */
	bool is_asked;
	/* The unit that is scanned; 0 = none. */
	int64_t unit;
	uint64_t size;
	enum blob_open how;
	char *name;
	bool is_told; /* it says itself why it cannot be told of */
	bool is_bad;  /* it broke the contract */
	bool is_ended;
	struct errand_end end;
};

static void ask(struct work *work);

static void
pipe_close(struct work *work)
{
	loop_unwatch(work->watch);
	work->watch = NULL;
	if (work->pipe_fd != -1)
		(void)close(work->pipe_fd);
	work->pipe_fd = -1;
}

static void
scan_release(struct work *work)
{
	pipe_close(work);
	record_in_free(work->in);
	work->in = NULL;
	free(work->name);
	work->name = NULL;
	if (work->input_fd != -1)
		(void)close(work->input_fd);
	work->input_fd = -1;
	work->unit = 0;
	work->is_told = work->is_bad = work->is_ended = false;
}

/* A call that is open keeps it until its answer. */
static void
work_free(struct work *work)
{
	scan_release(work);
	if (!work->is_asked)
		free(work);
}

void
rescan_unit_drop(struct rescan_grant *grant)
{
	struct work *work = grant->work;

	grant->work = NULL;
	if (work == NULL)
		return;
	work->grant = NULL;
	errand_forget(work->errand);
	work->errand = NULL;
	work_free(work);
}

static void
put_gap(struct rescan *rescan, int64_t unit, const char *what, const char *why)
{
	auto_json json_t *body =
	    json_pack("{s:I, s:s, s:o}", "unit", (json_int_t)unit, "what", what,
		"text", record_text(why, strlen(why)));
	auto_free char *text = json_canonical(body);

	rescan_put(rescan, RECORD_ERROR, text, strlen(text));
}

/* --- the scan of one unit --- */

static const char *
end_word(const struct work *work)
{
	if (work->is_bad)
		return "malformed";
	switch (work->end.end) {
	case ANALYSE_TIMEOUT:
		return "timeout";
	case ANALYSE_MEMORY:
		return "memory";
	default:
		return "crashed";
	}
}

/* The next unit of the grant, or its end. */
static void
go_on(struct work *work)
{
	struct rescan_grant *grant = work->grant;

	scan_release(work);
	if (work->next < grant->count) {
		ask(work);
		return;
	}
	grant->work = NULL;
	free(work);
	rescan_grant_done(grant);
}

static void
settle(struct work *work)
{
	struct rescan *rescan = work->grant->rescan;
	bool is_whole;

	if (!work->is_ended || work->pipe_fd != -1)
		return;
	if (work->end.end == ANALYSE_REFUSED) {
		rescan_trouble(rescan, "the scanner takes no work");
		return;
	}
	is_whole = work->end.end == ANALYSE_DONE && !work->is_bad &&
		   record_in_is_complete(work->in);
	/* Never "no match": it is named. */
	if (!is_whole && !work->is_told)
		put_gap(rescan, work->unit, end_word(work),
		    "the scan did not come to its end");
	rescan->scanned++;
	rescan->bytes += (int64_t)work->size;
	go_on(work);
}

static int
on_record(void *arg, const struct record *record)
{
	struct work *work = arg;

	if (record->type != RECORD_MATCH && record->type != RECORD_ERROR)
		return ERR_OK;
	/* What one artefact makes a scanner say is about that artefact. */
	if (json_member_int(record->body, "unit", 0) != work->unit)
		return ERR_FORMAT;
	if (record->type == RECORD_ERROR &&
	    json_object_get(record->body, "rule") == NULL)
		work->is_told = true;
	rescan_put(
	    work->grant->rescan, record->type, record->data, record->len);
	return ERR_OK;
}

static void
on_readable(void *arg, int fd, unsigned int events)
{
	static uint8_t buf[64 * KIB];
	struct work *work = arg;
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)events;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && record_feed(work->in, buf, (size_t)n) == ERR_OK)
		return;
	work->is_bad |= n > 0;
	pipe_close(work);
	if (work->is_bad && work->errand != NULL)
		errand_cancel(work->errand);
	settle(work);
}

static void
on_ended(void *arg, const struct errand_end *end)
{
	struct work *work = arg;

	work->errand = NULL;
	work->end = *end;
	work->is_ended = true;
	/* The analyser itself is gone: rescan_worker_gone() follows. */
	if (end->is_lost)
		return;
	settle(work);
}

static char *
context_of(const struct work *work, uint32_t seconds)
{
	auto_json json_t *context = NULL;
	json_t *sets = json_array();
	uint64_t numbers[FIND_GROUPS];
	size_t count = rescan_sets(work->grant->rescan, work->unit, numbers);

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
		    sets, json_integer((json_int_t)numbers[i]));
	context = json_pack("{s:I, s:o, s:s, s:{s:i}}", "unit",
	    (json_int_t)work->unit, "sets", sets, "name", work->name, "limits",
	    "seconds", (int)seconds);
	return json_canonical(context);
}

static void
scan(struct work *work)
{
	struct rescan *rescan = work->grant->rescan;
	struct worker *worker = worker_find(rescan->sched, "hunt");
	uint32_t seconds = rescan->sched->job_seconds +
			   (uint32_t)(work->size / BYTES_A_SECOND % 1000000);
	auto_free char *context = context_of(work, seconds);
	int fds[2];

	if (worker == NULL || pipe2(fds, O_CLOEXEC) == -1) {
		rescan_trouble(rescan, "the scanner cannot be reached");
		return;
	}
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	work->pipe_fd = fds[0];
	work->in = record_in_new(on_record, work);
	work->errand = errand_start(worker,
	    &(struct errand_spec){
		.input_fd = take_fd(work->input_fd),
		.out_fd = fds[1],
		.how = work->how,
		.size = work->size,
		.context = context,
		.seconds = seconds,
		.memory_mib = (uint32_t)(LIMIT_ANALYSER_MEMORY_BYTES / MIB),
		.ended = on_ended,
		.arg = work,
	    });
	if (work->errand == NULL) {
		rescan_trouble(rescan, "the scanner takes no orders");
		return;
	}
	work->watch = loop_watch(rescan->sched->program.loop, work->pipe_fd,
	    LOOP_READ, on_readable, work);
}

/* --- asking the store --- */

static void
on_row(void *arg, const struct values *row)
{
	struct work *work = arg;
	char state[16], text[512];
	size_t len;
	const uint8_t *name;
	int64_t unit = values_int(row, 0);

	if (work->grant == NULL || work->next == work->grant->count ||
	    unit != work->grant->units[work->next])
		return;
	work->next++;
	(void)values_text(row, 1, state, sizeof(state));
	(void)values_text(row, 2, text, sizeof(text));
	if (strcmp(state, "gone") == 0 || strcmp(state, "live") == 0)
		return;
	if (strcmp(state, "memory") != 0 && strcmp(state, "range") != 0) {
		put_gap(work->grant->rescan, unit, state, text);
		return;
	}
	work->unit = unit;
	work->size = values_int(row, 3) < 0 ? 0 : (uint64_t)values_int(row, 3);
	work->how = strcmp(state, "memory") == 0 ? BLOB_MEMFD : BLOB_RANGE;
	name = values_bytes(row, 4, &len);
	free(work->name);
	work->name = NULL;
	if (name != NULL) {
		auto_json json_t *shown = record_text(name, len);

		work->name = xstrdup(json_string_value(shown));
	} else {
		work->name = xstrdup("");
	}
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct work *work = arg;

	work->is_asked = false;
	if (work->grant == NULL) {
		if (fd != -1)
			(void)close(fd);
		work_free(work);
		return;
	}
	work->input_fd = fd;
	if (err == ERR_CONFLICT) {
		/* Paused or cancelled: the next lease says what goes on. */
		rescan_trouble(work->grant->rescan, why);
		return;
	}
	if (err != ERR_OK) {
		rescan_trouble(work->grant->rescan, why);
		return;
	}
	if (work->unit != 0 && fd != -1)
		scan(work);
	else
		go_on(work);
}

static void
ask(struct work *work)
{
	struct rescan *rescan = work->grant->rescan;
	struct wire_out list;
	struct values params;

	wire_out_init(&list, LIMIT_MSG_BYTES);
	for (size_t i = work->next; i < work->grant->count; i++)
		wire_put_i64(&list, work->grant->units[i]);
	values_init(&params);
	values_add_int(&params, rescan->id);
	values_add_bytes(&params, list.buf, list.len);
	work->is_asked = true;
	(void)calls_start(rescan->sched->calls, CALL_RESCAN_PACK, 0, &params,
	    -1, on_row, on_end, work);
	wire_out_release(&list);
}

void
rescan_unit_begin(struct rescan_grant *grant)
{
	struct work *work = xcalloc(1, sizeof(*work));

	work->grant = grant;
	work->pipe_fd = work->input_fd = -1;
	grant->work = work;
	ask(work);
}
