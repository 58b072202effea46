/* SPDX-License-Identifier: Apache-2.0 */
/* job_records.c - findings of an attempt, in batches. */
#include "store/job_records.h"
#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"
#include "store/handlers.h"
#include "store/unseal.h"
#include "store/unseal_keep.h"

#define SCORE_MAX 100

/* What of a record becomes a column. */
struct finding {
	const char *type;
	struct value name;
	struct value namespace;
	int64_t score;
	const char *detail;
	size_t detail_len;
};

static const char *
name_member(unsigned int type)
{
	switch (type) {
	case RECORD_FACT:
		return "key";
	case RECORD_MATCH:
		return "rule";
	case RECORD_FINDING:
		return "name";
	case RECORD_LIMIT:
		return "limit";
	case RECORD_ERROR:
		return "what";
	default:
		return NULL;
	}
}

static int
insert(struct request *r, const struct attempt *a, const struct finding *f)
{
	return db_do(r->store->db, STMT_FINDING_ADD,
	    ARGS(val_text(a->org_id), val_text(a->case_id),
		a->artefact_id[0] == '\0' ? val_null()
					  : val_text(a->artefact_id),
		val_text(a->job_id), val_int(a->number), val_text(f->type),
		f->name, f->namespace, val_int(f->score),
		(struct value){.type = VALUE_TEXT,
		    .p = (const uint8_t *)f->detail,
		    .len = f->detail_len}),
	    NULL);
}

/* Of a finding that is no plain object, and maybe none at all. */
static int
read_tree(struct records *rs, const char *member, const json_t *json,
    struct finding *f)
{
	struct request *r = rs->request;
	const char *name = json_member_text(json, member, NULL);

	if (name == NULL)
		return request_why(r, ERR_FORMAT,
		    "a record of type %s has no "
		    "\"%s\"",
		    f->type, member);
	f->name = val_text(name);
	f->namespace = val_text(json_member_text(json, "namespace", ""));
	f->score = json_member_int(json, "score", 0);
	if (strcmp(f->type, record_type_name(RECORD_FACT)) == 0)
		facts_take(&rs->facts, name, json_object_get(json, "value"));
	return ERR_OK;
}

static struct value
text_of(const struct json_scan_member *member)
{
	return (struct value){
	    .type = VALUE_TEXT,
	    .p = (const uint8_t *)member->p,
	    .len = member->len,
	};
}

/* False: read the tree. */
static bool
read_plain(struct records *rs, const char *member, struct finding *f)
{
	enum {
		NAME,
		NAMESPACE,
		SCORE,
		VALUE,
		COUNT
	};
	struct json_scan_member m[COUNT] = {
	    [NAME].name = member,
	    [NAMESPACE].name = "namespace",
	    [SCORE].name = "score",
	    [VALUE].name = "value",
	};

	if (f->detail_len > LIMIT_RECORD_BYTES ||
	    !json_scan(
		f->detail, f->detail_len, LIMIT_RECORD_DEPTH, m, COUNT) ||
	    m[NAME].kind != JSON_SCAN_TEXT ||
	    (m[NAMESPACE].kind != JSON_SCAN_TEXT &&
		m[NAMESPACE].kind != JSON_SCAN_MISSING) ||
	    (m[SCORE].kind != JSON_SCAN_INT &&
		m[SCORE].kind != JSON_SCAN_MISSING))
		return false;
	f->name = text_of(&m[NAME]);
	if (m[NAMESPACE].kind == JSON_SCAN_TEXT)
		f->namespace = text_of(&m[NAMESPACE]);
	if (m[SCORE].kind == JSON_SCAN_INT)
		f->score = m[SCORE].integer;
	return strcmp(f->type, record_type_name(RECORD_FACT)) != 0 ||
	       facts_take_plain(&rs->facts, &m[NAME], &m[VALUE]);
}

static int
insert_record(
    struct records *rs, unsigned int type, const uint8_t *body, size_t len)
{
	struct request *r = rs->request;
	const char *member = name_member(type);
	auto_json json_t *json = NULL;
	struct finding f = {
	    .type = record_type_name(type),
	    .namespace = val_text(""),
	    .detail = (const char *)body,
	    .detail_len = len,
	};
	int err = ERR_OK;

	if (!read_plain(rs, member, &f)) {
		if (json_parse(body, len, LIMIT_RECORD_BYTES,
			LIMIT_RECORD_DEPTH, &json) != ERR_OK ||
		    !json_is_object(json))
			return request_why(
			    r, ERR_FORMAT, "a record is no JSON object");
		err = read_tree(rs, member, json, &f);
	}
	if (err != ERR_OK)
		return err;
	if (f.score < 0 || f.score > SCORE_MAX)
		return request_why(r, ERR_FORMAT, "a score is not 0 to 100");
	if (f.score > rs->score_max)
		rs->score_max = f.score;
	return insert(r, rs->attempt, &f);
}

/* Of what was sealed, only what may be kept. */
static int
insert_kept(
    struct records *rs, unsigned int type, const uint8_t *body, size_t len)
{
	auto_json json_t *record = NULL;
	auto_json json_t *kept = NULL;
	auto_free char *text = NULL;

	if (json_parse(body, len, LIMIT_RECORD_BYTES, LIMIT_RECORD_DEPTH,
		&record) != ERR_OK ||
	    !json_is_object(record))
		return request_why(
		    rs->request, ERR_FORMAT, "a record is no JSON object");
	kept = unseal_keep(rs->request->store, type, record);
	if (kept == NULL)
		return ERR_OK;
	text = json_canonical(kept);
	return insert_record(rs, type, (const uint8_t *)text, strlen(text));
}

/* Said once, when the bound is crossed; what follows is only counted. */
static int
insert_bound(struct request *r, const struct attempt *a)
{
	static const char detail[] =
	    "{\"limit\":\"findings\",\"text\":"
	    "\"there were more findings than are kept of one analysis\"}";
	struct finding f = {
	    .type = record_type_name(RECORD_LIMIT),
	    .name = val_text("findings"),
	    .namespace = val_text(""),
	    .detail = detail,
	    .detail_len = sizeof(detail) - 1,
	};

	return insert(r, a, &f);
}

void
records_init(
    struct records *rs, struct request *r, const struct attempt *attempt)
{
	rs->request = r;
	rs->attempt = attempt;
	rs->count = attempt->findings;
	rs->score_max = 0;
	rs->is_sealed = unseal_is_kind(attempt->kind);
	facts_init(&rs->facts);
}

int
records_take(struct records *rs, const uint8_t *p, size_t len)
{
	const int64_t max = (int64_t)LIMIT_FINDINGS;
	struct request *r = rs->request;
	struct wire_in in;
	size_t body_len;
	int err = ERR_OK;

	wire_in_init(&in, p, len);
	while (err == ERR_OK && in.pos < in.len) {
		unsigned int type = wire_get_u8(&in);
		const uint8_t *body = wire_get_bytes(&in, &body_len);

		if (in.is_failed)
			return request_why(r, ERR_FORMAT,
			    "the records are cut "
			    "short");
		if (type == RECORD_DONE)
			continue;
		if (name_member(type) == NULL)
			return request_why(r, ERR_FORMAT,
			    "a record of type %u "
			    "is no finding",
			    type);
		if (rs->count < max)
			err = rs->is_sealed
				  ? insert_kept(rs, type, body, body_len)
				  : insert_record(rs, type, body, body_len);
		else if (rs->count == max)
			err = insert_bound(r, rs->attempt);
		rs->count++;
	}
	return err;
}

int
job_records(struct request *r)
{
	struct records rs;
	struct attempt a;
	const uint8_t *p;
	size_t len;
	int err = attempt_load(r, &a);

	if (err != ERR_OK)
		return err;
	records_init(&rs, r, &a);
	p = param_bytes(r, 2, &len);
	err = records_take(&rs, p, len);
	if (err != ERR_OK || rs.count == a.findings)
		return err;
	return db_do(r->store->db, STMT_ATTEMPT_FINDINGS,
	    ARGS(val_text(a.job_id), val_int(a.number), val_int(rs.count)),
	    NULL);
}
