/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rescan_unit.c - one grant: asks the store for its units, piece by piece, and
 * has loep-hunt scan each piece: a large unit alone, small ones as a pack.
 *
 * Where rules seem to read no more than the first bytes (is_head()), only
 * these are asked for; loep-hunt says where they were not enough, and
 * such a unit comes again as a whole.
 *
 * What was being scanned when a pack's child came to a bad end is looked at
 * again alone; only then it counts as a gap.
 */
#include "sched/rescan.h"

#include "lib/analyser_exit.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include "sched/job.h"
#include "sched/worker.h"

#include <errno.h>
#include <fcntl.h>

/* What a scan has to get through in each further second. */
#define BYTES_A_SECOND ((uint64_t)8 * MIB)
/* What a head is. */
#define HEAD_BYTES ((int64_t)(16 * KIB))
/* With fewer candidates than that, finding out whether heads are enough would
 * cost more than it may save. */
#define HEAD_CANDIDATES_MIN ((int64_t)100)
/* So many are tried first. */
#define HEAD_TRIES ((size_t)16)
/* Contexts of one piece; the rest is asked for again. */
#define LIST_BYTES ((size_t)48 * KIB)

enum unit_state {
	UNIT_HEAD, /* its first bytes may be enough */
	UNIT_WAITS,
	UNIT_ALONE, /* after a bad end in company */
	UNIT_GIVEN, /* in the piece that is scanned */
	UNIT_DONE
};

struct item {
	size_t at; /* in the grant */
	uint64_t size;
	char *name;
	uint32_t index; /* in the pack */
};

struct work {
	struct rescan_grant *grant; /* NULL: nobody waits any more */
	enum unit_state states[RESCAN_GRANT_UNITS];
	bool is_asked;

	/* The piece. */
	struct item items[RESCAN_GRANT_UNITS];
	size_t item_count;
	bool is_pack;
	bool is_head;  /* a pack of heads */
	uint64_t size; /* of the unit, or of the pack */
	enum blob_open how;
	int input_fd;
	struct errand *errand;
	struct loop_watch *watch;
	int pipe_fd;
	struct pack_in pack;
	struct record_in *in;
	size_t item;   /* the one that is scanned now */
	bool is_told;  /* it says itself why it cannot be told of */
	bool is_short; /* its first bytes were not enough */
	bool is_bad;   /* the child broke its contract */
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
piece_release(struct work *work)
{
	pipe_close(work);
	record_in_free(work->in);
	work->in = NULL;
	for (size_t i = 0; i < work->item_count; i++)
		free(work->items[i].name);
	work->item_count = work->item = 0;
	if (work->input_fd != -1)
		(void)close(work->input_fd);
	work->input_fd = -1;
	work->is_pack = work->is_told = work->is_bad = work->is_ended = false;
	work->is_short = false;
}

/* A call that is open keeps it until its answer. */
static void
work_free(struct work *work)
{
	piece_release(work);
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

static int64_t
unit_of(const struct work *work, const struct item *item)
{
	return work->grant->units[item->at];
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

/* --- what the child says --- */

static int
on_record(void *arg, const struct record *record)
{
	struct work *work = arg;

	if (record->type != RECORD_MATCH && record->type != RECORD_ERROR)
		return ERR_OK;
	/* What one artefact makes a scanner say is about that artefact. */
	if (json_member_int(record->body, "unit", 0) !=
	    unit_of(work, &work->items[work->item]))
		return ERR_FORMAT;
	if (record->type == RECORD_ERROR && work->is_head &&
	    strcmp(json_member_text(record->body, "what", ""), "head") == 0) {
		work->is_short = true;
		return ERR_OK;
	}
	if (record->type == RECORD_ERROR &&
	    json_object_get(record->body, "rule") == NULL)
		work->is_told = true;
	rescan_put(
	    work->grant->rescan, record->type, record->data, record->len);
	return ERR_OK;
}

static int64_t
read_bytes(const struct work *work, const struct item *item)
{
	int64_t size = (int64_t)item->size;

	return work->is_head && size > HEAD_BYTES ? HEAD_BYTES : size;
}

/* Whether heads may be enough for the unit's rules: while they mostly were. */
static bool
is_head(const struct rescan *rescan, int64_t unit)
{
	unsigned int level = rescan_level(rescan, unit);

	return rescan->find.candidates >= HEAD_CANDIDATES_MIN &&
	       (rescan->heads[level] < HEAD_TRIES ||
		   rescan->heads_missed[level] * 2 < rescan->heads[level]);
}

static void
note_head(const struct work *work, const struct item *item)
{
	struct rescan *rescan = work->grant->rescan;
	unsigned int level = rescan_level(rescan, unit_of(work, item));

	/* A small one comes whole, and tells nothing. */
	if (!work->is_head || item->size <= (uint64_t)HEAD_BYTES)
		return;
	rescan->heads[level]++;
	rescan->heads_missed[level] += work->is_short;
}

static void
finish_item(struct work *work)
{
	const struct item *item = &work->items[work->item];
	struct rescan *rescan = work->grant->rescan;

	note_head(work, item);
	if (work->is_short) {
		work->states[item->at] = UNIT_WAITS;
	} else {
		rescan->scanned++;
		rescan->bytes += read_bytes(work, item);
		work->states[item->at] = UNIT_DONE;
	}
	work->item++;
	work->is_told = work->is_short = false;
	record_in_free(work->in);
	work->in = NULL;
}

static int
on_begin(void *arg, uint32_t index)
{
	struct work *work = arg;

	if (work->item == work->item_count ||
	    work->items[work->item].index != index)
		return ERR_FORMAT;
	work->in = record_in_new(on_record, work);
	return ERR_OK;
}

static int
on_data(void *arg, const uint8_t *p, size_t len)
{
	struct work *work = arg;

	return work->in == NULL ? (int)ERR_FORMAT
				: record_feed(work->in, p, len);
}

static int
on_item_end(void *arg, const struct pack_end *end)
{
	struct work *work = arg;
	bool is_whole = end->status == ANALYSER_EXIT_DONE && work->in != NULL &&
			record_in_is_complete(work->in);

	if (work->in == NULL)
		return ERR_FORMAT;
	/* Never "no match": it is named. */
	if (!is_whole && !work->is_told && !work->is_short)
		put_gap(work->grant->rescan,
		    unit_of(work, &work->items[work->item]), "partial",
		    "the scan did not come to its end");
	finish_item(work);
	return ERR_OK;
}

/* Of a unit that the piece did not come to. */
static enum unit_state
waiting(const struct work *work)
{
	return work->is_head ? UNIT_HEAD : UNIT_WAITS;
}

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

/* The child is gone before its last item was done. */
static void
end_early(struct work *work)
{
	const struct item *item = &work->items[work->item];

	if (work->item_count > 1 || work->is_head) {
		work->states[item->at] = UNIT_ALONE;
	} else {
		if (!work->is_told)
			put_gap(work->grant->rescan, unit_of(work, item),
			    end_word(work), "the scan did not come to its end");
		finish_item(work);
	}
	for (size_t i = work->item; i < work->item_count; i++) {
		if (work->states[work->items[i].at] == UNIT_GIVEN)
			work->states[work->items[i].at] = waiting(work);
	}
}

/* The next piece, or the grant's end. */
static void
go_on(struct work *work)
{
	struct rescan_grant *grant = work->grant;

	piece_release(work);
	for (size_t i = 0; i < grant->count; i++) {
		if (work->states[i] != UNIT_DONE) {
			ask(work);
			return;
		}
	}
	grant->work = NULL;
	free(work);
	rescan_grant_done(grant);
}

static void
settle(struct work *work)
{
	if (!work->is_ended || work->pipe_fd != -1)
		return;
	if (work->end.end == ANALYSE_REFUSED) {
		rescan_trouble(
		    work->grant->rescan, "the scanner takes no work");
		return;
	}
	if (!work->is_pack && !work->is_bad && work->end.end == ANALYSE_DONE &&
	    record_in_is_complete(work->in))
		finish_item(work);
	if (work->item < work->item_count)
		end_early(work);
	go_on(work);
}

static void
on_readable(void *arg, int fd, unsigned int events)
{
	static uint8_t buf[64 * KIB];
	struct work *work = arg;
	ssize_t n = read(fd, buf, sizeof(buf));
	int err;

	(void)events;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		err = work->is_pack ? pack_feed(&work->pack, buf, (size_t)n)
				    : record_feed(work->in, buf, (size_t)n);
		if (err == ERR_OK)
			return;
		work->is_bad = true;
	}
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
	if (!end->is_lost)
		settle(work);
}

/* --- the scan of one piece --- */

static json_t *
context_of(const struct work *work, const struct item *item, uint32_t seconds)
{
	int64_t unit = unit_of(work, item);
	json_int_t set = (json_int_t)rescan_set(work->grant->rescan, unit);

	return json_pack("{s:I, s:[I], s:s, s:I, s:{s:i}}", "unit",
	    (json_int_t)unit, "sets", set, "name", item->name, "size",
	    (json_int_t)item->size, "limits", "seconds", (int)seconds);
}

/* Fills the list; items that it has no room for wait for the next piece. */
static void
fill_list(struct work *work, struct wire_out *list, uint32_t seconds)
{
	size_t kept = 0;

	for (size_t i = 0; i < work->item_count; i++) {
		struct item *item = &work->items[i];
		auto_json json_t *context = context_of(work, item, seconds);
		auto_free char *text = json_canonical(context);
		size_t len = strlen(text);

		if (len + 8 > LIST_BYTES - list->len) {
			work->states[item->at] = waiting(work);
			free(item->name);
			continue;
		}
		pack_list_put(list, item->index, text, len);
		work->items[kept++] = *item;
	}
	work->item_count = kept;
}

static struct errand *
start(struct work *work, struct worker *worker, int out_fd)
{
	static const struct pack_ops ops = {
	    .begin = on_begin,
	    .data = on_data,
	    .end = on_item_end,
	};
	struct rescan *rescan = work->grant->rescan;
	uint32_t seconds = rescan->sched->job_seconds +
			   (uint32_t)(work->size / BYTES_A_SECOND % 1000000);
	auto_json json_t *context = NULL;
	auto_free char *text = NULL;
	struct errand *errand;
	struct wire_out list;

	wire_out_init(&list, LIST_BYTES);
	if (work->is_pack) {
		pack_in_init(&work->pack, &ops, work);
		fill_list(work, &list, rescan->sched->job_seconds);
		text = xstrdup("{}");
	} else {
		work->in = record_in_new(on_record, work);
		context = context_of(work, &work->items[0], seconds);
		text = json_canonical(context);
	}
	errand = errand_start(worker,
	    &(struct errand_spec){
		.input_fd = take_fd(work->input_fd),
		.out_fd = out_fd,
		.how = work->how,
		.size = work->size,
		.context = text,
		.list = work->is_pack ? &list : NULL,
		.seconds = seconds,
		.memory_mib = (uint32_t)(LIMIT_ANALYSER_MEMORY_BYTES / MIB),
		.ended = on_ended,
		.arg = work,
	    });
	wire_out_release(&list);
	return errand;
}

static void
scan(struct work *work)
{
	struct rescan *rescan = work->grant->rescan;
	struct worker *worker = worker_find(rescan->sched, "hunt");
	int fds[2];

	if (worker == NULL || pipe2(fds, O_CLOEXEC) == -1) {
		rescan_trouble(rescan, "the scanner cannot be reached");
		return;
	}
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	work->pipe_fd = fds[0];
	work->errand = start(work, worker, fds[1]);
	if (work->errand == NULL) {
		rescan_trouble(rescan, "the scanner takes no orders");
		return;
	}
	work->watch = loop_watch(rescan->sched->program.loop, work->pipe_fd,
	    LOOP_READ, on_readable, work);
}

/* --- asking the store --- */

static void
add_item(struct work *work, size_t at, const struct values *row)
{
	struct item *item = &work->items[work->item_count++];
	int64_t size = values_int(row, 3);
	auto_json json_t *shown = NULL;
	const uint8_t *name;
	size_t len;

	name = values_bytes(row, 4, &len);
	shown = record_text(name == NULL ? (const void *)"" : name, len);
	*item = (struct item){
	    .at = at,
	    .size = size < 0 ? 0 : (uint64_t)size,
	    .name = xstrdup(json_string_value(shown)),
	    .index = (uint32_t)values_int(row, 5),
	};
	work->states[at] = UNIT_GIVEN;
}

static void
on_row(void *arg, const struct values *row)
{
	struct work *work = arg;
	int64_t unit = values_int(row, 0);
	char state[16], text[512];
	size_t at = 0;

	if (work->grant == NULL)
		return;
	while (at < work->grant->count && work->grant->units[at] != unit)
		at++;
	if (at == work->grant->count || work->states[at] > UNIT_ALONE)
		return;
	(void)values_text(row, 1, state, sizeof(state));
	(void)values_text(row, 2, text, sizeof(text));
	if (strcmp(state, "packed") == 0) {
		work->is_pack = true;
		work->how = BLOB_MEMFD;
		work->size = (uint64_t)values_int(row, 6);
		add_item(work, at, row);
	} else if (strcmp(state, "memory") == 0 ||
		   strcmp(state, "range") == 0) {
		work->how =
		    strcmp(state, "memory") == 0 ? BLOB_MEMFD : BLOB_RANGE;
		add_item(work, at, row);
		work->size = work->items[0].size;
	} else {
		work->states[at] = UNIT_DONE;
		if (strcmp(state, "gone") != 0 && strcmp(state, "live") != 0)
			put_gap(work->grant->rescan, unit, state, text);
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
	/* Also paused or cancelled: the next lease says what goes on. */
	if (err != ERR_OK)
		rescan_trouble(work->grant->rescan, why);
	else if (work->item_count > 0 && fd != -1)
		scan(work);
	else if (work->item_count > 0)
		rescan_trouble(work->grant->rescan, "no bytes came");
	else
		go_on(work);
}

/* Units in a state, so many at most. */
static void
put_units(
    struct work *work, struct wire_out *list, enum unit_state state, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < work->grant->count && count < max; i++) {
		if (work->states[i] != state)
			continue;
		wire_put_i64(list, work->grant->units[i]);
		count++;
	}
}

/* Heads: few, until it is known of one of their levels how that goes. */
static void
put_heads(struct work *work, struct wire_out *list)
{
	const struct rescan *rescan = work->grant->rescan;
	size_t max = RESCAN_GRANT_UNITS;

	for (size_t i = 0; i < work->grant->count; i++) {
		if (work->states[i] == UNIT_HEAD &&
		    rescan->heads[rescan_level(rescan, work->grant->units[i])] <
			HEAD_TRIES)
			max = HEAD_TRIES;
	}
	put_units(work, list, UNIT_HEAD, max);
}

/* Others may have found out meanwhile that heads are not enough. */
static void
look_again(struct work *work)
{
	for (size_t i = 0; i < work->grant->count; i++) {
		if (work->states[i] == UNIT_HEAD &&
		    !is_head(work->grant->rescan, work->grant->units[i]))
			work->states[i] = UNIT_WAITS;
	}
}

static void
ask(struct work *work)
{
	struct rescan *rescan = work->grant->rescan;
	struct wire_out list;
	struct values params;

	wire_out_init(&list, LIMIT_MSG_BYTES);
	look_again(work);
	put_heads(work, &list);
	work->is_head = list.len > 0;
	if (list.len == 0)
		put_units(work, &list, UNIT_WAITS, RESCAN_GRANT_UNITS);
	if (list.len == 0)
		put_units(work, &list, UNIT_ALONE, 1);
	values_init(&params);
	values_add_int(&params, rescan->id);
	values_add_bytes(&params, list.buf, list.len);
	values_add_int(&params, work->is_head ? HEAD_BYTES : 0);
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
