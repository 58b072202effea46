/* SPDX-License-Identifier: Apache-2.0 */
/* job_records.c - findings of an attempt, in batches. */
#include "lib/json.h"
#include "lib/limits.h"
#include "lib/record.h"
#include "store/handlers.h"
#include "store/job.h"

#define SCORE_MAX 100

/* What of a record becomes a column. */
struct finding {
	const char *type;
	const char *name;
	const char *namespace;
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
		val_text(f->name), val_text(f->namespace), val_int(f->score),
		(struct value){.type = VALUE_TEXT,
		    .p = (const uint8_t *)f->detail,
		    .len = f->detail_len}),
	    NULL);
}

static int
insert_record(struct request *r, const struct attempt *a, unsigned int type,
    const uint8_t *body, size_t len)
{
	const char *member = name_member(type);
	auto_json json_t *json = NULL;
	struct finding f = {
	    .type = record_type_name(type),
	    .detail = (const char *)body,
	    .detail_len = len,
	};

	if (json_parse(body, len, LIMIT_RECORD_BYTES, LIMIT_RECORD_DEPTH,
		&json) != ERR_OK ||
	    !json_is_object(json))
		return request_why(r, ERR_FORMAT, "a record is no JSON object");
	f.name = json_member_text(json, member, NULL);
	if (f.name == NULL)
		return request_why(r, ERR_FORMAT,
		    "a record of type %s has no "
		    "\"%s\"",
		    f.type, member);
	f.namespace = json_member_text(json, "namespace", "");
	f.score = json_member_int(json, "score", 0);
	if (f.score < 0 || f.score > SCORE_MAX)
		return request_why(r, ERR_FORMAT, "a score is not 0 to 100");
	return insert(r, a, &f);
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
	    .name = "findings",
	    .namespace = "",
	    .detail = detail,
	    .detail_len = sizeof(detail) - 1,
	};

	return insert(r, a, &f);
}

/* Calls insert for each frame; *count goes on from what was there before. */
static int
take_records(struct request *r, const struct attempt *a, int64_t *count)
{
	const int64_t max = (int64_t)LIMIT_FINDINGS;
	size_t len, body_len;
	const uint8_t *p = param_bytes(r, 2, &len);
	struct wire_in in;
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
		if (*count < max)
			err = insert_record(r, a, type, body, body_len);
		else if (*count == max)
			err = insert_bound(r, a);
		++*count;
	}
	return err;
}

int
job_records(struct request *r)
{
	struct attempt a;
	int64_t count;
	int err = attempt_load(r, &a);

	if (err != ERR_OK)
		return err;
	count = a.findings;
	err = take_records(r, &a, &count);
	if (err != ERR_OK || count == a.findings)
		return err;
	return db_do(r->store->db, STMT_ATTEMPT_FINDINGS,
	    ARGS(val_text(a.job_id), val_int(a.number), val_int(count)), NULL);
}
