/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - one CALL: checked, authorised, dispatched, answered. */
#include "store/request.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/handlers.h"
#include "store/number.h"
#include "store/proof.h"
#include "store/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>

#define LIMIT_USUAL 100
/* With more in it a message takes no further row. */
#define ROWS_BYTES (24 * KIB)
/* $30 and $31 of statements that serve generic reads (stmt.def). */
#define AT_ACCOUNT 29
#define AT_STAFF   30

static size_t
count_open(const struct store *store, const struct chan *chan)
{
	const struct request *r;
	size_t count = 0;

	TAILQ_FOREACH (r, &store->requests, entry) {
		if (r->chan == chan)
			count++;
	}
	return count;
}

static bool
is_open(const struct store *store, const struct chan *chan, uint32_t id)
{
	const struct request *r;

	TAILQ_FOREACH (r, &store->requests, entry) {
		if (r->chan == chan && r->id == id)
			return true;
	}
	return false;
}

void
request_free(struct request *r)
{
	TAILQ_REMOVE(&r->store->requests, r, entry);
	if (r->fd != -1)
		(void)close(r->fd);
	if (r->end_fd != -1)
		(void)close(r->end_fd);
	free(r->body);
	free(r);
}

/*
 * Copies the body, so that a request can wait, and ends each text with a NUL
 * in place: the byte behind it was decoded already.
 */
static int
take_params(struct request *r, const struct wire_in *in)
{
	size_t len = in->len - in->pos;
	struct wire_in copy;

	r->body = xmalloc(len + 1);
	memcpy(r->body, in->buf + in->pos, len);
	wire_in_init(&copy, r->body, len);
	if (values_get(&r->params, &copy) != ERR_OK)
		return ERR_PEER;
	for (size_t i = 0; i < r->params.count; i++) {
		const struct value *v = &r->params.v[i];

		if (v->type == VALUE_TEXT || v->type == VALUE_BYTES)
			r->body[(size_t)(v->p - r->body) + v->len] = '\0';
	}
	return ERR_OK;
}

/* Documents may be longer than what one types into a field. */
static size_t
text_limit(const struct request *r, size_t at)
{
	return r->spec->params[at].type == 'j' ? LIMIT_DOCUMENT_BYTES
					       : LIMIT_TEXT_BYTES;
}

/* What a person typed is bounded; what programs send fits a message. */
static int
check_texts(struct request *r)
{
	for (size_t i = 0; i < r->params.count; i++) {
		const struct value *v = &r->params.v[i];
		const char *name = r->spec->params[i].name;

		if (v->type == VALUE_BYTES && r->peer == ROLE_WEB &&
		    v->len > LIMIT_NAME_BYTES)
			return request_why(r, ERR_LIMIT,
			    "\"%s\" is longer than"
			    " %zu bytes",
			    name, LIMIT_NAME_BYTES);
		if (v->type != VALUE_TEXT)
			continue;
		if (!text_is_utf8(v->p, v->len))
			return request_why(r, ERR_FORMAT,
			    "\"%s\" is no valid "
			    "UTF-8",
			    name);
		if (r->peer == ROLE_WEB && v->len > text_limit(r, i))
			return request_why(r, ERR_LIMIT,
			    "\"%s\" is longer than"
			    " %zu bytes",
			    name, text_limit(r, i));
	}
	return ERR_OK;
}

/* About the account of the one who asks alone. */
static bool
request_is_own(enum call_op op)
{
	switch (op) {
	case CALL_SESSION_LIST:
	case CALL_SESSION_CLOSE:
	case CALL_PASSWORD_SET:
	case CALL_TOTP_BEGIN:
	case CALL_TOTP_CONFIRM:
	case CALL_PROVE:
	case CALL_OIDC_PROVE:
		return true;
	default:
		return false;
	}
}

static int
authorise(struct request *r, uint64_t handle)
{
	const char *needed = r->spec->capability;
	const struct principal *p;

	if (strcmp(needed, "-") == 0)
		return ERR_OK;
	p = sessions_find(r->store->sessions, handle);
	if (p == NULL)
		return request_why(r, ERR_DENIED,
		    "this connection has no "
		    "session");
	r->principal = *p;
	r->session = handle;
	if (p->is_half && !request_is_own(r->op))
		return request_refuse(r, ERR_DENIED, "second-factor", NULL,
		    "set up a second factor first (/api/v1/totp): this account "
		    "must have one");
	if (strcmp(needed, "=") == 0) {
		if (p->via != VIA_LOCAL && p->via != VIA_SESSION)
			return request_why(r, ERR_DENIED,
			    "a token or certificate cannot do that; log in");
	} else if (needed[0] != '\0' && !principal_may(p, needed)) {
		return request_why(r, ERR_DENIED,
		    "the account %s lacks the "
		    "capability \"%s\"",
		    p->name, needed);
	}
	return r->spec->needs_proof ? proof_check(r) : ERR_OK;
}

/* The case behind a number or id, where the principal may see it. */
static int
find_case(struct request *r, const struct value *v)
{
	const char *text = (const char *)v->p;
	char number[NUMBER_BYTES];
	AUTO(query) q = {0};
	int err;

	if (!uuid_is_valid(text, v->len)) {
		err =
		    number_parse(text, v->len, number, r->why, sizeof(r->why));
		if (err != ERR_OK)
			return err;
		text = number;
	}
	err = query_one(
	    &q, r->store->db, STMT_CASE_FIND, ARGS(WHO(r), val_text(text)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such case");
	if (err != ERR_OK)
		return err;
	(void)snprintf(r->case_id, sizeof(r->case_id), "%s", query_text(&q, 0));
	(void)snprintf(
	    r->case_org, sizeof(r->case_org), "%s", query_text(&q, 1));
	return ERR_OK;
}

static int
resolve(struct request *r)
{
	if (r->peer != ROLE_WEB)
		return ERR_OK;
	for (size_t i = 0; i < r->spec->param_count; i++) {
		if (strcmp(r->spec->params[i].name, "case") == 0)
			return find_case(r, &r->params.v[i]);
	}
	return ERR_OK;
}

static int
serve(struct request *r, uint64_t handle)
{
	int err = check_texts(r);

	if (err == ERR_OK)
		err = authorise(r, handle);
	if (err == ERR_OK)
		err = resolve(r);
	/* A call that is in the catalogue but not here yet. */
	if (err == ERR_OK && handlers[r->op] == NULL)
		return request_why(r, ERR_UNAVAILABLE,
		    "this service does not "
		    "know %s",
		    r->spec->name);
	if (err == ERR_OK)
		err = handlers[r->op](r);
	return err;
}

int
request_call(void *arg, struct chan *chan, struct msg *msg)
{
	struct store *store = arg;
	uint64_t handle = wire_get_u64(&msg->in);
	unsigned int op = wire_get_u16(&msg->in);
	const struct call_spec *spec = call_spec(op);
	struct request *r;
	int err;

	if (spec == NULL ||
	    (spec->roles & (unsigned int)chan_peer(chan)) == 0 ||
	    is_open(store, chan, msg->request) ||
	    count_open(store, chan) >= LIMIT_CALLS_OPEN)
		return ERR_PEER;
	r = xcalloc(1, sizeof(*r));
	TAILQ_INSERT_TAIL(&store->requests, r, entry);
	r->store = store;
	r->chan = chan;
	r->peer = chan_peer(chan);
	r->id = msg->request;
	r->op = (enum call_op)op;
	r->spec = spec;
	r->fd = take_fd(msg->fd);
	r->end_fd = -1;
	if (take_params(r, &msg->in) != ERR_OK ||
	    call_check(r->op, &r->params, false) != ERR_OK) {
		request_free(r);
		return ERR_PEER;
	}
	err = request_begin(r);
	if (err != ERR_OK) {
		request_end(r, (enum err)err, NULL, -1);
		return ERR_OK;
	}
	err = serve(r, handle);
	if (err == ERR_AGAIN)
		tx_end(store, true);
	else
		request_finish(r, err, -1);
	return ERR_OK;
}

int
request_cancel(void *arg, struct chan *chan, struct msg *msg)
{
	struct store *store = arg;
	struct request *r;

	TAILQ_FOREACH (r, &store->requests, entry) {
		if (r->chan == chan && r->id == msg->request)
			r->is_cancelled = true;
	}
	return ERR_OK;
}

void
request_forget_peer(struct store *store, const struct chan *chan)
{
	struct request *r;

	TAILQ_FOREACH (r, &store->requests, entry) {
		if (r->chan == chan) {
			r->chan = NULL;
			r->is_cancelled = true;
		}
	}
}

const char *
param_text(const struct request *r, size_t at)
{
	const struct value *v = &r->params.v[at];

	return v->type == VALUE_TEXT ? (const char *)v->p : "";
}

int64_t
param_int(const struct request *r, size_t at)
{
	return values_int(&r->params, at);
}

const uint8_t *
param_bytes(const struct request *r, size_t at, size_t *ret_len)
{
	const uint8_t *p = values_bytes(&r->params, at, ret_len);

	return p == NULL ? (const uint8_t *)"" : p;
}

bool
param_is_null(const struct request *r, size_t at)
{
	return values_is_null(&r->params, at);
}

int64_t
param_limit(const struct request *r, size_t at)
{
	int64_t limit = param_int(r, at);

	if (limit <= 0)
		return LIMIT_USUAL;
	return limit > (int64_t)LIMIT_ROWS ? (int64_t)LIMIT_ROWS : limit;
}

static struct reply *
reply_new(struct request *r, bool is_end)
{
	struct reply *reply = xcalloc(1, sizeof(*reply));

	reply->request = r;
	reply->is_end = is_end;
	reply->fd = -1;
	wire_out_init(&reply->body, LIMIT_MSG_BYTES - CHAN_HEADER_BYTES);
	return reply;
}

/* Rows of one answer travel together: a message for each would cost more than
 * most rows do. */
static bool
add_row(struct reply *reply, const struct values *row)
{
	size_t len = reply->body.len;

	if (len > ROWS_BYTES)
		return false;
	values_put(row, &reply->body);
	if (!reply->body.is_failed)
		return true;
	reply->body.len = len;
	reply->body.is_failed = false;
	return false;
}

void
request_row(struct request *r, const struct values *row)
{
	struct reply *reply;

	if (r->is_ended || r->is_cancelled)
		return;
	/* The client checks too, and would have to call it our crime. */
	if (call_check(r->op, row, true) != ERR_OK) {
		log_line(
		    LOG_ERROR, "msg=\"row does not fit\" op=%s", r->spec->name);
		return;
	}
	reply = tx_last_rows(r->store, r);
	if (reply != NULL && add_row(reply, row))
		return;
	reply = reply_new(r, false);
	values_put(row, &reply->body);
	tx_reply(r->store, reply);
}

/* Nobody is refused without a word, whatever a handler forgot to say. */
static const char *
usual_reason(enum err err)
{
	switch (err) {
	case ERR_NOT_FOUND:
		return "there is no such thing";
	case ERR_DENIED:
		return "this needs another capability, or another person";
	case ERR_CONFLICT:
	case ERR_STALE:
		return "the state of the object does not allow this; read it "
		       "again";
	case ERR_FORMAT:
		return "a parameter has no meaning here";
	case ERR_LIMIT:
		return "a parameter is beyond its bounds";
	case ERR_UNAVAILABLE:
	case ERR_AGAIN:
		return "a part of the service is not there now; try again "
		       "shortly";
	default:
		return "it failed inside; the log says how";
	}
}

void
request_end(struct request *r, enum err err, const char *why, int fd)
{
	struct reply *reply;

	if (r->is_ended) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	r->is_ended = true;
	if (why == NULL)
		why = r->why[0] != '\0' || err == ERR_OK ? r->why
							 : r->store->db->why;
	if (why[0] == '\0' && err != ERR_OK)
		why = usual_reason(err);
	reply = reply_new(r, true);
	wire_put_u8(&reply->body, (uint8_t)err);
	wire_put_str(&reply->body, why);
	reply->fd = fd;
	tx_reply(r->store, reply);
}

void
request_fail(struct request *r, enum err err, const char *why)
{
	/* Its end was among the replies that the commit lost. */
	r->is_ended = false;
	r->failed = ERR_OK;
	request_end(r, err, why, -1);
}

int
request_why(struct request *r, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
	return err;
}

int
request_refuse(struct request *r, int err, const char *kind, json_t *members,
    const char *fmt, ...)
{
	auto_json json_t *object = members;
	auto_free char *json = object == NULL ? NULL : json_canonical(object);
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Without its braces. */
	if (json != NULL)
		json[strlen(json) - 1] = '\0';
	(void)reason_put(
	    r->why, sizeof(r->why), kind, json == NULL ? "" : json + 1, text);
	return err;
}

int
request_begin(struct request *r)
{
	r->store->db->why[0] = '\0';
	return tx_begin(r->store, r->peer);
}

void
request_finish(struct request *r, int err, int fd)
{
	tx_end(r->store, err == ERR_OK || r->is_kept);
	if (err == ERR_OK && r->failed != ERR_OK)
		err = (int)r->failed;
	if (err == ERR_OK && fd == -1)
		fd = take_fd(r->end_fd);
	if (err != ERR_OK && fd != -1) {
		(void)close(fd);
		fd = -1;
	}
	request_end(r, (enum err)err, NULL, fd);
}

int
request_count_rows(struct request *r, enum stmt id, const struct value *args,
    size_t count, int64_t *ret_rows)
{
	AUTO(query) q = {0};
	struct values row;
	int64_t rows = 0;
	int err = query_start(&q, r->store->db, id, args, count);

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		query_values(&q, &row);
		request_row(r, &row);
		rows++;
	}
	if (err != ERR_EOF)
		return err;
	*ret_rows = rows;
	return ERR_OK;
}

int
request_rows(struct request *r, enum stmt id, const struct value *args,
    size_t count, bool is_needed)
{
	int64_t rows;
	int err = request_count_rows(r, id, args, count, &rows);

	if (err == ERR_OK && rows == 0 && is_needed)
		return request_why(r, ERR_NOT_FOUND, "there is no such thing");
	return err;
}

/* Who asks, behind what is asked. */
static void
put_asker(const struct request *r, struct value args[DB_ARGS_MAX])
{
	args[AT_ACCOUNT] = val_text(r->principal.account_id);
	args[AT_STAFF] = val_int(principal_is_staff(&r->principal));
}

int
request_query(struct query *q, struct request *r, enum stmt id,
    const struct value *args, size_t count)
{
	struct value all[DB_ARGS_MAX] = {WHO(r)};

	assert(count <= AT_ACCOUNT);
	memcpy(all, args, count * sizeof(*args));
	put_asker(r, all);
	return query_one(q, r->store->db, id, all, AT_STAFF + 1);
}

int
request_read(struct request *r, enum stmt id)
{
	struct value args[DB_ARGS_MAX] = {WHO(r)};
	size_t count = 2;
	bool is_list = false;

	for (size_t i = 0; i < r->params.count; i++, count++) {
		const char *name = r->spec->params[i].name;

		assert(count < AT_ACCOUNT);
		args[count] = r->params.v[i];
		if (strcmp(name, "limit") == 0) {
			args[count] = val_int(param_limit(r, i));
			is_list = true;
		}
		if (strcmp(name, "case") == 0)
			args[count] = val_text(r->case_id);
	}
	put_asker(r, args);
	return request_rows(
	    r, id, args, AT_STAFF + 1, !is_list && r->spec->param_count > 0);
}
