/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - the catalogue of calls, and open calls over a channel. */
#include "lib/call.h"

#include "lib/own.h"
#include "lib/reason.h"
#include "lib/xalloc.h"

#include <assert.h>
#include <sys/queue.h>

struct call_text {
	const char *name;
	unsigned int roles;
	const char *capability;
	const char *params;
	const char *columns;
};

#define CALL_OP(name, roles, capability, params, columns) \
 [CALL_##name] = {#name, roles, capability, params, columns},
static const struct call_text texts[CALL_COUNT] = {
#include "lib/call.def"
};
#undef CALL_OP

/* Parses "a:s b:i?" into fields; the catalogue is ours, so it asserts. */
static size_t
parse_fields(const char *text, struct call_field *fields, size_t max)
{
	size_t count = 0;

	while (*text != '\0') {
		const char *colon = strchr(text, ':');
		struct call_field *f;

		assert(count < max && colon != NULL);
		f = &fields[count++];
		assert((size_t)(colon - text) < sizeof(f->name));
		memset(f->name, 0, sizeof(f->name));
		memcpy(f->name, text, (size_t)(colon - text));
		f->type = colon[1];
		assert(strchr("isbtfjhn", f->type) != NULL);
		f->is_nullable = colon[2] == '?';
		text = colon + 2 + f->is_nullable;
		while (*text == ' ')
			text++;
	}
	return count;
}

/* "capability!" taken apart. */
static void
parse_capability(const char *text, struct call_spec *spec)
{
	size_t len = strlen(text);

	spec->needs_proof = len > 0 && text[len - 1] == '!';
	len -= spec->needs_proof;
	assert(len < sizeof(spec->capability));
	memcpy(spec->capability, text, len);
	spec->capability[len] = '\0';
}

const struct call_spec *
call_spec(unsigned int op)
{
	static struct call_spec specs[CALL_COUNT];
	struct call_spec *spec;

	if (op >= CALL_COUNT || texts[op].name == NULL)
		return NULL;
	spec = &specs[op];
	if (spec->name == NULL) {
		spec->roles = texts[op].roles;
		parse_capability(texts[op].capability, spec);
		spec->param_count = parse_fields(texts[op].params, spec->params,
		    sizeof(spec->params) / sizeof(spec->params[0]));
		spec->column_count =
		    parse_fields(texts[op].columns, spec->columns,
			sizeof(spec->columns) / sizeof(spec->columns[0]));
		spec->name = texts[op].name;
	}
	return spec;
}

enum call_op
call_by_name(const char *name)
{
	for (unsigned int op = 0; op < CALL_COUNT; op++) {
		if (texts[op].name != NULL && strcmp(texts[op].name, name) == 0)
			return (enum call_op)op;
	}
	return CALL_NONE_;
}

int
call_column(enum call_op op, const char *name)
{
	const struct call_spec *spec = call_spec(op);

	for (size_t i = 0; spec != NULL && i < spec->column_count; i++) {
		if (strcmp(spec->columns[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static enum value_type
type_of(char letter)
{
	switch (letter) {
	case 's':
	case 'j':
		return VALUE_TEXT;
	case 'b':
	case 'h':
	case 'n':
		return VALUE_BYTES;
	default:
		return VALUE_INT;
	}
}

int
call_check(enum call_op op, const struct values *values, bool is_row)
{
	const struct call_spec *spec = call_spec(op);
	const struct call_field *fields;
	size_t count;

	if (spec == NULL)
		return ERR_FORMAT;
	fields = is_row ? spec->columns : spec->params;
	count = is_row ? spec->column_count : spec->param_count;
	if (values->count != count)
		return ERR_FORMAT;
	for (size_t i = 0; i < count; i++) {
		enum value_type type = values->v[i].type;

		if (type == VALUE_NULL && fields[i].is_nullable)
			continue;
		if (type != type_of(fields[i].type))
			return ERR_FORMAT;
	}
	return ERR_OK;
}

struct open_call {
	TAILQ_ENTRY(open_call) entry;
	uint32_t id;
	enum call_op op;
	bool is_sent;
	call_row_fn *row;
	call_end_fn *end;
	void *arg;
};

/* Open calls are found by id through a small hash of lists. */
#define BUCKETS 256

TAILQ_HEAD(call_list, open_call);

struct calls {
	struct loop *loop;
	struct chan *chan;
	struct loop_timer *failing;
	uint32_t id_last;
	struct call_list buckets[BUCKETS];
};

struct calls *
calls_new(struct loop *loop)
{
	struct calls *calls = xcalloc(1, sizeof(*calls));

	calls->loop = loop;
	for (size_t i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&calls->buckets[i]);
	return calls;
}

/* Ends every call (all = true), or those that were never sent. */
static void
fail_open(struct calls *calls, bool all)
{
	struct call_list ending = TAILQ_HEAD_INITIALIZER(ending);
	struct open_call *call, *next;

	for (size_t i = 0; i < BUCKETS; i++) {
		for (call = TAILQ_FIRST(&calls->buckets[i]); call != NULL;
		     call = next) {
			next = TAILQ_NEXT(call, entry);
			if (!all && call->is_sent)
				continue;
			TAILQ_REMOVE(&calls->buckets[i], call, entry);
			TAILQ_INSERT_TAIL(&ending, call, entry);
		}
	}
	while ((call = TAILQ_FIRST(&ending)) != NULL) {
		TAILQ_REMOVE(&ending, call, entry);
		if (call->end != NULL)
			call->end(call->arg, ERR_UNAVAILABLE,
			    "the store is not running; try again shortly", -1);
		free(call);
	}
}

static void
on_failing(void *arg)
{
	struct calls *calls = arg;

	calls->failing = NULL;
	fail_open(calls, false);
}

void
calls_free(struct calls *calls)
{
	if (calls == NULL)
		return;
	loop_timer_cancel(calls->failing);
	calls->failing = NULL;
	fail_open(calls, true);
	free(calls);
}

void
calls_set_chan(struct calls *calls, struct chan *chan)
{
	calls->chan = chan;
	if (chan == NULL)
		fail_open(calls, true);
}

bool
calls_is_connected(const struct calls *calls)
{
	return calls->chan != NULL;
}

static struct open_call *
find(struct calls *calls, uint32_t id)
{
	struct open_call *call;

	TAILQ_FOREACH (call, &calls->buckets[id % BUCKETS], entry) {
		if (call->id == id)
			return call;
	}
	return NULL;
}

uint32_t
calls_start(struct calls *calls, enum call_op op, uint64_t principal,
    const struct values *params, int fd, call_row_fn *row, call_end_fn *end,
    void *arg)
{
	struct open_call *call = xcalloc(1, sizeof(*call));
	static const struct values none;
	struct wire_out body;
	int err = ERR_UNAVAILABLE;

	do {
		if (++calls->id_last == 0)
			calls->id_last = 1;
	} while (find(calls, calls->id_last) != NULL);
	call->id = calls->id_last;
	call->op = op;
	call->row = row;
	call->end = end;
	call->arg = arg;
	TAILQ_INSERT_TAIL(&calls->buckets[call->id % BUCKETS], call, entry);
	wire_out_init(&body, LIMIT_MSG_BYTES - CHAN_HEADER_BYTES);
	wire_put_u64(&body, principal);
	wire_put_u16(&body, (uint16_t)op);
	values_put(params == NULL ? &none : params, &body);
	if (calls->chan != NULL)
		err = chan_send(calls->chan, MSG_CALL, call->id, &body, fd);
	else if (fd != -1)
		(void)close(fd);
	wire_out_release(&body);
	call->is_sent = err == ERR_OK;
	if (!call->is_sent && calls->failing == NULL)
		calls->failing = loop_timer(calls->loop, 0, on_failing, calls);
	return call->id;
}

void
calls_cancel(struct calls *calls, uint32_t id)
{
	struct open_call *call = find(calls, id);

	if (call == NULL)
		return;
	/* The id stays taken until the store's CALL_END: answers that are
	 * under way must not reach a later call. */
	call->row = NULL;
	call->end = NULL;
	if (call->is_sent && calls->chan != NULL)
		(void)chan_send(calls->chan, MSG_CALL_CANCEL, id, NULL, -1);
}

static int
on_rows(struct open_call *call, struct msg *msg)
{
	struct values row;

	do {
		if (values_get(&row, &msg->in) != ERR_OK ||
		    call_check(call->op, &row, true) != ERR_OK)
			return ERR_PEER;
		/* Whoever takes a row may cancel the call. */
		if (call->row != NULL)
			call->row(call->arg, &row);
	} while (!wire_in_is_done(&msg->in));
	return ERR_OK;
}

int
calls_handle(struct calls *calls, struct msg *msg)
{
	struct open_call *call = find(calls, msg->request);
	char why[REASON_BYTES_MAX];
	enum err err;

	if (call == NULL)
		return ERR_PEER;
	if (msg->type == MSG_CALL_ROWS)
		return on_rows(call, msg);
	err = (enum err)wire_get_u8(&msg->in);
	wire_get_str(&msg->in, why, sizeof(why));
	TAILQ_REMOVE(&calls->buckets[call->id % BUCKETS], call, entry);
	if (call->end != NULL)
		call->end(call->arg, err, why, take_fd(msg->fd));
	free(call);
	return ERR_OK;
}
