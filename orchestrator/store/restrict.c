/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restrict.c - artefacts that nothing looks into before a person decides:
 * sealed (its owner sent it for necessity alone), or quarantined (marked as
 * classified, held for legal reasons, malformed).
 *
 * It holds for all that came out of it, too.  No job opens such an artefact,
 * nobody downloads it, re-scans skip it and list it as a gap.  The decision
 * that lifts it has it analysed by the rules that are active then.
 */
#include "store/access.h"
#include "store/custody.h"
#include "store/handlers.h"
#include "store/job.h"
#include "store/text.h"

#include "lib/own.h"

static const char words[] = "none sealed classified_suspected legal malformed";

struct restricted {
	char case_id[UUID_BYTES];
	char org_id[UUID_BYTES];
	char was[32];
	uint8_t sha256[SHA256_BYTES];
	int64_t size;
};

static int
find(struct request *r, struct restricted *ret)
{
	AUTO(query) q = {0};
	const uint8_t *p;
	size_t len;
	int err = request_query(&q, r, STMT_RESTRICT_FIND,
	    ARGS(WHO(r), val_text(param_text(r, 0))));

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such artefact");
	if (err != ERR_OK)
		return err;
	(void)snprintf(ret->case_id, UUID_BYTES, "%s", query_text(&q, 0));
	(void)snprintf(ret->org_id, UUID_BYTES, "%s", query_text(&q, 1));
	(void)snprintf(ret->was, sizeof(ret->was), "%s", query_text(&q, 4));
	p = query_bytes(&q, 2, &len);
	memcpy(ret->sha256, p, len < SHA256_BYTES ? len : SHA256_BYTES);
	ret->size = query_int(&q, 3);
	/* What is under a restriction goes with it. */
	if (query_int(&q, 5) != 0)
		return request_why(r, ERR_CONFLICT,
		    "the artefact that it came out of is restricted: decide "
		    "on that one");
	return ERR_OK;
}

/* What was told to stop has done so; else it would not run again. */
static int
see_stopped(struct request *r)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_RESTRICT_RUNNING,
	    ARGS(val_text(param_text(r, 0))));

	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	return err == ERR_OK ? request_why(r, ERR_CONFLICT,
				   "its analyses are still being stopped; try "
				   "again shortly")
			     : err;
}

/* The chain, and whose it is: who decided what, and why. */
static int
record(struct request *r, const struct restricted *a, int64_t count)
{
	const char *id = param_text(r, 0);
	const char *word = param_text(r, 1);
	const char *reason = param_text(r, 2);
	bool is_lifted = strcmp(word, "none") == 0;
	bool is_sealed = strcmp(is_lifted ? a->was : word, "sealed") == 0;
	const char *event = is_lifted ? (is_sealed ? "unsealed" : "released")
				      : (is_sealed ? "sealed" : "quarantined");
	struct custody what = {
	    .artefact = id,
	    .org = a->org_id,
	    .case_id = a->case_id,
	    .sha256 = a->sha256,
	    .size = a->size,
	};
	int err = custody_by(r, event, &what,
	    json_pack("{s:s,s:s,s:s,s:I}", "was", a->was, "restriction", word,
		"reason", reason, "artefacts", (json_int_t)count));

	if (err != ERR_OK || !is_lifted || !is_sealed)
		return err;
	return access_by(r, &(struct access){.event = "unsealed",
				.case_id = a->case_id,
				.purpose = reason,
				.artefact = id});
}

/* What runs is stopped; or runs, with the rules of today. */
static int
move_jobs(struct request *r, bool is_lifted)
{
	const struct value id = val_text(param_text(r, 0));
	int err;

	if (!is_lifted)
		return db_do(r->store->db, STMT_RESTRICT_JOBS,
		    ARGS(id, val_int(loop_wall_us())), NULL);
	err = db_do(r->store->db, STMT_LIFT_JOBS, ARGS(id), NULL);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_LIFT_GAPS, ARGS(id), NULL);
	if (err == ERR_OK)
		tx_note_jobs(r->store);
	return err;
}

int
artefact_restrict(struct request *r)
{
	const char *word = param_text(r, 1);
	bool is_lifted = strcmp(word, "none") == 0;
	bool is_sealed = strcmp(word, "sealed") == 0;
	struct restricted a;
	struct values row;
	int64_t count = 0;
	int err;

	if (!text_has_word(words, word))
		return request_why(
		    r, ERR_FORMAT, "\"restriction\" is one of: %s", words);
	if (param_text(r, 2)[0] == '\0')
		return request_why(r, ERR_FORMAT, "say why, in \"reason\"");
	err = find(r, &a);
	if (err == ERR_OK && strcmp(a.was, word) == 0)
		return request_why(r, ERR_CONFLICT,
		    "the restriction of the artefact is \"%s\" already", word);
	if (err == ERR_OK && is_lifted)
		err = see_stopped(r);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_RESTRICT_SET,
		    ARGS(val_text(param_text(r, 0)), val_int(is_sealed),
			val_text(is_sealed ? "none" : word), val_text(a.was)),
		    &count);
	if (err == ERR_OK)
		err = move_jobs(r, is_lifted);
	if (err == ERR_OK)
		err = record(r, &a, count);
	if (err == ERR_OK)
		err = case_settle(r->store, a.case_id);
	if (err != ERR_OK)
		return err;
	tx_note_case(r->store, a.case_id);
	values_init(&row);
	values_add_text(&row, param_text(r, 0));
	values_add_text(&row, word);
	values_add_int(&row, count);
	request_row(r, &row);
	return ERR_OK;
}
