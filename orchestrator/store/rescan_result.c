/* SPDX-License-Identifier: Apache-2.0 */
/* rescan_result.c - what a re-scan found, in batches. */
#include "store/rescan.h"

#include "lib/json.h"
#include "lib/limits.h"
#include "lib/record.h"

enum param {
	P_RESCAN,
	P_CHECKPOINT,
	P_CANDIDATES,
	P_IS_INDEXED,
	P_SCANNED,
	P_BYTES,
	P_IS_LAST,
	P_ENGINE,
	P_RECORDS
};

struct match {
	const char *namespace_name;
	const char *name;
	const char *body; /* canonical JSON */
	json_t *json;
	int64_t score;
	bool has_closure;
	uint8_t closure[SHA256_BYTES];
};

/*
 * The unit that a record is of; *ret_is_ours is false where it is gone, or
 * where its yara job did or will do this activation's rules by itself.
 */
static int
load_unit(struct store *store, const struct rescan *rescan, int64_t seq,
    struct rescan_unit *ret_unit, bool *ret_is_ours)
{
	AUTO(query) q = {0};
	const char *state;
	int err =
	    query_one(&q, store->db, STMT_RESCAN_UNIT, ARGS(val_int(seq)));

	*ret_is_ours = false;
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	*ret_unit = (struct rescan_unit){.seq = seq};
	(void)snprintf(ret_unit->artefact_id, sizeof(ret_unit->artefact_id),
	    "%s", query_text(&q, 1));
	(void)snprintf(ret_unit->case_id, sizeof(ret_unit->case_id), "%s",
	    query_text(&q, 2));
	(void)snprintf(ret_unit->org_id, sizeof(ret_unit->org_id), "%s",
	    query_text(&q, 3));
	(void)snprintf(ret_unit->job_id, sizeof(ret_unit->job_id), "%s",
	    query_text(&q, 12));
	ret_unit->attempt = query_int(&q, 13);
	state = query_text(&q, 14);
	*ret_is_ours = ret_unit->artefact_id[0] != '\0' &&
		       !query_is_null(&q, 13) && strcmp(state, "queued") != 0 &&
		       strcmp(state, "running") != 0 &&
		       (rescan->is_trial || query_int(&q, 15) < rescan->id) &&
		       (rescan->org_id[0] == '\0' ||
			   strcmp(rescan->org_id, ret_unit->org_id) == 0);
	return ERR_OK;
}

/* Only rules that the re-scan is about may match. */
static int
find_rule(struct request *r, const struct rescan *rescan, struct match *match)
{
	AUTO(query) q = {0};
	const uint8_t *closure;
	size_t len;
	int err = query_one(&q, r->store->db, STMT_RESCAN_RULE,
	    ARGS(val_int(rescan->id), val_text(match->namespace_name),
		val_text(match->name)));

	if (err == ERR_NOT_FOUND ||
	    (err == ERR_OK && strcmp(query_text(&q, 0), "scan") != 0))
		return request_why(r, ERR_FORMAT,
		    "a match is of a rule that the re-scan is not about");
	if (err != ERR_OK)
		return err;
	closure = query_bytes(&q, 1, &len);
	match->has_closure = len == SHA256_BYTES;
	if (match->has_closure)
		memcpy(match->closure, closure, SHA256_BYTES);
	return ERR_OK;
}

/* Found at the same places by the same strings. */
static bool
is_same(const char *detail, const struct match *match)
{
	auto_json json_t *old = NULL;

	if (json_parse(detail, strlen(detail), LIMIT_RECORD_BYTES,
		LIMIT_RECORD_DEPTH, &old) != ERR_OK)
		return false;
	return json_equal(json_object_get(old, "strings"),
		   json_object_get(match->json, "strings")) &&
	       json_equal(json_object_get(old, "strings_total"),
		   json_object_get(match->json, "strings_total"));
}

static int
add_finding(struct store *store, const struct rescan *rescan,
    const struct rescan_unit *unit, const struct match *match, int64_t *ret_id)
{
	AUTO(query) q = {0};
	int err = query_one(&q, store->db, STMT_RESCAN_FINDING_ADD,
	    ARGS(val_text(unit->org_id), val_text(unit->case_id),
		val_text(unit->artefact_id), val_text(unit->job_id),
		val_int(unit->attempt), val_text(match->name),
		val_text(match->namespace_name), val_int(match->score),
		val_text(match->body), val_int(rescan->id)));

	if (err == ERR_OK)
		*ret_id = query_int(&q, 0);
	return err;
}

/* The live finding of the same rule on the same unit; id 0 = none. */
struct live {
	int64_t id;
	bool is_ours; /* this re-scan made it */
	bool is_same;
};

static int
find_live(struct store *store, const struct rescan *rescan,
    const struct rescan_unit *unit, const struct match *match,
    struct live *ret_live)
{
	AUTO(query) q = {0};
	int err = query_one(&q, store->db, STMT_RESCAN_LIVE,
	    ARGS(val_text(unit->job_id), val_int(unit->attempt),
		val_text(match->name), val_text(match->namespace_name)));

	*ret_live = (struct live){.id = 0};
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
	ret_live->id = query_int(&q, 0);
	ret_live->is_ours = query_int(&q, 2) == rescan->id;
	ret_live->is_same = is_same(query_text(&q, 1), match);
	return ERR_OK;
}

static int
keep(struct store *store, struct rescan *rescan, const struct match *match,
    const struct live *live)
{
	int64_t changes;
	int err = db_do(store->db, STMT_RESCAN_SEEN_ADD,
	    ARGS(val_int(rescan->id), val_int(live->id)), &changes);

	rescan->same += err == ERR_OK && changes > 0;
	if (err == ERR_OK && !rescan->is_trial)
		err = db_do(store->db, STMT_RESCAN_FINDING_SAME,
		    ARGS(val_int(live->id), val_int(match->score),
			val_text(match->body)),
		    NULL);
	return err;
}

static int
apply(struct request *r, struct rescan *rescan, const struct rescan_unit *unit,
    const struct match *match)
{
	struct rescan_change change = {
	    .unit = unit,
	    .namespace_name = match->namespace_name,
	    .name = match->name,
	    .what = "new",
	    .closure = match->has_closure ? match->closure : NULL,
	    .score = match->score,
	    .detail = rescan->is_trial ? match->body : NULL,
	};
	struct store *store = r->store;
	struct live live = {.id = 0};
	int err = ERR_OK;

	if (!rescan->is_hunt)
		err = find_live(store, rescan, unit, match, &live);
	if (err != ERR_OK || (live.id != 0 && live.is_ours))
		return err;
	if (live.id != 0 && live.is_same)
		return keep(store, rescan, match, &live);
	if (live.id != 0)
		change.what = "changed";
	if (!rescan->is_trial && live.id != 0)
		err = db_do(store->db, STMT_RESCAN_FINDING_GO,
		    ARGS(val_int(live.id), val_int(rescan->id)), NULL);
	if (err == ERR_OK && !rescan->is_trial)
		err =
		    add_finding(store, rescan, unit, match, &change.finding_id);
	if (err == ERR_OK && !rescan->is_trial)
		err = db_do(store->db,
		    live.id == 0 ? STMT_RESCAN_SCORE_RAISE
				 : STMT_ARTEFACT_SCORE,
		    ARGS(val_text(unit->artefact_id), val_int(match->score)),
		    NULL);
	return err == ERR_OK ? rescan_note(store, rescan, &change) : err;
}

static int
take_match(struct request *r, struct rescan *rescan,
    const struct rescan_unit *unit, struct match *match)
{
	int err;

	match->namespace_name = json_member_text(match->json, "namespace", "");
	match->name = json_member_text(match->json, "rule", "");
	match->score = json_member_int(match->json, "score", 0);
	if (match->score < 0 || match->score > 100)
		return request_why(r, ERR_FORMAT, "a score is not 0 to 100");
	err = find_rule(r, rescan, match);
	return err == ERR_OK ? apply(r, rescan, unit, match) : err;
}

static int
take_gap(struct request *r, struct rescan *rescan,
    const struct rescan_unit *unit, const json_t *json)
{
	int64_t changes;
	int err = db_do(r->store->db, STMT_RESCAN_GAP_ADD,
	    ARGS(val_int(rescan->id), val_int(unit->seq),
		val_text(unit->artefact_id), val_text(unit->case_id),
		val_text(unit->org_id),
		val_text(json_member_text(json, "namespace", "")),
		val_text(json_member_text(json, "rule", "")),
		val_text(json_member_text(json, "what", "unknown")),
		val_text(json_member_text(json, "text", "")),
		val_int(loop_wall_us())),
	    &changes);

	if (err == ERR_OK)
		rescan->gaps += changes;
	return err;
}

static int
take_record(struct request *r, struct rescan *rescan, unsigned int type,
    const uint8_t *body, size_t len)
{
	auto_json json_t *json = NULL;
	auto_free char *text = NULL;
	struct match match = {0};
	struct rescan_unit unit;
	bool is_ours;
	int64_t seq;
	int err;

	if ((type != RECORD_MATCH && type != RECORD_ERROR) ||
	    json_parse(body, len, LIMIT_RECORD_BYTES, LIMIT_RECORD_DEPTH,
		&json) != ERR_OK ||
	    !json_is_object(json))
		return request_why(
		    r, ERR_FORMAT, "a record is no match and no error");
	seq = json_member_int(json, "unit", 0);
	if (seq < 1 || seq > rescan->scope)
		return request_why(
		    r, ERR_FORMAT, "a record is of no unit of the re-scan");
	err = load_unit(r->store, rescan, seq, &unit, &is_ours);
	if (err != ERR_OK)
		return err;
	match.json = json;
	(void)json_object_del(json, "unit");
	if (type == RECORD_ERROR)
		/* A gap is a gap also where no analysis was. */
		return unit.artefact_id[0] == '\0'
			   ? (int)ERR_OK
			   : take_gap(r, rescan, &unit, json);
	if (!is_ours)
		return ERR_OK;
	text = json_canonical(json);
	match.body = text;
	return take_match(r, rescan, &unit, &match);
}

static int
take_records(struct request *r, struct rescan *rescan)
{
	size_t len, body_len;
	const uint8_t *p = param_bytes(r, P_RECORDS, &len);
	struct wire_in in;
	int err = ERR_OK;

	wire_in_init(&in, p, len);
	while (err == ERR_OK && in.pos < in.len) {
		unsigned int type = wire_get_u8(&in);
		const uint8_t *body = wire_get_bytes(&in, &body_len);

		if (in.is_failed)
			return request_why(
			    r, ERR_FORMAT, "the records are cut short");
		err = take_record(r, rescan, type, body, body_len);
	}
	return err;
}

static int
move(struct request *r, const struct rescan *rescan)
{
	int64_t checkpoint = param_int(r, P_CHECKPOINT);
	int64_t candidates = param_int(r, P_CANDIDATES);
	/* It started when it was handed out, whatever its first result took. */
	int64_t started = r->store->leased_rescan == rescan->id
			      ? r->store->leased_us
			      : loop_wall_us();

	if (checkpoint < 0 || checkpoint > rescan->scope)
		return request_why(
		    r, ERR_FORMAT, "the checkpoint is beyond the re-scan");
	return db_do(r->store->db, STMT_RESCAN_MOVE,
	    ARGS(val_int(rescan->id), val_int(checkpoint),
		candidates < 0 ? val_null() : val_int(candidates),
		val_int(param_int(r, P_IS_INDEXED) != 0),
		val_int(param_int(r, P_SCANNED)),
		val_int(param_int(r, P_BYTES)),
		val_text(param_text(r, P_ENGINE)),
		val_int(param_int(r, P_IS_LAST) != 0), val_int(started)),
	    NULL);
}

static int
answer(struct request *r, const char *state)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, state);
	request_row(r, &row);
	return ERR_OK;
}

int
rescan_result(struct request *r)
{
	struct rescan rescan;
	bool is_done = false;
	int err = rescan_load(r->store, param_int(r, P_RESCAN), &rescan);

	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such re-scan");
	if (err != ERR_OK)
		return err;
	/* What comes after a pause is not lost work: it is true all the
	 * same.  After the end it would be about other rules. */
	if (!rescan.is_open && strcmp(rescan.state, "paused") != 0)
		return answer(r, rescan.state);
	err = take_records(r, &rescan);
	if (err == ERR_OK)
		err = move(r, &rescan);
	if (err == ERR_OK && param_int(r, P_IS_LAST) != 0)
		err = rescan_settle(r->store, &rescan, &is_done);
	if (err == ERR_OK)
		err = rescan_count(r->store, &rescan);
	if (err != ERR_OK)
		return err;
	tx_hurry(r->store);
	if (strcmp(rescan.state, "paused") == 0)
		return answer(r, rescan.state);
	return answer(r, is_done ? "done" : "running");
}

int
rescan_fail(struct request *r)
{
	return db_do(r->store->db, STMT_RESCAN_END,
	    ARGS(val_int(param_int(r, 0)), val_text("failed"),
		val_text(param_text(r, 1)), val_int(loop_wall_us())),
	    NULL);
}
