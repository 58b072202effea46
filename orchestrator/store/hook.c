/* SPDX-License-Identifier: Apache-2.0 */
/* hook.c - endpoints of webhooks, as people propose, approve and watch them. */
#include "store/hook.h"

#include "lib/digest.h"
#include "lib/own.h"
#include "lib/place.h"
#include "lib/wire.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/hook_sign.h"
#include "store/text.h"

/* Endpoints of one organisation that are in use or proposed. */
#define ENDPOINTS_MAX  10
#define TEXT_BYTES_MAX ((size_t)512)
#define EVENTS_MAX     16

/* What is known of an endpoint. */
struct endpoint {
	char org[UUID_BYTES];
	char state[16];
	char author[UUID_BYTES];
};

/*
 * Of one's own organisation, by its manager; of all, by those who approve.
 * These see all organisations, or administer them and their mails anyway: a
 * delivery names a case as a mail does.
 */
static int
check_reader(struct request *r)
{
	struct principal *p = &r->principal;

	p->sees_all = (p->sees_all || principal_is_admin(p)) &&
		      principal_may(p, "manage_policy");
	if (p->sees_all || principal_may(p, "manage_org_users"))
		return ERR_OK;
	return request_why(r, ERR_DENIED,
	    "this needs the capability manage_org_users, or manage_policy of "
	    "the CSIRT");
}

static int
load(struct request *r, const char *id, struct endpoint *ret_e)
{
	AUTO(query) q = {0};
	int err = query_one(
	    &q, r->store->db, STMT_HOOK_LOAD, ARGS(WHO(r), val_text(id)));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such endpoint");
	if (err != ERR_OK)
		return err;
	(void)snprintf(ret_e->org, sizeof(ret_e->org), "%s", query_text(&q, 0));
	(void)snprintf(
	    ret_e->state, sizeof(ret_e->state), "%s", query_text(&q, 1));
	(void)snprintf(
	    ret_e->author, sizeof(ret_e->author), "%s", query_text(&q, 4));
	return ERR_OK;
}

/* --- proposing --- */

/* The words that there are, each once, in their order; the caller frees. */
static int
read_events(struct request *r, const char *text, char **ret_events)
{
	auto_json json_t *list = NULL;
	auto_free char *all = xstrdup(hook_events);
	char *rest = all;
	const char *word;
	char *events = NULL;
	const json_t *item;
	size_t i, found = 0;

	if (json_parse(text, strlen(text), TEXT_BYTES_MAX, 1, &list) !=
		ERR_OK ||
	    !json_is_array(list) || json_array_size(list) > EVENTS_MAX)
		return request_why(r, ERR_FORMAT,
		    "\"events\" is a list of words, of %s", hook_events);
	while ((word = strsep(&rest, " ")) != NULL) {
		json_array_foreach(list, i, item)
		{
			if (!json_is_string(item) ||
			    strcmp(json_string_value(item), word) != 0)
				continue;
			auto_free char *before = events;

			events =
			    xasprintf("%s%s%s", before == NULL ? "" : before,
				before == NULL ? "" : " ", word);
			found++;
			break;
		}
	}
	if (found == 0 || found != json_array_size(list)) {
		free(events);
		return request_why(r, ERR_FORMAT,
		    "\"events\" holds what is no event, or one twice, or "
		    "nothing: they are %s",
		    hook_events);
	}
	*ret_events = events;
	return ERR_OK;
}

/* A new secret, as text and as the database holds it. */
static int
make_secret(struct request *r, const char *hook, char text[HOOK_SECRET_TEXT],
    uint8_t box[SEAL_WRAPPED_BYTES])
{
	uint8_t secret[HOOK_SECRET_BYTES];
	int err;

	random_bytes(secret, sizeof(secret));
	err = hook_secret_seal(r->store, hook, secret, box);
	if (err == ERR_OK)
		hook_secret_text(secret, text);
	seal_forget(secret, sizeof(secret));
	return err == ERR_OK
		   ? ERR_OK
		   : request_why(r, err,
			 "the vault is away, and with it the key that secrets "
			 "are kept under; try again");
}

static int
check_count(struct request *r)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_HOOK_COUNT,
	    ARGS(val_text(r->principal.org_id)));

	if (err == ERR_OK && query_int(&q, 0) >= ENDPOINTS_MAX)
		return request_why(r, ERR_CONFLICT,
		    "an organisation has %d endpoints at the most: disable one "
		    "first",
		    ENDPOINTS_MAX);
	return err;
}

int
hook_create(struct request *r)
{
	const char *url = param_text(r, 0);
	auto_free char *events = NULL;
	uint8_t box[SEAL_WRAPPED_BYTES];
	char id[UUID_BYTES], secret[HOOK_SECRET_TEXT];
	struct audit_object object = {"endpoint", id, NULL};
	struct place place;
	struct values row;
	int err = read_events(r, param_text(r, 1), &events);

	if (err != ERR_OK)
		return err;
	if (place_read(url, &place) != ERR_OK || !place.is_tls)
		return request_why(r, ERR_FORMAT,
		    "\"url\" is an address with https://, without user, "
		    "password and fragment, of at most %d characters",
		    PLACE_URL_BYTES - 1);
	err = check_count(r);
	uuid7(id);
	if (err == ERR_OK)
		err = make_secret(r, id, secret, box);
	if (err != ERR_OK)
		return err;
	err = db_do(r->store->db, STMT_HOOK_ADD,
	    ARGS(val_text(id), val_text(r->principal.org_id), val_text(url),
		val_text(events), val_bytes(box, sizeof(box)),
		val_text(r->principal.account_id), val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_OK)
		err = audit_by(r, "endpoint.proposed", &object,
		    json_pack(
			"{s:s,s:s}", "host", place.host, "events", events));
	if (err == ERR_OK) {
		values_init(&row);
		values_add_text(&row, id);
		values_add_text(&row, "proposed");
		values_add_text(&row, secret);
		request_row(r, &row);
	}
	seal_forget(secret, sizeof(secret));
	return err;
}

int
hook_rotate(struct request *r)
{
	const char *id = param_text(r, 0);
	const int64_t until = loop_wall_us() + r->store->hook.rotation_us;
	uint8_t box[SEAL_WRAPPED_BYTES];
	char secret[HOOK_SECRET_TEXT];
	struct endpoint e;
	struct audit_object object = {"endpoint", id, e.org};
	struct values row;
	int err;

	/* The secret is its owner's, whoever else may see the endpoint. */
	r->principal.sees_all = false;
	err = load(r, id, &e);
	if (err == ERR_OK)
		err = make_secret(r, id, secret, box);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_HOOK_ROTATE,
		    ARGS(val_text(id), val_bytes(box, sizeof(box)),
			val_int(until)),
		    NULL);
	if (err == ERR_OK)
		err = audit_by(r, "endpoint.rotated", &object, NULL);
	if (err == ERR_OK) {
		values_init(&row);
		values_add_text(&row, id);
		values_add_text(&row, e.state);
		values_add_text(&row, secret);
		values_add_int(&row, until);
		request_row(r, &row);
	}
	seal_forget(secret, sizeof(secret));
	return err;
}

/* --- deciding --- */

static int
answer(struct request *r, const char *id, const char *state, bool is_single)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, id);
	values_add_text(&row, state);
	values_add_int(&row, is_single);
	request_row(r, &row);
	return ERR_OK;
}

static int
check_reason(struct request *r, const char *reason)
{
	if (strlen(reason) <= TEXT_BYTES_MAX)
		return ERR_OK;
	return request_why(
	    r, ERR_LIMIT, "\"reason\" has at most %zu bytes", TEXT_BYTES_MAX);
}

/* decided_by is the one who asks. */
static int
decide(struct request *r, const char *id, const char *state, bool is_single)
{
	return db_do(r->store->db, STMT_HOOK_DECIDE,
	    ARGS(val_text(id), val_text(state), val_text(param_text(r, 1)),
		val_text(r->principal.account_id), val_int(loop_wall_us()),
		val_int(is_single)),
	    NULL);
}

int
hook_approve(struct request *r)
{
	const char *id = param_text(r, 0);
	struct endpoint e;
	struct audit_object object = {"endpoint", id, e.org};
	bool is_single;
	int err = check_reader(r);

	if (err == ERR_OK && !r->principal.sees_all)
		return request_why(
		    r, ERR_DENIED, "that needs read_all_orgs or manage_staff");
	if (err == ERR_OK)
		err = load(r, id, &e);
	if (err != ERR_OK)
		return err;
	if (strcmp(e.state, "active") == 0)
		return request_why(r, ERR_CONFLICT, "it is approved already");
	is_single = strcmp(e.author, r->principal.account_id) == 0;
	if (is_single && !r->store->is_single_review)
		return principal_is_other(r, e.author, "approve this endpoint");
	err = decide(r, id, "active", is_single);
	if (err == ERR_OK)
		err = audit_by(r, "endpoint.approved", &object,
		    json_pack("{s:b}", "single_person", is_single));
	tx_note_hooks(r->store);
	return err == ERR_OK ? answer(r, id, "active", is_single) : err;
}

static int
end(struct request *r, const struct endpoint *e, const char *state)
{
	const char *id = param_text(r, 0);
	struct audit_object object = {"endpoint", id, e->org};
	auto_free char *action = xasprintf("endpoint.%s", state);
	int err = decide(r, id, state, false);

	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_HOOK_DROP,
		    ARGS(val_text(id), val_text("the endpoint was disabled"),
			val_int(loop_wall_us())),
		    NULL);
	if (err == ERR_OK)
		err = audit_by(r, action, &object, NULL);
	return err == ERR_OK ? answer(r, id, state, false) : err;
}

int
hook_refuse(struct request *r)
{
	struct endpoint e;
	int err = check_reader(r);

	if (err == ERR_OK && !r->principal.sees_all)
		return request_why(
		    r, ERR_DENIED, "that needs read_all_orgs or manage_staff");
	if (err == ERR_OK)
		err = check_reason(r, param_text(r, 1));
	if (err == ERR_OK)
		err = load(r, param_text(r, 0), &e);
	if (err == ERR_OK && strcmp(e.state, "proposed") != 0)
		return request_why(r, ERR_CONFLICT,
		    "only what is proposed can be refused; disable it");
	return err == ERR_OK ? end(r, &e, "refused") : err;
}

int
hook_off(struct request *r)
{
	struct endpoint e;
	int err = check_reader(r);

	if (err == ERR_OK)
		err = check_reason(r, param_text(r, 1));
	if (err == ERR_OK)
		err = load(r, param_text(r, 0), &e);
	if (err == ERR_OK && !text_has_word("proposed active", e.state))
		return request_why(r, ERR_CONFLICT, "it is %s", e.state);
	return err == ERR_OK ? end(r, &e, "disabled") : err;
}

/* --- watching --- */

int
hook_list(struct request *r)
{
	int err = check_reader(r);

	return err == ERR_OK ? request_rows(r, STMT_HOOK_LIST,
				   ARGS(WHO(r), val_int(param_limit(r, 0)),
				       val_text(param_text(r, 1)),
				       val_int(loop_wall_us()),
				       val_text(r->principal.account_id)),
				   false)
			     : err;
}

int
hook_deliveries(struct request *r)
{
	struct endpoint e;
	int err = check_reader(r);

	if (err == ERR_OK)
		err = load(r, param_text(r, 0), &e);
	return err == ERR_OK ? request_rows(r, STMT_HOOK_DELIVERIES,
				   ARGS(WHO(r), val_text(param_text(r, 0)),
				       val_int(param_limit(r, 1)),
				       val_text(param_text(r, 2))),
				   false)
			     : err;
}

static int
load_active(struct request *r, struct endpoint *e)
{
	int err = check_reader(r);

	if (err == ERR_OK)
		err = load(r, param_text(r, 0), e);
	if (err == ERR_OK && strcmp(e->state, "active") != 0)
		return request_why(r, ERR_CONFLICT,
		    "it is %s: nothing is sent there", e->state);
	return err;
}

/* What waited for a receiver to get well again goes at once. */
static int
wake(struct request *r, const struct endpoint *e, const char *action)
{
	const char *id = param_text(r, 0);
	struct audit_object object = {"endpoint", id, e->org};
	int err = db_do(r->store->db, STMT_HOOK_WAKE, ARGS(val_text(id)), NULL);

	tx_note_hooks(r->store);
	return err == ERR_OK ? audit_by(r, action, &object, NULL) : err;
}

int
hook_test(struct request *r)
{
	struct endpoint e;
	int err = load_active(r, &e);

	if (err == ERR_OK)
		err = hook_one(r->store, HOOK_TEST, param_text(r, 0), e.org);
	return err == ERR_OK ? wake(r, &e, "endpoint.tested") : err;
}

int
hook_retry(struct request *r)
{
	struct endpoint e;
	int err = load_active(r, &e);

	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_HOOK_RETRY,
		    ARGS(val_text(param_text(r, 0)), val_int(loop_wall_us())),
		    NULL);
	return err == ERR_OK ? wake(r, &e, "endpoint.retried") : err;
}
