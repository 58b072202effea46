/* SPDX-License-Identifier: Apache-2.0 */
/* rescan_settle.c - what a re-scan did not find again, and telling cases. */
#include "store/rescan.h"

#include "lib/limits.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/job.h"

/* In one unit of work, so that others are not kept waiting. */
#define LOST_MAX  ((size_t)1000)
#define RULES_MAX ((size_t)5000)
#define CASES_MAX ((size_t)500)

struct lost {
	int64_t finding_id;
	int64_t score;
	struct rescan_unit unit;
};

struct open_rule {
	int64_t id;
	bool is_scan;
	bool is_relabel;
	char *namespace_name;
	char *name;
	bool has_closure;
	uint8_t closure[SHA256_BYTES];
};

static void
open_rule_release(struct open_rule *rule)
{
	free(rule->namespace_name);
	free(rule->name);
}
OWN_RELEASE(open_rule)

static int
next_rule(struct store *store, const struct rescan *rescan,
    struct open_rule *ret_rule)
{
	AUTO(query) q = {0};
	const uint8_t *closure;
	size_t len;
	int err = query_one(
	    &q, store->db, STMT_RESCAN_RULE_OPEN, ARGS(val_int(rescan->id)));

	if (err != ERR_OK)
		return err;
	ret_rule->id = query_int(&q, 0);
	ret_rule->is_scan = strcmp(query_text(&q, 1), "scan") == 0;
	ret_rule->is_relabel = strcmp(query_text(&q, 1), "relabel") == 0;
	ret_rule->namespace_name = xstrdup(query_text(&q, 2));
	ret_rule->name = xstrdup(query_text(&q, 3));
	closure = query_bytes(&q, 4, &len);
	ret_rule->has_closure = len == SHA256_BYTES;
	if (ret_rule->has_closure)
		memcpy(ret_rule->closure, closure, SHA256_BYTES);
	return ERR_OK;
}

static void
take_lost(struct lost *lost, const struct query *q)
{
	*lost = (struct lost){
	    .finding_id = query_int(q, 0),
	    .score = query_int(q, 5),
	    .unit.seq = query_int(q, 1),
	};
	(void)snprintf(lost->unit.artefact_id, sizeof(lost->unit.artefact_id),
	    "%s", query_text(q, 2));
	(void)snprintf(lost->unit.case_id, sizeof(lost->unit.case_id), "%s",
	    query_text(q, 3));
	(void)snprintf(lost->unit.org_id, sizeof(lost->unit.org_id), "%s",
	    query_text(q, 4));
}

/* Read first: withdrawing changes what is read. */
static int
find_lost(struct store *store, const struct rescan *rescan,
    const struct open_rule *rule, struct lost *list, size_t *ret_count)
{
	AUTO(query) q = {0};
	int err = query_start(&q, store->db, STMT_RESCAN_LOST,
	    ARGS(val_int(rescan->id), val_text(rule->namespace_name),
		val_text(rule->name), val_int(rule->is_scan),
		val_int((int64_t)LOST_MAX), val_int(rescan->scope),
		val_text(rescan->org_id), val_int(rescan->retry_of)));

	*ret_count = 0;
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK)
		take_lost(&list[(*ret_count)++], &q);
	return err == ERR_EOF ? (int)ERR_OK : err;
}

static int
withdraw(struct store *store, struct rescan *rescan,
    const struct open_rule *rule, const struct lost *lost)
{
	struct rescan_change change = {
	    .unit = &lost->unit,
	    .namespace_name = rule->namespace_name,
	    .name = rule->name,
	    .what = "lost",
	    .closure = rule->has_closure ? rule->closure : NULL,
	    .score = lost->score,
	    .finding_id = lost->finding_id,
	};
	int err = rescan_note(store, rescan, &change);

	if (err != ERR_OK || rescan->is_trial)
		return err;
	err = db_do(store->db, STMT_RESCAN_FINDING_GO,
	    ARGS(val_int(lost->finding_id), val_int(rescan->id)), NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_ARTEFACT_SCORE,
		    ARGS(val_text(lost->unit.artefact_id)), NULL);
	return err;
}

/* Its matches say what the rule says of itself now. */
static int
relabel(
    struct store *store, struct rescan *rescan, const struct open_rule *rule)
{
	AUTO(query) q = {0};
	int err;

	if (rescan->is_trial)
		return ERR_OK;
	err = query_start(&q, store->db, STMT_RESCAN_RELABEL,
	    ARGS(val_int(rescan->id), val_text(rule->namespace_name),
		val_text(rule->name)));
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		err = db_do(store->db, STMT_ARTEFACT_SCORE,
		    ARGS(val_text(query_text(&q, 0))), NULL);
		if (err == ERR_OK)
			err = db_do(store->db, STMT_RESCAN_CASE_ADD,
			    ARGS(val_int(rescan->id),
				val_text(query_text(&q, 1)),
				val_text(query_text(&q, 2)), val_int(0),
				val_int(0), val_int(0)),
			    NULL);
	}
	return err == ERR_EOF ? (int)ERR_OK : err;
}

static int
settle_rule(struct store *store, struct rescan *rescan, struct lost *list,
    size_t *budget)
{
	AUTO(open_rule) rule = {0};
	size_t count = 0;
	int err = next_rule(store, rescan, &rule);

	if (err != ERR_OK)
		return err;
	if (rule.is_relabel)
		err = relabel(store, rescan, &rule);
	else
		err = find_lost(store, rescan, &rule, list, &count);
	for (size_t i = 0; err == ERR_OK && i < count; i++)
		err = withdraw(store, rescan, &rule, &list[i]);
	if (err == ERR_OK && count < LOST_MAX)
		err = db_do(store->db, STMT_RESCAN_RULE_SETTLED,
		    ARGS(val_int(rule.id)), NULL);
	*budget -= count < *budget ? count : *budget;
	return err;
}

/* --- cases --- */

struct told {
	char case_id[UUID_BYTES];
	char org_id[UUID_BYTES];
	int64_t new;
	int64_t lost;
	int64_t changed;
	int64_t score;
};

static int
add_task(
    struct store *store, const struct rescan *rescan, const struct told *told)
{
	char text[200];

	(void)snprintf(text, sizeof(text),
	    "Rule set %lld changed what is known: %lld new matches, %lld no "
	    "longer, %lld changed. Look at the verdicts.",
	    (long long)rescan->version, (long long)told->new,
	    (long long)told->lost, (long long)told->changed);
	return db_do(store->db, STMT_CASE_TASK_ADD,
	    ARGS(val_text(told->case_id), val_text(told->org_id),
		val_int(rescan->id), val_text(text), val_int(loop_wall_us())),
	    NULL);
}

static int
tell_case(
    struct store *store, const struct rescan *rescan, const struct told *told)
{
	struct audit_object object = {"case", told->case_id, told->org_id};
	int err = db_do(store->db, STMT_RESCAN_CASE_CHANGED,
	    ARGS(val_text(told->case_id)), NULL);

	if (err == ERR_OK && told->new + told->lost + told->changed > 0)
		err = add_task(store, rescan, told);
	if (err == ERR_OK && told->new + told->lost + told->changed > 0)
		err = audit_own(store, "case.rescanned", &object,
		    json_pack("{s:I,s:I,s:I,s:I,s:I}", "rescan",
			(json_int_t)rescan->id, "version",
			(json_int_t)rescan->version, "new",
			(json_int_t)told->new, "lost", (json_int_t)told->lost,
			"changed", (json_int_t)told->changed));
	if (err == ERR_OK && told->new > 0)
		err = db_do(store->db, STMT_LATE_DETECTION_ADD,
		    ARGS(val_int(rescan->id), val_text(told->case_id),
			val_text(told->org_id), val_int(told->new),
			val_int(told->score), val_int(loop_wall_us())),
		    NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_RESCAN_CASE_TOLD,
		    ARGS(val_int(rescan->id), val_text(told->case_id)), NULL);
	if (err == ERR_OK)
		err = case_settle(store, told->case_id);
	tx_note_case(store, told->case_id);
	return err;
}

static int
tell_cases(struct store *store, const struct rescan *rescan, size_t *ret_count)
{
	static struct told list[CASES_MAX];
	AUTO(query) q = {0};
	size_t count = 0;
	int err = query_start(&q, store->db, STMT_RESCAN_CASES,
	    ARGS(val_int(rescan->id), val_int((int64_t)CASES_MAX)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		struct told *told = &list[count++];

		(void)snprintf(told->case_id, sizeof(told->case_id), "%s",
		    query_text(&q, 0));
		(void)snprintf(told->org_id, sizeof(told->org_id), "%s",
		    query_text(&q, 1));
		told->new = query_int(&q, 2);
		told->lost = query_int(&q, 3);
		told->changed = query_int(&q, 4);
		told->score = query_int(&q, 5);
	}
	if (err != ERR_EOF)
		return err;
	query_release(&q);
	err = ERR_OK;
	for (size_t i = 0; err == ERR_OK && i < count; i++)
		err = tell_case(store, rescan, &list[i]);
	*ret_count = count;
	return err;
}

/* What may go better another time is tried once by itself. */
static int
retry(struct store *store, const struct rescan *rescan)
{
	int64_t id;

	if (rescan->retry_of != 0)
		return db_do(store->db, STMT_RETRY_DONE,
		    ARGS(val_int(rescan->retry_of)), NULL);
	return rescan->is_trial
		   ? (int)ERR_OK
		   : rescan_plan_retry(store, rescan->id, NULL, &id);
}

static int
end(struct store *store, const struct rescan *rescan)
{
	int err = db_do(store->db, STMT_RESCAN_END,
	    ARGS(val_int(rescan->id), val_text("done"), val_text(""),
		val_int(loop_wall_us())),
	    NULL);

	if (err == ERR_OK)
		err = retry(store, rescan);
	return err == ERR_OK ? db_run(store->db, STMT_RESCAN_FORGET_SEEN) : err;
}

int
rescan_settle(struct store *store, struct rescan *rescan, bool *ret_is_done)
{
	auto_free struct lost *list = xcalloc(LOST_MAX, sizeof(*list));
	size_t budget = LOST_MAX;
	size_t rules = 0;
	size_t cases = 0;
	int64_t sealed = 0;
	int err = ERR_OK;

	*ret_is_done = false;
	while (err == ERR_OK && budget > 0 && rules++ < RULES_MAX)
		err = settle_rule(store, rescan, list, &budget);
	if (err == ERR_OK)
		return ERR_OK;
	if (err != ERR_NOT_FOUND)
		return err;
	err = tell_cases(store, rescan, &cases);
	if (err != ERR_OK || cases == CASES_MAX)
		return err;
	/* Of a message that nobody may open, no index tells what is in it. */
	if (!rescan->is_trial && rescan->retry_of == 0)
		err = db_do(store->db, STMT_RESCAN_GAPS_SEALED,
		    ARGS(val_int(rescan->id), val_int(loop_wall_us())),
		    &sealed);
	if (err != ERR_OK)
		return err;
	rescan->gaps += sealed;
	*ret_is_done = true;
	return end(store, rescan);
}
