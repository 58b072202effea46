/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_bundle.c - the bundle of a version: an artefact of Loep's own case.
 *
 * It is stored like evidence, under the key of the first organisation, in a
 * case that no list shows.
 */
#include "lib/own.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/job.h"
#include "store/number.h"
#include "store/rules.h"
#include "store/upload.h"

#include <inttypes.h>

#define NUMBER_TRIES 8

struct internal_case {
	char id[UUID_BYTES];
	char org[UUID_BYTES];
};

static int
add_case(struct request *r)
{
	struct db *db = r->store->db;
	char id[UUID_BYTES], number[NUMBER_BYTES];
	int64_t now = loop_wall_us();
	int64_t changes = 0;
	int err = ERR_OK;

	uuid7(id);
	for (int i = 0; i < NUMBER_TRIES && err == ERR_OK && changes == 0;
	     i++) {
		number_new(now, number);
		err = db_do(db, STMT_NUMBER_ADD,
		    ARGS(val_text(number), val_int(now), val_text("internal"),
			val_text(id)),
		    &changes);
	}
	if (err != ERR_OK)
		return err;
	return db_do(db, STMT_RULES_CASE_ADD,
	    ARGS(val_text(id), val_text(number),
		val_text(r->principal.account_id), val_int(now)),
	    NULL);
}

static int
find_case(struct request *r, struct internal_case *ret_case)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_RULES_CASE_FIND, NULL, 0);

	if (err != ERR_OK)
		return err;
	(void)snprintf(
	    ret_case->id, sizeof(ret_case->id), "%s", query_text(&q, 0));
	(void)snprintf(
	    ret_case->org, sizeof(ret_case->org), "%s", query_text(&q, 1));
	return ERR_OK;
}

static int
add_submission(struct request *r, const struct internal_case *c, const char *id)
{
	return db_do(r->store->db, STMT_SUBMISSION_ADD,
	    ARGS(val_text(id), val_text(c->id),
		val_text(r->principal.account_id), val_text("TLP:AMBER+STRICT"),
		val_text("PAP:RED"), val_text("other"), val_text(""),
		val_text("rules"), val_text("[]"), val_null(), val_text(""),
		val_text(""), val_int(0), val_int(loop_wall_us())),
	    NULL);
}

int
rules_upload(struct request *r)
{
	struct rules_version v = {.seq = 0};
	struct internal_case c = {.id = ""};
	char submission[UUID_BYTES];
	int err = rules_find(r, param_int(r, 0), &v);

	if (err != ERR_OK)
		return err;
	if (strcmp(v.state, "draft") != 0 || v.job_id[0] != '\0')
		return request_why(r, ERR_CONFLICT,
		    "version %" PRId64 " has its rules already; make a new "
		    "one",
		    v.seq);
	if (strcmp(v.author, r->principal.account_id) != 0)
		return request_why(r, ERR_DENIED,
		    "only its author sends the rules of a version");
	err = find_case(r, &c);
	if (err == ERR_NOT_FOUND) {
		err = add_case(r);
		if (err == ERR_OK)
			err = find_case(r, &c);
	}
	uuid7(submission);
	if (err == ERR_OK)
		err = add_submission(r, &c, submission);
	return err == ERR_OK ? upload_open(r, submission, c.org, v.seq) : err;
}

int
rules_bundle_stored(struct request *r, int64_t version, const char *case_id,
    const char *artefact_id)
{
	struct job_new job = {
	    .case_id = case_id,
	    .artefact_id = artefact_id,
	    .kind = "rules",
	    .options = "{}",
	    .requested_by = r->principal.account_id,
	};
	char job_id[UUID_BYTES];
	int64_t changes;
	int err = db_do(r->store->db, STMT_RULES_BUNDLE_HIDE,
	    ARGS(val_text(artefact_id)), NULL);

	if (err == ERR_OK)
		err = job_add(r->store, &job, job_id);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_RULES_BUNDLE_SET,
		    ARGS(val_int(version), val_text(artefact_id),
			val_text(job_id)),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_CONFLICT,
		    "version %" PRId64 " has its rules already", version);
	if (err != ERR_OK)
		return err;
	return rules_audit(r, "rules.sent", version,
	    json_pack("{s:s,s:s}", "artefact", artefact_id, "job", job_id));
}
