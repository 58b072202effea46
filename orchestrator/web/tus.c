/* SPDX-License-Identifier: Apache-2.0 */
/* tus.c - the requests of tus: create, append, look, delete. */
#include "web/tus.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/pour.h"
#include "web/session.h"
#include "web/tus_ask.h"

#include <inttypes.h>

/* How long the vault may take nothing before the request is given up. */
#define STALL_MS 120000
/* From the last byte of all to durable evidence. */
#define FINISH_MS 600000
/* A writer that is silent for so long makes room for another one: its client
 * is likely to have come back on a new connection. */
#define SILENT_MS 5000

#define STATUS_GONE	UINT32_C(410)
#define STATUS_VERSION	UINT32_C(412)
#define STATUS_CHECKSUM UINT32_C(460)

enum tus_state {
	TUS_ASKING, /* begin, append, look or delete */
	TUS_READING,
	TUS_SAVING,
	TUS_OVER
};

/* Lives until its exchange is gone and no call is open. */
struct tus {
	struct web *web;
	struct exchange *x; /* NULL = gone */
	enum tus_state state;
	bool has_call;
	bool is_created; /* by this request */
	struct session *session;
	uint32_t generation;
	char id[64];
	struct tus_ask ask;
	int64_t expires;
	int64_t bytes; /* of this request's body */
	uint64_t moved_ms;
	struct pour *pour;
	struct checksum *sum;
};

static bool
is_listening(const struct tus *t)
{
	return t->x != NULL && !t->x->is_answered;
}

static void
maybe_free(struct tus *t)
{
	if (t->x != NULL || t->has_call)
		return;
	pour_free(t->pour);
	session_release(t->session);
	checksum_free(t->sum);
	free(t->ask.metadata);
	free(t);
}

static void
call(struct tus *t, enum call_op op, const struct values *params,
    call_row_fn *row, call_end_fn *end)
{
	t->has_call = true;
	(void)calls_start(t->web->calls, op, session_principal(t->session),
	    params, -1, row, end, t);
}

/* Tells the store something whose answer does not matter. */
static void
tell(struct tus *t, enum call_op op)
{
	struct values params;

	if (t->id[0] == '\0' || t->generation != t->web->generation)
		return;
	values_init(&params);
	values_add_text(&params, t->id);
	if (op == CALL_UPLOAD_SAVE)
		values_add_int(&params, -1);
	(void)calls_start(t->web->calls, op, session_principal(t->session),
	    &params, -1, NULL, NULL, NULL);
}

/* The body breaks off: what arrived is kept, unless all of it or nothing was
 * asked for. */
static void
break_off(struct tus *t)
{
	const bool is_atomic = t->sum != NULL;

	if (t->state != TUS_READING)
		return;
	t->state = TUS_OVER;
	pour_free(take_ptr(t->pour));
	tell(t, is_atomic ? CALL_UPLOAD_DISCARD : CALL_UPLOAD_SAVE);
}

static void
fail(struct tus *t, enum err err, const char *why)
{
	t->state = TUS_OVER;
	if (!is_listening(t))
		return;
	/* Nobody knows what was made: it need not wait to expire. */
	if (t->is_created && t->ask.offset == 0)
		tell(t, CALL_UPLOAD_TERMINATE);
	free(take_ptr(t->x->location));
	if (err == ERR_EOF)
		exchange_problem(t->x, STATUS_GONE, why);
	else
		exchange_fail(t->x, err == ERR_OK ? ERR_UNAVAILABLE : err, why);
}

static void
put_number(struct exchange *x, const char *name, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	http_answer_header(x->http, name, text);
}

static void
put_expires(struct exchange *x, int64_t expires)
{
	char date[TUS_DATE_BYTES];

	http_answer_header(x->http, "Upload-Expires", tus_date(date, expires));
}

static void
answer(struct tus *t, bool is_open)
{
	struct exchange *x = t->x;

	t->state = TUS_OVER;
	if (!t->is_created || t->ask.has_body || t->ask.length == 0)
		put_number(x, "Upload-Offset", t->ask.offset);
	if (is_open)
		put_expires(x, t->expires);
	exchange_answer_empty(x, t->is_created ? 201 : 204);
}

static size_t
column(enum call_op op, const char *name)
{
	return (size_t)call_column(op, name);
}

/* --- save --- */

static void
on_saved_row(void *arg, const struct values *row)
{
	struct tus *t = arg;
	const enum call_op op = CALL_UPLOAD_SAVE;
	char state[16] = "";

	t->ask.offset = values_int(row, column(op, "offset"));
	t->expires = values_int(row, column(op, "expires"));
	(void)values_text(row, column(op, "state"), state, sizeof(state));
	if (strcmp(state, "open") != 0)
		t->expires = 0;
	if (t->x != NULL)
		t->x->row_count++;
}

static void
on_saved_end(void *arg, enum err err, const char *why, int fd)
{
	struct tus *t = arg;

	if (fd != -1)
		(void)close(fd);
	t->has_call = false;
	if (!is_listening(t))
		maybe_free(t);
	else if (err != ERR_OK || t->x->row_count != 1)
		fail(t, err, why);
	else
		answer(t, t->expires != 0);
}

static void
save(struct tus *t)
{
	struct values params;

	t->state = TUS_SAVING;
	pour_free(take_ptr(t->pour));
	if (t->x != NULL)
		exchange_deadline(t->x, FINISH_MS);
	values_init(&params);
	values_add_text(&params, t->id);
	values_add_int(&params, t->bytes);
	call(t, CALL_UPLOAD_SAVE, &params, on_saved_row, on_saved_end);
}

/* --- the body --- */

static void
on_broken(void *arg)
{
	struct tus *t = arg;

	/* The vault says why, or is gone; what it has it keeps. */
	if (t->sum != NULL) {
		break_off(t);
		fail(t, ERR_UNAVAILABLE, "the vault broke off; try again");
		return;
	}
	save(t);
}

static size_t
on_data(void *arg, const uint8_t *p, size_t len)
{
	struct tus *t = arg;
	size_t taken;

	if (t->state != TUS_READING)
		return len; /* the answer is under way */
	t->moved_ms = loop_now_ms();
	if ((uint64_t)len >
	    (uint64_t)(t->ask.length - t->ask.offset - t->bytes)) {
		break_off(t);
		fail(t, ERR_LIMIT, "more bytes than the upload has");
		return len;
	}
	taken = pour_data(t->pour, p, len);
	t->bytes += (int64_t)taken;
	if (t->sum != NULL)
		checksum_update(t->sum, p, taken);
	return taken;
}

static void
on_body_end(void *arg)
{
	struct tus *t = arg;
	uint8_t bytes[CHECKSUM_BYTES_MAX];

	if (t->state != TUS_READING)
		return;
	if (t->sum != NULL) {
		checksum_final(t->sum, bytes);
		if (memcmp(bytes, t->ask.wanted.bytes,
			checksum_bytes(t->ask.wanted.kind)) != 0) {
			break_off(t);
			exchange_problem(t->x, STATUS_CHECKSUM,
			    "the bytes are not those that Upload-Checksum "
			    "is of; none of them was kept");
			return;
		}
	}
	save(t);
}

static const struct http_body_ops body_ops = {
    .data = on_data,
    .end = on_body_end,
};

/* --- append --- */

static void
on_append_row(void *arg, const struct values *row)
{
	struct tus *t = arg;

	t->ask.length = values_int(row, column(CALL_UPLOAD_APPEND, "length"));
	t->expires = values_int(row, column(CALL_UPLOAD_APPEND, "expires"));
}

static void make_room(const struct tus *t);

static void
on_append_end(void *arg, enum err err, const char *why, int fd)
{
	struct tus *t = arg;

	t->has_call = false;
	if (!is_listening(t) || (err == ERR_OK && fd == -1)) {
		if (fd != -1)
			(void)close(fd);
		if (err == ERR_OK)
			tell(t, CALL_UPLOAD_DISCARD);
		if (is_listening(t))
			fail(t, ERR_UNAVAILABLE, "the vault is not there");
		maybe_free(t);
		return;
	}
	if (err != ERR_OK) {
		if (err == ERR_CONFLICT)
			make_room(t);
		fail(t, err, why);
		return;
	}
	t->pour = pour_new(t->web->loop, fd, t->x->http, on_broken, t);
	t->state = TUS_READING;
	t->moved_ms = loop_now_ms();
	/* The client's own silence is what ends a slow upload. */
	exchange_deadline(t->x, 0);
	http_read_body(t->x->http, &body_ops, t);
}

static void
append(struct tus *t)
{
	struct values params;

	exchange_deadline(t->x, t->web->call_ms);
	values_init(&params);
	values_add_text(&params, t->id);
	values_add_int(&params, t->ask.offset);
	values_add_int(&params, http_req_body_bytes(t->x->http));
	values_add_int(&params, t->sum != NULL);
	call(t, CALL_UPLOAD_APPEND, &params, on_append_row, on_append_end);
}

/* --- create --- */

static void
on_begin_row(void *arg, const struct values *row)
{
	struct tus *t = arg;

	(void)values_text(row, 0, t->id, sizeof(t->id));
	t->expires = values_int(row, column(CALL_UPLOAD_BEGIN, "expires"));
	t->is_created = true;
	if (is_listening(t))
		exchange_locate(t->x, row);
}

static void
on_begin_end(void *arg, enum err err, const char *why, int fd)
{
	struct tus *t = arg;

	if (fd != -1)
		(void)close(fd);
	t->has_call = false;
	if (!is_listening(t)) {
		if (err == ERR_OK)
			tell(t, CALL_UPLOAD_TERMINATE);
		maybe_free(t);
	} else if (err != ERR_OK || !t->is_created) {
		fail(t, err, why);
	} else if (t->ask.has_body || t->ask.length == 0) {
		append(t);
	} else {
		answer(t, true);
	}
}

static void
begin(struct tus *t)
{
	const struct target_text *submission =
	    route_variable(&t->x->match, "submission");
	const char *metadata = http_req_header(t->x->http, "Upload-Metadata");
	const struct tus_metadata *m = t->ask.metadata;
	auto_free char *name = xstrndup(submission->p, submission->len);
	struct values params;

	values_init(&params);
	values_add_text(&params, name);
	values_add_bytes(&params, m->filename, m->filename_len);
	values_add_text(&params, m->kind[0] == '\0' ? "file" : m->kind);
	values_add_int(&params, t->ask.length);
	if (m->has_sha256)
		values_add_bytes(&params, m->sha256, sizeof(m->sha256));
	else
		values_add_null(&params);
	values_add_text(&params, metadata == NULL ? "" : metadata);
	call(t, CALL_UPLOAD_BEGIN, &params, on_begin_row, on_begin_end);
}

/* --- look and delete --- */

static void
on_look_row(void *arg, const struct values *row)
{
	const enum call_op op = CALL_UPLOAD_GET;
	struct tus *t = arg;
	auto_free char *metadata = NULL;
	char state[16] = "";

	if (!is_listening(t))
		return;
	(void)values_text(row, column(op, "state"), state, sizeof(state));
	t->ask.offset = values_int(row, column(op, "offset"));
	t->ask.length = values_int(row, column(op, "length"));
	t->expires = values_int(row, column(op, "expires"));
	if (strcmp(state, "open") != 0 && strcmp(state, "finished") != 0)
		return;
	t->x->row_count++;
	metadata = values_text_dup(row, column(op, "metadata"));
	if (metadata != NULL && metadata[0] != '\0')
		http_answer_header(t->x->http, "Upload-Metadata", metadata);
	if (strcmp(state, "open") == 0)
		put_expires(t->x, t->expires);
}

static void
on_look_end(void *arg, enum err err, const char *why, int fd)
{
	struct tus *t = arg;

	if (fd != -1)
		(void)close(fd);
	t->has_call = false;
	t->state = TUS_OVER;
	if (!is_listening(t)) {
		maybe_free(t);
	} else if (err != ERR_OK) {
		fail(t, err, why);
	} else if (t->x->row_count == 0) {
		fail(t, ERR_EOF, "the upload is over, and nothing is left");
	} else {
		put_number(t->x, "Upload-Offset", t->ask.offset);
		put_number(t->x, "Upload-Length", t->ask.length);
		exchange_answer_empty(t->x, 200);
	}
}

static void
on_delete_end(void *arg, enum err err, const char *why, int fd)
{
	struct tus *t = arg;

	if (fd != -1)
		(void)close(fd);
	t->has_call = false;
	t->state = TUS_OVER;
	if (!is_listening(t))
		maybe_free(t);
	else if (err != ERR_OK)
		fail(t, err, why);
	else
		exchange_answer_empty(t->x, 204);
}

static void
name_only(struct tus *t, enum call_op op, call_row_fn *row, call_end_fn *end)
{
	struct values params;

	values_init(&params);
	values_add_text(&params, t->id);
	call(t, op, &params, row, end);
}

/* --- the exchange --- */

static void
on_gone(void *part)
{
	struct tus *t = part;

	break_off(t);
	t->x = NULL;
	maybe_free(t);
}

static void
on_tick(void *part)
{
	struct tus *t = part;

	if (t->state != TUS_READING || pour_stalled_ms(t->pour) < STALL_MS)
		return;
	break_off(t);
	fail(t, ERR_UNAVAILABLE, "the vault takes no more bytes; try again");
}

static const struct part_ops part_ops = {
    .gone = on_gone,
    .tick = on_tick,
};

/* Ends a writer of the same upload that nothing has been heard of. */
static void
make_room(const struct tus *t)
{
	struct exchange *x, *next;

	for (x = TAILQ_FIRST(&t->web->exchanges); x != NULL; x = next) {
		struct tus *other = x->part;

		next = TAILQ_NEXT(x, entry);
		if (x->part_ops != &part_ops || other == t ||
		    other->state != TUS_READING ||
		    strcmp(other->id, t->id) != 0 ||
		    loop_now_ms() - other->moved_ms < SILENT_MS)
			continue;
		break_off(other);
		exchange_problem(x, 408, "nothing came for a while");
	}
}

static void
on_session(struct exchange *x, enum err err, const char *why)
{
	struct tus *t = x->part;

	if (x->is_answered)
		return; /* it took too long */
	if (err != ERR_OK) {
		fail(t, err, why);
		return;
	}
	t->session = session_hold(x->session);
	t->generation = x->web->generation;
	switch (x->match.route->op) {
	case CALL_UPLOAD_BEGIN:
		begin(t);
		break;
	case CALL_UPLOAD_APPEND:
		append(t);
		break;
	case CALL_UPLOAD_GET:
		name_only(t, CALL_UPLOAD_GET, on_look_row, on_look_end);
		break;
	default:
		name_only(t, CALL_UPLOAD_TERMINATE, NULL, on_delete_end);
	}
}

void
tus_start(struct exchange *x)
{
	const char *version = http_req_header(x->http, "Tus-Resumable");
	const struct target_text *id = route_variable(&x->match, "id");
	struct tus *t;

	if (version == NULL || strcmp(version, TUS_VERSION) != 0) {
		http_answer_header(x->http, "Tus-Version", TUS_VERSION);
		exchange_problem(
		    x, STATUS_VERSION, "Tus-Resumable must be " TUS_VERSION);
		return;
	}
	t = xcalloc(1, sizeof(*t));
	t->web = x->web;
	t->x = x;
	if (id != NULL)
		(void)snprintf(
		    t->id, sizeof(t->id), "%.*s", (int)id->len, id->p);
	exchange_set_part(x, &part_ops, t);
	if (!tus_ask(x, &t->ask))
		return;
	if (t->ask.wanted.kind != CHECKSUM_NONE)
		t->sum = checksum_new(t->ask.wanted.kind);
	exchange_deadline(x, x->web->call_ms);
	session_need(x, on_session);
}

void
tus_answer_options(struct exchange *x)
{
	char max[24];

	(void)snprintf(max, sizeof(max), "%" PRId64, LIMIT_FILE_BYTES);
	http_answer_header(x->http, "Tus-Version", TUS_VERSION);
	http_answer_header(x->http, "Tus-Max-Size", max);
	http_answer_header(x->http, "Tus-Extension", TUS_EXTENSIONS);
	http_answer_header(x->http, "Tus-Checksum-Algorithm", TUS_CHECKSUMS);
}

const char *
tus_method(const struct http_req *http, const char *method)
{
	static const char *const others[] = {"PATCH", "DELETE", "HEAD"};
	const char *override = http_req_header(http, "X-HTTP-Method-Override");

	if (override == NULL || strcmp(method, "POST") != 0)
		return method;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (strcmp(override, others[i]) == 0)
			return others[i];
	}
	return method;
}
