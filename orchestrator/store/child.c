/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - artefacts that come out of others: written, committed, recorded. */
#include "store/child.h"

#include "lib/json.h"
#include "lib/limits.h"
#include "lib/xalloc.h"
#include "store/blob.h"
#include "store/handlers.h"
#include "store/job.h"
#include "store/text.h"

/* Writers that one attempt may have open at a time. */
#define CHILDREN_OPEN_MAX 1024
#define RELATION_CHARS	  "abcdefghijklmnopqrstuvwxyz0123456789_"
#define RELATION_MAX	  64

enum {
	P_JOB,
	P_ATTEMPT,
	P_CHILD,
	P_SIZE,
	P_NAME,
	P_RELATION,
	P_KIND,
	P_DETAIL
};

static struct child_list *
bucket(struct store *store, int64_t id)
{
	return &store->children[(uint64_t)id % STORE_CHILD_BUCKETS];
}

static void
child_free(struct child *c)
{
	TAILQ_REMOVE(bucket(c->store, c->id), c, entry);
	free(c);
}

void
children_drop(struct store *store, bool tell_vault)
{
	struct child *c, *next;

	for (size_t i = 0; i < STORE_CHILD_BUCKETS; i++) {
		for (c = TAILQ_FIRST(&store->children[i]); c != NULL;
		     c = next) {
			next = TAILQ_NEXT(c, entry);
			if (c->is_committing)
				continue;
			if (tell_vault)
				vault_abort(store->vault, c->writer);
			child_free(c);
		}
	}
}

static struct child *
find(struct request *r, int64_t id)
{
	struct child *c;

	TAILQ_FOREACH (c, bucket(r->store, id), entry) {
		if (c->id == id && c->attempt == param_int(r, P_ATTEMPT) &&
		    strcmp(c->job_id, param_text(r, P_JOB)) == 0)
			return c->is_committing ? NULL : c;
	}
	return NULL;
}

static void
on_pipe(void *arg, struct vault_answer *answer)
{
	struct request *r = arg;
	struct child *c = take_ptr(r->state);
	struct values row;

	if (answer->err != ERR_OK || r->is_cancelled) {
		if (answer->err == ERR_OK)
			vault_abort(r->store->vault, answer->writer);
		free(c);
		request_end(r, answer->err, answer->why, -1);
		return;
	}
	c->writer = answer->writer;
	c->id = ++r->store->child_last;
	TAILQ_INSERT_TAIL(bucket(r->store, c->id), c, entry);
	values_init(&row);
	values_add_int(&row, c->id);
	request_row(r, &row);
	request_end(r, ERR_OK, NULL, take_fd(answer->fd));
}

/*
 * Archives of archives of archives: each within its bounds, all together not.
 * Counted when one begins to give children, since that is not for nothing.
 */
static int
check_submission(struct request *r, const struct attempt *a)
{
	AUTO(query) q = {0};
	int err;

	if (a->children > 0 || a->submission_id[0] == '\0' ||
	    (strcmp(a->kind, "archive") != 0 &&
		strcmp(a->kind, "unseal_archive") != 0))
		return ERR_OK;
	err = query_one(&q, r->store->db, STMT_SUBMISSION_ARTEFACTS,
	    ARGS(val_text(a->submission_id)));
	if (err == ERR_OK &&
	    query_int(&q, 0) >= r->store->submission_artefacts_max)
		return request_why(r, ERR_LIMIT,
		    "not unpacked: this submission has %lld artefacts "
		    "already, and %lld are enough",
		    (long long)query_int(&q, 0),
		    (long long)r->store->submission_artefacts_max);
	return err;
}

int
child_create(struct request *r)
{
	struct attempt a;
	struct child *c;
	int err = attempt_load(r, &a);

	if (err == ERR_OK)
		err = check_submission(r, &a);
	if (err != ERR_OK)
		return err;
	if (a.children >= (int64_t)LIMIT_CHILDREN)
		return request_why(r, ERR_LIMIT,
		    "an artefact has at most %zu "
		    "children",
		    LIMIT_CHILDREN);
	err = vault_create(r->store->vault, a.org_id, on_pipe, r);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	if (err != ERR_OK)
		return err;
	c = xcalloc(1, sizeof(*c));
	c->store = r->store;
	c->attempt = a.number;
	memcpy(c->job_id, a.job_id, sizeof(c->job_id));
	memcpy(c->org_id, a.org_id, sizeof(c->org_id));
	r->state = c;
	return ERR_AGAIN;
}

int
child_abort(struct request *r)
{
	struct child *c = find(r, param_int(r, P_CHILD));

	/* One that is gone is as wanted. */
	if (c == NULL)
		return ERR_OK;
	vault_abort(r->store->vault, c->writer);
	child_free(c);
	return ERR_OK;
}

/* What Loep made for itself may stand deeper than what it found. */
static bool
is_own_relation(const char *relation)
{
	return text_has_word("events run_trace pcap console screenshot "
			     "report_json report_html report_stix report_misp "
			     "report_csv report_notice report_cause export "
			     "export_removed",
	    relation);
}

static int
insert_artefact(struct request *r, const struct attempt *a,
    const struct vault_answer *stored, const char *id)
{
	const char *relation = param_text(r, P_RELATION);
	bool is_internal = strcmp(a->kind, "report") == 0;
	const char *kind = text_kind(param_text(r, P_KIND), "file");
	size_t name_len;
	const uint8_t *name = param_bytes(r, P_NAME, &name_len);
	int err;

	err = db_do(r->store->db, STMT_ARTEFACT_ADD_CHILD,
	    ARGS(val_text(id), val_text(a->job_id), val_int(a->number),
		val_bytes(stored->sha256, SHA256_BYTES),
		val_int((int64_t)stored->size), val_bytes(name, name_len),
		val_text(relation), val_text(kind == NULL ? "other" : kind),
		val_int(is_internal), val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_DERIVATION_ADD,
		    ARGS(val_text(id), val_text(param_text(r, P_DETAIL))),
		    NULL);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_ATTEMPT_CHILD,
		    ARGS(val_text(a->job_id), val_int(a->number)), NULL);
	return err;
}

/* Bounds that only show once the child is there. */
static int
check_bounds(struct request *r, const struct attempt *a, uint64_t size)
{
	AUTO(query) q = {0};
	int err;

	if (a->depth >= LIMIT_DEPTH &&
	    !is_own_relation(param_text(r, P_RELATION)))
		return request_why(r, ERR_LIMIT,
		    "artefacts nest at most %d "
		    "deep",
		    LIMIT_DEPTH);
	if (a->submission_id[0] == '\0')
		return ERR_OK;
	err = query_one(&q, r->store->db, STMT_SUBMISSION_DERIVED,
	    ARGS(val_text(a->submission_id), val_int((int64_t)size)));
	if (err == ERR_OK && query_int(&q, 0) > (int64_t)LIMIT_SUBMISSION_BYTES)
		return request_why(r, ERR_LIMIT,
		    "one submission gives at most "
		    "%llu bytes of children",
		    (unsigned long long)LIMIT_SUBMISSION_BYTES);
	return err;
}

/* ERR_OK also where the attempt is over: then the blob stays unused. */
static int
record(struct request *r, const char *org, const struct vault_answer *stored)
{
	struct attempt a;
	struct values row;
	char id[UUID_BYTES];
	int err = attempt_load(r, &a);

	if (err == ERR_OK)
		err = check_bounds(r, &a, stored->size);
	if (err != ERR_OK)
		return err;
	uuid7(id);
	err = blob_add(r->store, org, stored, true);
	if (err == ERR_OK)
		err = insert_artefact(r, &a, stored, id);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	values_add_bytes(&row, stored->sha256, SHA256_BYTES);
	values_add_int(&row, (int64_t)stored->size);
	request_row(r, &row);
	return ERR_OK;
}

/* Stored, but not to be an artefact: known, so that it gets deleted. */
static void
record_unused(
    struct store *store, const char *org, const struct vault_answer *stored)
{
	if (tx_begin(store, ROLE_STORE) == ERR_OK)
		tx_end(store, blob_add(store, org, stored, false) == ERR_OK);
}

static void
on_stored(void *arg, struct vault_answer *answer)
{
	struct request *r = arg;
	struct child *c = take_ptr(r->state);
	struct store *store = r->store;
	int err = (int)answer->err;

	if (err != ERR_OK) {
		request_end(r, answer->err, answer->why, -1);
	} else {
		err = request_begin(r);
		if (err == ERR_OK) {
			err = record(r, c->org_id, answer);
			tx_end(store, err == ERR_OK);
		}
		if (err != ERR_OK)
			record_unused(store, c->org_id, answer);
		request_end(r, (enum err)err, NULL, -1);
	}
	blob_commit_end(store);
	child_free(c);
}

static int
check_params(struct request *r)
{
	const char *relation = param_text(r, P_RELATION);
	const char *detail = param_text(r, P_DETAIL);
	size_t relation_len = strlen(relation);
	auto_json json_t *json = NULL;
	size_t name_len;

	(void)param_bytes(r, P_NAME, &name_len);
	if (name_len > LIMIT_NAME_BYTES)
		return request_why(r, ERR_LIMIT, "a name has at most %zu bytes",
		    LIMIT_NAME_BYTES);
	if (relation_len == 0 || relation_len > RELATION_MAX ||
	    strspn(relation, RELATION_CHARS) != relation_len)
		return request_why(r, ERR_FORMAT,
		    "\"relation\" is a word of "
		    "a-z, 0-9 and _");
	if (json_parse(detail, strlen(detail), LIMIT_RECORD_BYTES,
		LIMIT_RECORD_DEPTH, &json) != ERR_OK ||
	    !json_is_object(json))
		return request_why(r, ERR_FORMAT,
		    "\"detail\" is a JSON "
		    "object");
	if (param_int(r, P_SIZE) < 0)
		return request_why(r, ERR_FORMAT,
		    "\"size\" is a number of "
		    "bytes");
	return ERR_OK;
}

int
child_commit(struct request *r)
{
	struct child *c = find(r, param_int(r, P_CHILD));
	struct blob_writer writer = {.size = (uint64_t)param_int(r, P_SIZE)};
	struct attempt a;
	int err = check_params(r);

	if (err == ERR_OK)
		err = attempt_load(r, &a);
	if (err != ERR_OK)
		return err;
	if (c == NULL)
		return request_why(r, ERR_NOT_FOUND,
		    "there is no such open "
		    "child");
	writer.id = c->writer;
	err = blob_commit(r->store, &writer, on_stored, r);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	if (err != ERR_OK)
		return err;
	c->is_committing = true;
	r->state = c;
	return ERR_AGAIN;
}
